/* What is written down of the node, for a Visor that does not know it: beside its locks, and of its release. */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "supervisor/shell.h"

#include <string.h>

/* Without it, only its place will tell what the lock file is. */
static void tell_place(const Supervisor *supervisor, ProcessName name, ProcessRecord *record) {
    record->name = name;
    if (home_identity(supervisor->home, &record->home) < 0)
        record->home = (HomeIdentity){0};
}

/* One copy is enough, and the data node's lock may be of a time long past: not every release has a data node. */
static int copy_state(const Supervisor *supervisor, ProcessName name, ProcessRecord *record) {
    State copy = {0};
    int r = name == PROCESS_VEGA ? state_duplicate(&supervisor->state, &copy) : 0;
    if (r < 0)
        return r;
    state_clear(&record->state);
    record->state = copy;
    return 0;
}

static int make_record(Supervisor *supervisor, ProcessName name) {
    ProcessRecord *record = &supervisor->records[name];
    process_record_clear(record);
    record->folder = strdup(supervisor->running->folder);
    record->binary = strdup(release_binary(supervisor->running, name)->full_path);
    record->dies_with_visor = supervisor->config->on_visor_death == ON_VISOR_DEATH_STOP;
    record->note = supervisor->note;
    tell_place(supervisor, name, record);
    return record->folder && record->binary ? copy_state(supervisor, name, record) : -ENOMEM;
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
void records_tell_unwritten(Supervisor *supervisor) {
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

int records_begin(Supervisor *supervisor, ProcessName name, int lock_fd, Failure *failure) {
    int r = make_record(supervisor, name);
    if (r < 0)
        return failure_set(failure, r, "cannot start: out of memory");
    r = process_record_write(lock_fd, &supervisor->records[name], failure);
    note_written(supervisor, name, r, failure);
    return 0;
}

void records_started(Supervisor *supervisor, ProcessName name) {
    ProcessRecord *record = &supervisor->records[name];
    record->pid = child_pid(supervisor->children[name]);
    record->start_ticks = start_of_child(record->pid);
}

/* A child that has not come to its exec yet still runs what Visor runs: that is not told of it. */
static char *executable_of(const Supervisor *supervisor, pid_t pid) {
    _cleanup_free_ char *executable = process_executable(pid);
    bool is_visor = executable && supervisor->reexec.program && streq(executable, supervisor->reexec.program);
    return is_visor ? NULL : TAKE_PTR(executable);
}

/* Beside a core that is dead. 1: not now, since somebody looks at its lock. */
static int write_copy(Supervisor *supervisor, Failure *failure) {
    const State *state = &supervisor->state;
    int r = state->folder ? state_copy_save(supervisor->home, state, failure) : 0;
    if (r < 0)
        switching_complain(supervisor, failure);
    return r;
}

static int write_record(Supervisor *supervisor, ProcessName name, Failure *failure) {
    ProcessRecord *record = &supervisor->records[name];

    if (!supervisor->children[name])
        return name == PROCESS_VEGA ? write_copy(supervisor, failure) : 0;
    record->note = supervisor->note;
    if (record->start_ticks == 0)
        record->start_ticks = start_of_child(record->pid);
    if (record->name != name) /* taken over as an older Visor wrote it */
        tell_place(supervisor, name, record);
    if (record->note.answered && !record->executable)
        record->executable = executable_of(supervisor, record->pid);
    int r = copy_state(supervisor, name, record);
    r = r < 0 ? failure_set(failure, r, "cannot copy the state: out of memory")
              : process_record_save(supervisor->home, name, record, failure);
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

static void sync_copy(Supervisor *supervisor) {
    Failure failure = {0};
    int r = supervisor->copy_unsynced ? process_record_sync(supervisor->home, PROCESS_VEGA, &failure) : 0;
    if (r < 0)
        switching_complain(supervisor, &failure);
    else
        supervisor->copy_unsynced = false;
}

void records_copy_state(Supervisor *supervisor) {
    Failure failure = {0};
    supervisor->copy_unsynced = true;
    int r = write_record(supervisor, PROCESS_VEGA, &failure);
    if (r < 0)
        records_tell_unwritten(supervisor);
    else if (r == 0)
        sync_copy(supervisor);
}

static int keep_state(Supervisor *supervisor, Failure *failure) {
    int r = supervisor->state.folder ? state_keep(supervisor->home, &supervisor->state, failure) : 0;
    if (r < 0)
        switching_complain(supervisor, failure);
    return r;
}

void records_keep_state(Supervisor *supervisor) {
    static const char CHANGED[] = "somebody has changed HOME/.visor/" HOME_STATE_FILE "; it is written again";
    Failure failure = {0};
    int r = keep_state(supervisor, &failure);
    if (r < 0)
        records_tell_unwritten(supervisor);
    else if (r > 0 && throttle_pass(&supervisor->disk_failures, CHANGED, clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_warning("node", CHANGED);
}

int records_write_again(Supervisor *supervisor, Failure *failure) {
    Failure reason = {0};
    int r = write_records(supervisor, failure);
    if (r >= 0 && supervisor->children[PROCESS_VEGA]) /* no start waits for it: before that there is no child */
        sync_copy(supervisor);
    int kept = keep_state(supervisor, &reason);
    if (r >= 0 && kept < 0) {
        *failure = reason;
        r = kept;
    }
    if (r < 0)
        records_tell_unwritten(supervisor);
    return r;
}

void records_note(Supervisor *supervisor, const NodeNote *note) {
    Failure failure = {0};
    supervisor->note = *note;
    (void)records_write_again(supervisor, &failure);
    FAIL_POINT(NOTE_WRITTEN);
}

/* Our own writes end here, too, and find nothing to do. What could not be written is tried again by the core. */
void records_keep_text(Supervisor *supervisor) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        _cleanup_process_record_ ProcessRecord found = {0};
        const ProcessRecord *record = &supervisor->records[name];
        Failure failure = {0};
        if (supervisor->core.processes[name].state != PROCESS_RUNNING || supervisor->unwritten[name])
            continue;
        int r = process_record_load(supervisor->home, name, &found, &failure);
        /* A start time that was not seen cannot be compared; to write again for it would never come to an end. */
        bool same_start = record->start_ticks == 0 || found.start_ticks == record->start_ticks;
        bool same_state = name != PROCESS_VEGA || state_equal(&found.state, &supervisor->state);
        if (is_out_of_means(r) || (r == 0 && found.pid == record->pid && same_start && same_state))
            continue;
        /* What has just been started has perhaps not signed yet; what is written for it is what it will write. */
        if (r != 0 || found.pid > 0)
            log_warning(
                PROCESS_NAME[name], "somebody has changed what its lock file tells; it is written again",
                field_string("now", r == 0 ? "another process or state" : failure.message));
        if (write_record(supervisor, name, &failure) < 0)
            records_tell_unwritten(supervisor);
    }
}

/*
 * The locks of the dead are not kept where somebody has cleared up; those of the living are known by their pidfd,
 * and a new Visor will know them by what is written here.
 */
void records_keep_private(Supervisor *supervisor) {
    Failure failure = {0};
    int r = home_keep_private(supervisor->home, &failure);
    if (r > 0) {
        log_warning("node", "HOME/.visor was removed while visor runs; it is made anew");
        (void)records_write_again(supervisor, &failure);
    } else if (r < 0) {
        log_error("node", failure.message);
    }
}
