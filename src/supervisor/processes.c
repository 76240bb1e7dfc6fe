/* The node's processes: their locks, their start and their end. */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/process_stat.h"
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

/* Without it, only its place will tell what the lock file is. */
static void tell_place(const Supervisor *supervisor, ProcessName name, ProcessRecord *record) {
    record->name = name;
    if (home_identity(supervisor->home, &record->home) < 0)
        record->home = (HomeIdentity){0};
}

static int make_record(Supervisor *supervisor, ProcessName name, Failure *failure) {
    ProcessRecord *record = &supervisor->records[name];
    process_record_clear(record);
    record->folder = strdup(supervisor->running->folder);
    record->binary = strdup(release_binary(supervisor->running, name)->full_path);
    record->dies_with_visor = supervisor->config->on_visor_death == ON_VISOR_DEATH_STOP;
    record->note = supervisor->note;
    tell_place(supervisor, name, record);
    return record->folder && record->binary ? 0 : failure_set(failure, -ENOMEM, "cannot start: out of memory");
}

/*
 * A new Visor could not take over what it does not find written down, but that is no reason to have no node now.
 * Said once, and once more when it is over.
 */
static void note_written(Supervisor *supervisor, ProcessName name, int r, const Failure *failure) {
    bool before = supervisor->unwritten[name];
    supervisor->unwritten[name] = r < 0;
    if (r < 0 && !before)
        log_warning(
            PROCESS_NAME[name],
            "what runs cannot be written down, so no other visor could take it over; trying again",
            field_string("error", failure->message));
    else if (r >= 0 && before)
        log_info(PROCESS_NAME[name], "what runs is written down now");
}

/* Also from where no action of the core is being done. */
static void tell_unwritten(Supervisor *supervisor) {
    Event event = {.type = EVENT_NOT_NOTED};
    if (supervisor->dispatching)
        supervisor_answer(supervisor, event);
    else
        supervisor_dispatch(supervisor, event);
}

/* It may not have been seen yet, for want of descriptors; and only of a child of ours the number is certain. */
static uint64_t start_of_child(pid_t pid) {
    ProcessStat stat;
    return process_stat(pid, &stat) == 0 && stat.parent == getpid() ? stat.start_ticks : 0;
}

static int spawn(Supervisor *supervisor, ProcessName name, const char *height, Failure *failure) {
    const RunBinary *binary = release_binary(supervisor->running, name);
    ProcessRecord *record = &supervisor->records[name];
    _cleanup_fd_ int lock_fd = -1;

    int r = processes_take_lock(supervisor, name, &lock_fd, failure);
    FAIL_POINT(LOCK_TAKEN);
    if (r >= 0) {
        supervisor->lock_inodes[name] = inode_of(lock_fd, "");
        r = make_record(supervisor, name, failure);
    }
    if (r < 0)
        return r;
    /* Before the process is there, which signs it itself: a Visor that dies in between leaves nothing untold. */
    note_written(supervisor, name, process_record_write(lock_fd, record, failure), failure);
    FAIL_POINT(RECORD_WRITTEN);
    SpawnRequest request = {
        .path = binary->full_path,
        .arguments = (const char *const *)binary->arguments,
        .last_name = height ? HEIGHT_FLAG : NULL,
        .last_value = height,
        .output_fd = -1,
        .error_fd = -1,
        .lock_fd = lock_fd,
        .death_signal = record->dies_with_visor ? SIGTERM : 0,
    };
    r = child_start(supervisor->event, &request, processes_ended, supervisor, &supervisor->children[name], failure);
    if (r < 0)
        return r;
    FAIL_POINT(SPAWNED);
    record->pid = child_pid(supervisor->children[name]);
    record->start_ticks = start_of_child(record->pid);
    return 0;
}

/* A child that has not come to its exec yet still runs what Visor runs: that is not told of it. */
static char *executable_of(const Supervisor *supervisor, pid_t pid) {
    _cleanup_free_ char *executable = process_executable(pid);
    bool is_visor = executable && supervisor->reexec.program && streq(executable, supervisor->reexec.program);
    return is_visor ? NULL : TAKE_PTR(executable);
}

