/* What was fetched, on its way into the home: loaded where it lies, and put in place once it is proven. */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/placement.h"
#include "home/staging.h"
#include "release/fetch_request.h"
#include "supervisor/shell.h"

#include <string.h>

static int
read_staged(const Supervisor *supervisor, const char *tag, const char *folder, Staged **ret, Failure *failure) {
    _cleanup_free_ char *staging = NULL;
    _cleanup_json_ json_t *request = NULL;

    int r = staging_find(supervisor->home, folder, tag, &staging, failure);
    if (r != 0)
        return r;
    r = fetch_request_build(supervisor->config, tag, &request);
    if (r < 0)
        return failure_set(failure, r, "cannot look at what was fetched: %s", strerror(-r));
    return staging_read(staging, request, ret, failure);
}

/*
 * Whatever else happens to the files of a release is a matter of the disk; these mean that it is none. What may not
 * be executed is no such thing: the rights of its files were looked at, so it is the file system's doing.
 */
static bool is_useless(int error) {
    return error == -ENOENT || error == -ENOEXEC;
}

/* An operator's folder that only lacks its binary says itself how that is run. */
static const char *find_model(const Supervisor *supervisor, const char *folder) {
    return release_absence(supervisor->home, folder) == RELEASE_BINARY ? folder : supervisor->running->folder;
}

int staged_load(Supervisor *supervisor, const char *tag, const char *folder, Failure *failure) {
    Examination *examination = &supervisor->examination;
    _cleanup_free_ char *run_config = string_format("%s/run-config.toml", find_model(supervisor, folder));

    if (!run_config)
        return failure_set(failure, -ENOMEM, "cannot look at what was fetched: out of memory");
    int r = read_staged(supervisor, tag, folder, &examination->staged, failure);
    if (r != 0) {
        examination->found = r == -EBADMSG ? FOUND_USELESS : FOUND_ABSENT;
        return r == -EBUSY ? 1 : r; /* visor-fetch is not done with it, or `visor prepare` */
    }
    r = staging_compose(examination->staged, run_config, tag, failure);
    if (r < 0)
        return r;
    r = release_load(supervisor->home, examination->staged->folder, &examination->release, failure);
    examination->found = is_useless(r) ? FOUND_USELESS : FOUND_STAGED;
    return r;
}

/* One that was moved, or linked to from elsewhere, is still the same file: of its identity only ctime may differ.
 */
static bool is_same_file(const FileIdentity *left, const FileIdentity *right) {
    return left->device == right->device && left->inode == right->inode && left->size_bytes == right->size_bytes &&
           left->mtime_nsec == right->mtime_nsec;
}

static bool is_same_release(const Release *left, const Release *right) {
    for (ProcessName process = 0; process < PROCESS_COUNT; process++)
        if (!is_same_file(&left->binary_identities[process], &right->binary_identities[process]))
            return false;
    return true;
}

static int place(Supervisor *supervisor, const char *tag, Failure *failure) {
    Examination *examination = &supervisor->examination;
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    _cleanup_release_ Release *placed = NULL;

    if (!folder)
        return failure_set(failure, -ENOMEM, "cannot put the release in place: out of memory");
    int r = placement_put(supervisor->home, examination->staged, folder, failure);
    if (r >= 0)
        r = release_load(supervisor->home, folder, &placed, failure);
    if (r < 0)
        return r;
    bool same = is_same_release(examination->proven, placed);
    (void)release_free(examination->proven);
    examination->proven = TAKE_PTR(placed);
    if (!same)
        examination->proven_tag[0] = '\0';
    return same ? 0 : 1;
}

void staged_place(Supervisor *supervisor, const char *tag) {
    Examination *examination = &supervisor->examination;
    Failure failure = {0};
    Event event = {.type = EVENT_PLACED};

    int r = examination->staged && examination->proven && streq(examination->proven_tag, tag)
                ? place(supervisor, tag, &failure)
                : failure_set(&failure, -ENOENT, "the release %s is not staged", tag);
    if (r < 0)
        switching_complain(supervisor, &failure);
    event.placed.ok = r >= 0;
    event.placed.proven = r == 0;
    examination->staged = staged_free(examination->staged); /* what is left of it is cleared */
    examination_watch(supervisor, tag);
    supervisor_answer(supervisor, event);
}

void staged_discard(Supervisor *supervisor, const char *tag) {
    _cleanup_free_ char *folder = release_folder(supervisor->home, supervisor->config, tag);
    _cleanup_free_ char *staging = NULL;
    Failure failure = {0};

    int r = folder ? staging_find(supervisor->home, folder, tag, &staging, &failure) : -ENOMEM;
    if (r == 0)
        r = staging_discard(supervisor->home, staging, &failure);
    if (r < 0)
        switching_complain(supervisor, &failure);
    else
        log_event(
            supervisor->fetching.discarded ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, "fetch",
            "what was fetched is not the release: it is thrown away, and fetched anew from time to time",
            field_string("tag", tag));
    supervisor->fetching.discarded = true;
    tidying_remove(supervisor);
}
