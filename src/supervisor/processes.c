/* The node's processes: their locks, their start and their end. */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/lock.h"
#include "home/lock_holder.h"
#include "home/stray.h"
#include "supervisor/shell.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The lock is taken here and inherited by the child; with our own copy closed, it is free when the last of them
 * ends. */
int processes_take_lock(const Supervisor *supervisor, ProcessName name, int *ret_fd, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    pid_t holder = 0;
    if (!lock)
        return failure_set(failure, -ENOMEM, "cannot lock %s: out of memory", PROCESS_NAME[name]);
    int r = lock_take(supervisor->home->private_fd, lock, ret_fd, &holder, failure);
    if (r > 0)
        return failure_set(
            failure, -EBUSY, "a %s process of this home is alive (pid %d holds its lock)", PROCESS_NAME[name],
            (int)holder);
    return r;
}

static ProcessName name_of(const Supervisor *supervisor, const Child *child) {
    return child == supervisor->children[PROCESS_VEGA] ? PROCESS_VEGA : PROCESS_DATA_NODE;
}

void processes_ended(Child *child, const ChildEnd *end, void *userdata) {
    Supervisor *supervisor = userdata;
    ProcessName name = name_of(supervisor, child);
    FAIL_POINT(END_SEEN);
    bool wanted = supervisor->core.node.phase == NODE_UP;
    char text[160];

    log_event(
        wanted ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, PROCESS_NAME[name], child_end_describe(end, text, sizeof text),
        field_integer("pid", child_pid(child)), field_string("binary", supervisor->records[name].binary));
    history_note_end(supervisor, name, text);
    supervisor_dispatch(supervisor, (Event){.type = EVENT_EXITED, .process = {.name = name}});
}

/* Of the file @name in the folder @folder_fd, or of @folder_fd itself with an empty name; 0 = there is none. */
static ino_t inode_of(int folder_fd, const char *name) {
    struct stat status;
    return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0 ? 0 : status.st_ino;
}

static ino_t lock_inode(const Supervisor *supervisor, ProcessName name) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    return lock ? inode_of(supervisor->home->private_fd, lock) : 0;
}

void processes_remember_lock(Supervisor *supervisor, ProcessName name) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    bool held = lock && lock_look(supervisor->home->private_fd, lock) == 1;
    supervisor->lock_inodes[name] = held ? lock_inode(supervisor, name) : 0;
}

/* The lock file that the process was started with is not the one that has the name now. */
static bool has_strayed(const Supervisor *supervisor, ProcessName name) {
    ino_t inode = supervisor->lock_inodes[name];
    return inode == 0 || inode != lock_inode(supervisor, name);
}

/* Whoever holds the lock that has lost its name is seen by its holders only. Below 0: it cannot be told. */
static int have_strays(const Supervisor *supervisor, ProcessName name) {
    _cleanup_stray_ Stray stray = {0};
    if (!has_strayed(supervisor, name))
        return 0;
    int r = stray_find(supervisor->home, name, &stray);
    return r < 0 ? r : stray.count > 0;
}

static int check_strays(const Supervisor *supervisor, ProcessName name, Failure *failure) {
    int r = have_strays(supervisor, name);
    if (r < 0)
        return failure_set(failure, r, "cannot look whether %s lives: %s", PROCESS_NAME[name], strerror(-r));
    return r > 0 ? -EBUSY : 0;
}

static int spawn(Supervisor *supervisor, ProcessName name, const char *height, Failure *failure) {
    const RunBinary *binary = release_binary(supervisor->running, name);
    _cleanup_fd_ int lock_fd = -1;

    int r = processes_take_lock(supervisor, name, &lock_fd, failure);
    FAIL_POINT(LOCK_TAKEN);
    if (r >= 0) {
        supervisor->lock_inodes[name] = inode_of(lock_fd, "");
        r = records_begin(supervisor, name, lock_fd, failure);
    }
    if (r < 0)
        return r;
    FAIL_POINT(RECORD_WRITTEN);
    SpawnRequest request = {
        .path = binary->full_path,
        .arguments = (const char *const *)binary->arguments,
        .last_name = height ? HEIGHT_FLAG : NULL,
        .last_value = height,
        .output_fd = -1,
        .error_fd = -1,
        .lock_fd = lock_fd,
        .death_signal = supervisor->records[name].dies_with_visor ? SIGTERM : 0,
    };
    r = child_start(supervisor->event, &request, processes_ended, supervisor, &supervisor->children[name], failure);
    if (r < 0)
        return r;
    FAIL_POINT(SPAWNED);
    records_started(supervisor, name);
    return 0;
}

void processes_spawn(Supervisor *supervisor, ProcessName name, uint64_t height_blocks) {
    char height[24];
    Failure failure = {0};

    (void)snprintf(height, sizeof height, "%" PRIu64, height_blocks);
    int r = spawn(supervisor, name, height_blocks > 0 ? height : NULL, &failure);
    if (r < 0) {
        log_error(PROCESS_NAME[name], failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_SPAWN_FAILED, .process = {.name = name}});
        return;
    }
    log_info(
        PROCESS_NAME[name], "started", field_integer("pid", child_pid(supervisor->children[name])),
        field_string("binary", release_binary(supervisor->running, name)->full_path));
    supervisor_answer(supervisor, (Event){.type = EVENT_SPAWNED, .process = {.name = name}});
    if (supervisor->unwritten[name])
        records_tell_unwritten(supervisor);
}

/*
 * The group first, which is all there is as a rule. Once the process itself has ended, its lock finds those that
 * have left the group, as a database does that the data node brings along.
 */
void processes_signal_all(const Supervisor *supervisor, ProcessName name, int signal_number) {
    child_signal_group(supervisor->children[name], signal_number);
    if (supervisor->core.processes[name].state != PROCESS_DRAINING)
        return;
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    if (lock)
        lock_signal_holders(supervisor->home->private_fd, lock, signal_number);
    if (has_strayed(supervisor, name))
        stray_signal(supervisor->home, name, signal_number);
}

void processes_check_lock(Supervisor *supervisor, ProcessName name) {
    _cleanup_fd_ int lock_fd = -1;
    Failure failure = {0};

    records_keep_private(supervisor);
    /* What cannot be looked at counts as held: nothing is ever started on a guess. */
    int r = processes_take_lock(supervisor, name, &lock_fd, &failure);
    if (r >= 0)
        r = check_strays(supervisor, name, &failure);
    FAIL_POINT_IF(r >= 0, LOCK_FREE);
    if (r >= 0) {
        supervisor->children[name] = child_free(supervisor->children[name]);
        supervisor->unwritten[name] = false;
    } else if (
        r != -EBUSY &&
        throttle_pass(&supervisor->disk_failures, failure.message, clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_error(PROCESS_NAME[name], failure.message);
    supervisor_answer(supervisor, (Event){.type = EVENT_LOCK, .lock = {.name = name, .held = r < 0}});
}

/* The lock is what keeps a second copy from being started when Visor dies. A wrapper that closes it takes that
 * away. */
void processes_check_kept(const Supervisor *supervisor) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        _cleanup_fd_ int fd = -1;
        if (supervisor->core.processes[name].state == PROCESS_RUNNING && !has_strayed(supervisor, name) &&
            processes_take_lock(supervisor, name, &fd, NULL) == 0)
            log_error(
                PROCESS_NAME[name],
                "the process runs but does not hold its lock, so a new visor could not see it: it, or a script "
                "around it, closes descriptor 3");
    }
}

void processes_free(Supervisor *supervisor) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        supervisor->children[name] = child_free(supervisor->children[name]);
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_record_clear(&supervisor->records[name]);
}
