#include "home/state.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#ifndef STATE_FORMAT /* the tests build a visor with the next one, too */
#define STATE_FORMAT 2
#endif

enum { STATE_BYTES_MAX = 64 * 1024 };

void state_clear(State *state) {
    free(state->folder);
    free(state->previous);
    *state = (State){0};
}

/* The first format knew only whether the release had answered; what had not was switched to, or about to be. */
static int decode_stage(const json_t *release, json_int_t format, ReleaseStage *ret) {
    const json_t *answered = json_object_get(release, "answered");
    const char *stage = json_string_value(json_object_get(release, "stage"));
    if (format == 1 && json_is_boolean(answered)) {
        *ret = json_is_true(answered) ? STAGE_ANSWERED : STAGE_SWITCHED;
        return 0;
    }
    for (size_t i = 0; format > 1 && stage && i < RELEASE_STAGE_COUNT; i++) {
        if (streq(stage, RELEASE_STAGE_NAME[i])) {
            *ret = (ReleaseStage)i;
            return 0;
        }
    }
    return -EBADMSG;
}

static int make(const ReleaseRecord *release, const char *folder, const char *previous, State *ret) {
    _cleanup_state_ State state = {.release = *release};

    *ret = (State){0};
    state.folder = folder ? strdup(folder) : NULL;
    state.previous = previous ? strdup(previous) : NULL;
    if ((folder && !state.folder) || (previous && !state.previous))
        return -ENOMEM;
    *ret = state;
    state = (State){0};
    return 0;
}

int state_duplicate(const State *state, State *ret) {
    return make(&state->release, state->folder, state->previous, ret);
}

static bool same_text(const char *left, const char *right) {
    return left && right ? streq(left, right) : left == right;
}

bool state_equal(const State *left, const State *right) {
    const ReleaseRecord *a = &left->release, *b = &right->release;
    return same_text(left->folder, right->folder) && same_text(left->previous, right->previous) &&
           streq(a->tag, b->tag) && a->height_blocks == b->height_blocks && a->stage == b->stage &&
           a->blocks_awaited == b->blocks_awaited;
}

int state_unpack(json_t *root, State *ret) {
    ReleaseRecord record = {0};
    json_int_t format, height_blocks;
    int blocks_awaited = 0; /* it came later than the format, and what lacks it waits for nothing */
    const char *tag, *folder, *previous = NULL;
    json_t *release;

    *ret = (State){0};
    int r = json_take(root, "{s:I}", "format", &format);
    if (r < 0)
        return r;
    if (format < 1)
        return -EBADMSG;
    if (format > STATE_FORMAT)
        return -EPROTO;
    r = json_take(root, "{s:o, s?s}", "release", &release, "previous", &previous);
    if (r >= 0)
        r = json_take(
            release, "{s:s, s:s, s:I, s?b}", "tag", &tag, "folder", &folder, "height", &height_blocks,
            "blocksAwaited", &blocks_awaited);
    if (r < 0)
        return r;
    if ((*tag && !tag_is_plain(tag)) || folder[0] != '/' || height_blocks < 0 || (previous && previous[0] != '/'))
        return -EBADMSG;
    if (decode_stage(release, format, &record.stage) < 0)
        return -EBADMSG;
    record.blocks_awaited = blocks_awaited;
    tag_copy(&record.tag, tag);
    record.height_blocks = (uint64_t)height_blocks;
    return make(&record, folder, previous, ret);
}

int state_decode(const char *text, size_t length, State *ret) {
    _cleanup_json_ json_t *root = NULL;
    *ret = (State){0};
    int r = json_parse(text, length, JSON_REJECT_DUPLICATES, &root, NULL);
    return r < 0 ? r : state_unpack(root, ret);
}

static int damaged(const Home *home, Failure *failure) {
    (void)failure_set(
        failure, 0,
        "%s/" HOME_PRIVATE_FOLDER "/" HOME_STATE_FILE " is damaged: which release ran last is not known",
        home->path);
    return 1;
}

