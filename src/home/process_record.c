#include "home/process_record.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/json.h"
#include "base/strings.h"
#include "home/lock.h"

#include <fcntl.h>
#include <string.h>

#ifndef RECORD_FORMAT /* the tests build a visor with the next one, too */
#define RECORD_FORMAT 1
#endif

void process_record_clear(ProcessRecord *record) {
    free(record->folder);
    free(record->binary);
    free(record->executable);
    state_clear(&record->state);
    *record = (ProcessRecord){0};
}

/* The index of @name among @names; @count if it is none of them. */
static size_t find_name(const char *const *names, size_t count, const char *name) {
    size_t i = 0;
    while (i < count && !streq(names[i], name))
        i++;
    return i;
}

static int copy_strings(ProcessRecord *record, const char *folder, const char *binary, const char *executable) {
    record->folder = strdup(folder);
    record->binary = strdup(binary);
    record->executable = executable ? strdup(executable) : NULL;
    return record->folder && record->binary && (record->executable || !executable) ? 0 : -ENOMEM;
}

static int decode_note(json_t *root, NodeNote *ret) {
    json_int_t started, height, restarts;
    const char *start, *stopping;
    int answered;
    int r = json_take(
        root, "{s:I, s:s, s:I, s:b, s:I, s:s}", "started", &started, "start", &start, "height", &height, "answered",
        &answered, "restarts", &restarts, "stopping", &stopping);
    if (r < 0)
        return r;
    size_t start_index = find_name(NODE_START_NAME, NODE_START_COUNT, start);
    size_t reason_index = find_name(NODE_REASON_NAME, NODE_REASON_COUNT, stopping);
    if (started < 0 || height < 0 || restarts < 0 || start_index == NODE_START_COUNT ||
        reason_index == NODE_REASON_COUNT)
        return -EBADMSG;
    *ret = (NodeNote){
        .started_usec = (uint64_t)started,
        .start = (NodeStart)start_index,
        .height_blocks = (uint64_t)height,
        .answered = answered,
        .restarts_used = (uint64_t)restarts,
        .stopping = (NodeReason)reason_index,
    };
    return 0;
}

/* An older Visor had no copy of the state, and a newer one may have one that means nothing to us. Without it the
 * rest is still good. */
static int decode_state(const json_t *root, State *ret) {
    json_t *state = json_object_get(root, "state");
    int r = state ? state_unpack(state, ret) : 0;
    return r == -ENOMEM ? r : 0;
}

/* Which process of which home: a file that was moved away from its place still tells. */
static int decode_place(json_t *root, ProcessRecord *ret) {
    json_int_t device = 0, inode = 0;
    const char *process = "";
    int r = json_take(root, "{s?s, s?I, s?I}", "process", &process, "homeDevice", &device, "homeInode", &inode);
    if (r < 0)
        return r;
    ret->name = (ProcessName)find_name(PROCESS_NAME, PROCESS_COUNT, process);
    if (ret->name < PROCESS_COUNT)
        ret->home = (HomeIdentity){.device = (uint64_t)device, .inode = (uint64_t)inode};
    return 0;
}

int process_record_decode(const char *text, size_t length, ProcessRecord *ret) {
    _cleanup_json_ json_t *root = NULL;
    _cleanup_process_record_ ProcessRecord record = {0};
    const char *folder, *binary, *executable = NULL;
    json_int_t format;
    int dies;

    *ret = (ProcessRecord){0};
    int r = json_parse(text, length, JSON_REJECT_DUPLICATES, &root, NULL);
    if (r >= 0)
        r = json_take(root, "{s:I}", "format", &format);
    if (r < 0)
        return r;
    if (format < 1)
        return -EBADMSG;
    if (format > RECORD_FORMAT) {
        (void)decode_place(root, ret);
        return -EPROTO;
    }
    r = json_take(
        root, "{s:s, s:s, s?s, s:b}", "folder", &folder, "binary", &binary, "executable", &executable,
        "diesWithVisor", &dies);
    if (r < 0)
        return r;
    if (folder[0] != '/' || binary[0] != '/')
        return -EBADMSG;
    record.dies_with_visor = dies;
    r = decode_note(root, &record.note);
    if (r >= 0)
        r = decode_place(root, &record);
    if (r >= 0)
        r = copy_strings(&record, folder, binary, executable);
    if (r >= 0)
        r = decode_state(root, &record.state);
    if (r < 0)
        return r;
    *ret = record;
    record = (ProcessRecord){0};
    return 0;
}