static int write_record(Supervisor *supervisor, ProcessName name, Failure *failure) {
    ProcessRecord *record = &supervisor->records[name];

    if (!supervisor->children[name])
        return 0;
    record->note = supervisor->note;
    if (record->start_ticks == 0)
        record->start_ticks = start_of_child(record->pid);
    if (record->name != name) /* taken over as an older Visor wrote it */
        tell_place(supervisor, name, record);
    if (record->note.answered && !record->executable)
        record->executable = executable_of(supervisor, record->pid);
    int r = process_record_save(supervisor->home, name, record, failure);
    note_written(supervisor, name, r, failure);
    return r;
}

static int write_records(Supervisor *supervisor, Failure *failure) {
    int result = 0;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        Failure reason = {0};
        int r = write_record(supervisor, name, &reason);
        if (r < 0 && result == 0) {
            result = r;
            *failure = reason;
        }
    }
    return result;
}

static int keep_state(Supervisor *supervisor, Failure *failure) {
    int r = supervisor->state.folder ? state_keep(supervisor->home, &supervisor->state, failure) : 0;
    if (r < 0)
        switching_complain(supervisor, failure);
    return r;
}

void processes_keep_state(Supervisor *supervisor) {
    static const char CHANGED[] = "somebody has changed HOME/.visor/" HOME_STATE_FILE "; it is written again";
    Failure failure = {0};
    int r = keep_state(supervisor, &failure);
    if (r < 0)
        tell_unwritten(supervisor);
    else if (r > 0 && throttle_pass(&supervisor->disk_failures, CHANGED, clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_warning("node", CHANGED);
}

int processes_write_again(Supervisor *supervisor, Failure *failure) {
    Failure reason = {0};
    int r = write_records(supervisor, failure);
    int kept = keep_state(supervisor, &reason);
    if (r >= 0 && kept < 0) {
        *failure = reason;
        r = kept;
    }
    if (r < 0)
        tell_unwritten(supervisor);
    return r;
}

void processes_note(Supervisor *supervisor, const NodeNote *note) {
    Failure failure = {0};
    supervisor->note = *note;
    (void)processes_write_again(supervisor, &failure);
    FAIL_POINT(NOTE_WRITTEN);
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
        tell_unwritten(supervisor);
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

/* Our own writes end here, too, and find nothing to do. What could not be written is tried again by the core. */
void processes_keep_record(Supervisor *supervisor) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        _cleanup_process_record_ ProcessRecord found = {0};
        const ProcessRecord *record = &supervisor->records[name];
        Failure failure = {0};
        if (supervisor->core.processes[name].state != PROCESS_RUNNING || supervisor->unwritten[name])
            continue;
        int r = process_record_load(supervisor->home, name, &found, &failure);
        /* A start time that was not seen cannot be compared; to write again for it would never come to an end. */
        bool same_start = record->start_ticks == 0 || found.start_ticks == record->start_ticks;
        if (is_out_of_means(r) || (r == 0 && found.pid == record->pid && same_start))
            continue;
        /* What has just been started has perhaps not signed yet; what is written for it is what it will write. */
        if (r != 0 || found.pid > 0)
            log_warning(
                PROCESS_NAME[name], "somebody has changed what its lock file tells; it is written again",
                field_string("now", r == 0 ? "another process" : failure.message));
        if (write_record(supervisor, name, &failure) < 0)
            tell_unwritten(supervisor);
    }
}

/*
 * The locks of the dead are not kept where somebody has cleared up; those of the living are known by their pidfd,
 * and a new Visor will know them by what is written here.
 */
void processes_keep_private(Supervisor *supervisor) {
    Failure failure = {0};
    int r = home_keep_private(supervisor->home, &failure);
    if (r > 0) {
        log_warning("node", "HOME/.visor was removed while visor runs; it is made anew");
        (void)processes_write_again(supervisor, &failure);
    } else if (r < 0) {
        log_error("node", failure.message);
    }
}

void processes_check_lock(Supervisor *supervisor, ProcessName name) {
    _cleanup_fd_ int lock_fd = -1;
    Failure failure = {0};

    processes_keep_private(supervisor);
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
