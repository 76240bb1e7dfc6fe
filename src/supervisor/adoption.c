/* What lives of the node that this Visor has not started: looked at, and taken over. */
#include "base/cleanup.h"
#include "base/process_stat.h"
#include "home/lock.h"
#include "home/lock_holder.h"
#include "home/stray.h"
#include "supervisor/shell.h"

#include <fcntl.h>
#include <string.h>

void remnants_clear(Remnants *remnants) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_record_clear(&remnants->records[name]);
    *remnants = (Remnants){0};
}

/* Who has signed the lock of a process, as it is now. */
typedef enum Signer {
    SIGNER_NONE,  /* nobody, or one that is gone */
    SIGNER_ENDED, /* a child of the Visor that runs, which has still to see its end */
    SIGNER_LIVES,
} Signer;

static Signer find_signer(const Supervisor *supervisor, const char *lock) {
    _cleanup_free_ char *text = NULL;
    LockNote note;
    ProcessStat stat;
    int r = lock_read(supervisor->home->private_fd, lock, &note);
    text = note.text;
    if (r != 0 || note.pid == 0 || process_stat(note.pid, &stat) < 0 || stat.start_ticks != note.start_ticks)
        return SIGNER_NONE;
    return stat.is_dead && stat.parent == supervisor->beside ? SIGNER_ENDED : SIGNER_LIVES;
}

/* It holds a lock whose file has lost its name (home/stray.h), or it cannot be told. */
static bool may_have_strayed(const Supervisor *supervisor, ProcessName name) {
    _cleanup_stray_ Stray stray = {0};
    return stray_find(supervisor->home, name, &stray) < 0 || stray.count > 0;
}

/*
 * A look takes the lock for its moment where it is free, and the Visor that runs may want it in that very moment.
 * It does not while the process lives, or while the lock is held; and a file that is missing is not taken.
 */
static bool may_look(const Supervisor *supervisor, ProcessName name) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    int private_fd = supervisor->home->private_fd;
    pid_t holder = 0;
    if (!lock) /* which the look will say */
        return true;
    Signer signer = find_signer(supervisor, lock);
    if (signer != SIGNER_NONE)
        return signer == SIGNER_LIVES;
    return faccessat(private_fd, lock, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
           lock_holders(private_fd, lock, &holder, 1) > 0 || may_have_strayed(supervisor, name);
}

/* Only a rehearsal meets a home without HOME/.visor: nothing has ever run there, if it may see that. */
static Alive look_without_private(const Supervisor *supervisor, Failure *failure) {
    const Home *home = supervisor->home;
    if (faccessat(home->fd, HOME_PRIVATE_FOLDER, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return ALIVE_NOTHING;
    (void)failure_set(
        failure, 0, "%s/" HOME_PRIVATE_FOLDER " is closed to this user: do this as the user that runs visor",
        home->path);
    return ALIVE_UNKNOWN;
}

static Alive look(const Supervisor *supervisor, ProcessName name, ProcessRecord *ret, Failure *failure) {
    if (supervisor->home->private_fd < 0)
        return look_without_private(supervisor, failure);
    if (supervisor->beside == 0 || may_look(supervisor, name))
        return survivor_look(supervisor->home, name, ret, failure);
    /* Dead: only what it ran is still of interest. */
    if (process_record_load(supervisor->home, name, ret, NULL) != 0)
        process_record_clear(ret);
    return ALIVE_NOTHING;
}

void remnants_look(const Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    Failure why = {0};

    *remnants = (Remnants){0};
    *failure = (Failure){0};
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        Failure reason = {0};
        remnants->alive[name] = look(supervisor, name, &remnants->records[name], &reason);
        if (remnants->alive[name] == ALIVE_UNKNOWN)
            (void)failure_set(failure, 0, "%s%s%s", why.message, why.message[0] ? "; " : "", reason.message);
        why = *failure;
    }
}

bool remnants_have(const Remnants *remnants, Alive how) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (remnants->alive[name] == how)
            return true;
    return false;
}

const ProcessRecord *remnants_living(const Remnants *remnants) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (remnants->alive[name] == ALIVE_ADOPTED)
            return &remnants->records[name];
    return NULL;
}

static int take(Supervisor *supervisor, ProcessName name, ProcessRecord *record, Failure *failure) {
    int r = child_adopt(
        supervisor->event, record->pid, record->start_ticks, processes_ended, supervisor,
        &supervisor->children[name], failure);
    if (r != 0)
        return r;
    process_record_clear(&supervisor->records[name]);
    supervisor->records[name] = *record;
    record->folder = record->binary = record->executable = NULL; /* handed over; the rest is still to be told */
    record->state = (State){0};
    if (!supervisor->rehearsing) /* the look takes the lock for a moment, which is the running visor's then */
        processes_remember_lock(supervisor, name);
    return 0;
}

int remnants_adopt(Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        if (remnants->alive[name] != ALIVE_ADOPTED)
            continue;
        int r = take(supervisor, name, &remnants->records[name], failure);
        if (r == 0)
            continue;
        for (ProcessName taken = 0; taken < name; taken++) /* all or none: the core gets one answer */
            supervisor->children[taken] = child_free(supervisor->children[taken]);
        return r;
    }
    return 0;
}

/* Its record is written before it is forked, but only the process itself signs it. */
bool remnants_have_data_node_begun(const Remnants *remnants) {
    const ProcessRecord *core = &remnants->records[PROCESS_VEGA];
    const ProcessRecord *data_node = &remnants->records[PROCESS_DATA_NODE];
    return data_node->pid > 0 && core->note.started_usec > 0 &&
           data_node->note.started_usec == core->note.started_usec;
}

void remnants_describe(const Supervisor *supervisor, const Remnants *remnants, Event *event) {
    const ProcessRecord *living = remnants_living(remnants);

    memcpy(event->inspected.alive, remnants->alive, sizeof remnants->alive);
    if (!living)
        return;
    event->inspected.note = living->note;
    event->inspected.ending = living->dies_with_visor && !supervisor->inheritance->received;
    event->inspected.data_node_began = remnants_have_data_node_begun(remnants);
}