static int describe(const Home *home, const char *lock, int r, Failure *failure) {
    if (r > 0)
        return failure_set(
            failure, r, "%s/" HOME_PRIVATE_FOLDER "/%s does not tell who holds it", home->path, lock);
    if (r == -EPROTO)
        return failure_set(
            failure, r,
            "%s/" HOME_PRIVATE_FOLDER "/%s was written by a newer visor; start that one, or stop the node by hand",
            home->path, lock);
    if (r == -EBADMSG)
        return failure_set(
            failure, r, "what %s/" HOME_PRIVATE_FOLDER "/%s tells of its holder is damaged", home->path, lock);
    return failure_set(failure, r, "cannot read %s/" HOME_PRIVATE_FOLDER "/%s: %s", home->path, lock, strerror(-r));
}

int process_record_load(const Home *home, ProcessName name, ProcessRecord *ret, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    _cleanup_free_ char *text = NULL;
    LockNote note;

    *ret = (ProcessRecord){0};
    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot read the lock of %s: out of memory", PROCESS_NAME[name]);
    int r = lock_read(home->private_fd, lock, &note);
    text = note.text;
    if (r == 0)
        r = *text ? process_record_decode(text, strlen(text), ret) : 1;
    ret->pid = note.pid;
    ret->start_ticks = note.start_ticks;
    return r == 0 ? 0 : describe(home, lock, r, failure);
}

static char *encode(const ProcessRecord *record) {
    const NodeNote *note = &record->note;
    _cleanup_json_ json_t *state = record->state.folder ? state_pack(&record->state) : NULL;
    if (record->state.folder && !state)
        return NULL;
    _cleanup_json_ json_t *root = json_pack(
        "{s:i, s:s*, s:I, s:I, s:s, s:s, s:s*, s:b, s:I, s:s, s:I, s:b, s:I, s:s, s:O*}", "format", RECORD_FORMAT,
        "process", record->name < PROCESS_COUNT ? PROCESS_NAME[record->name] : NULL, "homeDevice",
        (json_int_t)record->home.device, "homeInode", (json_int_t)record->home.inode, "folder", record->folder,
        "binary", record->binary, "executable", record->executable, "diesWithVisor", record->dies_with_visor,
        "started", (json_int_t)note->started_usec, "start", NODE_START_NAME[note->start], "height",
        (json_int_t)note->height_blocks, "answered", note->answered, "restarts", (json_int_t)note->restarts_used,
        "stopping", NODE_REASON_NAME[note->stopping], "state", state);
    return root ? json_print(root, JSON_COMPACT) : NULL;
}

int process_record_write(int fd, const ProcessRecord *record, Failure *failure) {
    _cleanup_free_ char *text = NULL;

    /* Never the signature of one process beside a text that is about another, whatever fails from here on. */
    int r = record->pid == 0 ? lock_unsign(fd) : 0;
    FAIL_POINT_IF(record->pid == 0, RECORD_UNSIGNED);
    text = encode(record);
    if (r >= 0)
        r = text ? lock_write_text(fd, text) : -ENOMEM;
    if (r >= 0 && record->pid > 0)
        r = lock_sign_for(fd, record->pid, record->start_ticks);
    return r < 0 ? failure_set(failure, r, "cannot write down what runs: %s", strerror(-r)) : 0;
}

int process_record_save(const Home *home, ProcessName name, const ProcessRecord *record, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    _cleanup_fd_ int fd = -1;
    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot write down what runs: out of memory");
    fd = openat(home->private_fd, lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return failure_set(
            failure, negative_errno(), "cannot write down what runs: open %s/" HOME_PRIVATE_FOLDER "/%s: %m",
            home->path, lock);
    return process_record_write(fd, record, failure);
}

int process_record_sync(const Home *home, ProcessName name, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    _cleanup_fd_ int fd = -1;
    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot make durable what runs: out of memory");
    fd = openat(home->private_fd, lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fdatasync(fd) < 0)
        return failure_set(
            failure, negative_errno(), "%s/" HOME_PRIVATE_FOLDER "/%s cannot be made durable: %m", home->path,
            lock);
    return 0;
}