int state_load(const Home *home, State *ret, Failure *failure) {
    _cleanup_free_ char *path = NULL;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;

    *ret = (State){0};
    path = home_path(home, HOME_PRIVATE_FOLDER "/" HOME_STATE_FILE);
    if (!path)
        return failure_set(failure, -ENOMEM, "cannot read the state: out of memory");
    int r = file_read(path, STATE_BYTES_MAX, &text, &length, failure);
    if (r == -ENOENT)
        return 0;
    if (r == -EFBIG)
        return damaged(home, failure);
    if (r < 0)
        return r;
    r = state_decode(text, length, ret);
    if (r == -EBADMSG)
        return damaged(home, failure);
    if (r == -EPROTO)
        return failure_set(
            failure, r,
            "%s was written by a newer visor, and this one does not know what it means: run that one, or, with the "
            "node stopped and `current` naming the release that ran last, move the file away",
            path);
    return r < 0 ? failure_set(failure, r, "cannot read %s: %s", path, strerror(-r)) : 0;
}

static int rename_aside(const Home *home, char *name, size_t size) {
    (void)snprintf(name, size, HOME_STATE_FILE ".damaged-%" PRIu64, clock_realtime_usec() / USEC_PER_SEC);
    return renameat(home->private_fd, HOME_STATE_FILE, home->private_fd, name) < 0 ? negative_errno() : 0;
}

/* By the time of its last change: a start that came no further than this has given it the same name. */
static int link_aside(const Home *home, char *name, size_t size) {
    struct stat status, named;
    if (fstatat(home->private_fd, HOME_STATE_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return negative_errno();
    (void)snprintf(name, size, HOME_STATE_FILE ".damaged-%" PRId64, (int64_t)status.st_mtime);
    if (linkat(home->private_fd, HOME_STATE_FILE, home->private_fd, name, 0) == 0)
        return 0;
    int r = negative_errno();
    bool done = r == -EEXIST && fstatat(home->private_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                named.st_ino == status.st_ino;
    return done ? 0 : r;
}

int state_set_aside(const Home *home, bool replaced, Failure *failure) {
    char name[64];
    int r = replaced ? link_aside(home, name, sizeof name) : -EOPNOTSUPP;
    if (r < 0)
        r = rename_aside(home, name, sizeof name);
    if (r < 0)
        return failure_set(
            failure, r, "%s/" HOME_PRIVATE_FOLDER "/" HOME_STATE_FILE " cannot be set aside: %s", home->path,
            strerror(-r));
    (void)failure_set(
        failure, 0, "the damaged %s/" HOME_PRIVATE_FOLDER "/" HOME_STATE_FILE " was set aside as %s", home->path,
        name);
    return 0;
}

json_t *state_pack(const State *state) {
    return json_pack(
        "{s:i, s:{s:s, s:s, s:I, s:s, s:o*}, s:s*}", "format", STATE_FORMAT, "release", "tag", state->release.tag,
        "folder", state->folder, "height", (json_int_t)state->release.height_blocks, "stage",
        RELEASE_STAGE_NAME[state->release.stage], "blocksAwaited",
        state->release.blocks_awaited ? json_true() : NULL, "previous", state->previous);
}

static char *encode(const State *state) {
    _cleanup_json_ json_t *root = state_pack(state);
    return root ? json_print(root, JSON_INDENT(2)) : NULL;
}

int state_save(const Home *home, const State *state, Failure *failure) {
    _cleanup_free_ char *text = encode(state);
    if (!text)
        return failure_set(failure, -ENOMEM, "cannot write the state: out of memory");
    FAIL_POINT(STATE_BEFORE);
    int r = file_replace(home->private_fd, HOME_STATE_FILE, text, strlen(text), 0600, failure);
    FAIL_POINT(STATE_SAVED);
    return r < 0 ? failure_prefix(failure, r, "in %s/" HOME_PRIVATE_FOLDER, home->path) : 0;
}

/* By the text, not by what it means, and where it is written: so what was written is found equal, and nobody writes
 * for ever. */
int state_keep(const Home *home, const State *state, Failure *failure) {
    _cleanup_free_ char *wanted = encode(state);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (!wanted)
        return failure_set(failure, -ENOMEM, "cannot look at the state: out of memory");
    int r = file_read_at(home->private_fd, HOME_STATE_FILE, STATE_BYTES_MAX, &text, &length, failure);
    if (r == 0 && length == strlen(wanted) && memcmp(text, wanted, length) == 0)
        return 0;
    if (is_out_of_means(r))
        return r;
    r = state_save(home, state, failure);
    return r < 0 ? r : 1;
}
