#include "home/survivor.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "home/lock.h"
#include "home/stray.h"

#include <string.h>

/* A child of ours that has just ended counts as alive: its end is still to be seen, and to be told. Below 0: it
 * cannot be told. */
static int lives(const ProcessRecord *record) {
    ProcessStat stat;
    if (record->pid == 0 || record->start_ticks == 0)
        return 0;
    int r = process_stat(record->pid, &stat);
    if (r < 0)
        return is_out_of_means(r) ? r : 0;
    return stat.start_ticks == record->start_ticks && (!stat.is_dead || stat.parent == getpid());
}

/* Before it has answered, a script may still become the program that it is for. */
static bool is_as_recorded(const ProcessRecord *record, const char *executable) {
    return streq(executable, record->executable ? record->executable : record->binary);
}

static bool is_dead_child(const ProcessRecord *record) {
    ProcessStat stat;
    return process_stat(record->pid, &stat) == 0 && stat.is_dead && stat.parent == getpid();
}

/* A lock file that nobody holds may have come here with a copy of a whole home, whose node is not ours to touch. */
static bool is_of_another_home(const Home *home, const ProcessRecord *record) {
    HomeIdentity identity;
    return record->home.inode != 0 &&
           (home_identity(home, &identity) < 0 || !home_identity_equal(&record->home, &identity));
}

/* Nobody holds the lock under its name: the process may live nevertheless, if a wrapper has closed it. */
static Alive look_without_lock(const Home *home, const char *lock, const ProcessRecord *record, Failure *failure) {
    _cleanup_free_ char *executable = NULL;
    int r = lives(record);
    if (r == 0)
        return ALIVE_NOTHING;
    if (r > 0 && is_dead_child(record))
        return ALIVE_ADOPTED;
    if (is_of_another_home(home, record)) {
        (void)failure_set(
            failure, 0,
            "%s/" HOME_PRIVATE_FOLDER
            "/%s is a copy: it tells of pid %d, which lives, and of another home folder; if "
            "that node is not of this home, remove the file, and otherwise stop it; visor goes on by itself",
            home->path, lock, (int)record->pid);
        return ALIVE_UNKNOWN;
    }
    executable = r > 0 ? process_executable(record->pid) : NULL;
    if (executable)
        return is_as_recorded(record, executable) ? ALIVE_ADOPTED : ALIVE_NOTHING;
    (void)failure_set(
        failure, 0, "%s/" HOME_PRIVATE_FOLDER "/%s tells of pid %d, and visor cannot see what that runs",
        home->path, lock, (int)record->pid);
    (void)failure_cure(failure, 0, "if it is the node, stop it, and visor goes on by itself");
    return ALIVE_UNKNOWN;
}

/*
 * There is no record, or it cannot be read: damaged, of a newer visor, or memory ran out. Its signature may still
 * tell; but not of a child of ours that has ended, which nobody could take over.
 */
static Alive
look_without_record(const Home *home, const char *lock, const ProcessRecord *record, int r, Failure *failure) {
    int life = record->pid > 0 ? lives(record) : is_out_of_means(r);
    if (life == 0 || (life > 0 && record->pid > 0 && is_dead_child(record)))
        return ALIVE_NOTHING;
    if (r > 0)
        (void)failure_set(
            failure, 0, "%s/" HOME_PRIVATE_FOLDER "/%s tells of pid %d, which lives, but not what it is",
            home->path, lock, (int)record->pid);
    (void)failure_cure(failure, 0, "visor cannot tell whether the node lives, and starts nothing before it can");
    return ALIVE_UNKNOWN;
}

/*
 * Somebody may have cleared up, moved or restored HOME/.visor: what holds the lock lives, under whatever name. If
 * it is the process itself, its own lock file tells all about it, unless a newer one of its name does.
 */
static Alive look_for_stray(const Home *home, ProcessName name, ProcessRecord *record, Failure *failure) {
    _cleanup_stray_ Stray stray = {0};
    int r = stray_find(home, name, &stray);
    if (r < 0) {
        (void)failure_set(
            failure, 0, "cannot look for those that hold %s/" HOME_PRIVATE_FOLDER "/%s.lock: %s", home->path,
            PROCESS_NAME[name], strerror(-r));
        return ALIVE_UNKNOWN;
    }
    if (stray.count == 0)
        return ALIVE_NOTHING;
    if (record->folder && lives(record) > 0 && stray_is_held_by(home, name, record->pid) > 0)
        return ALIVE_ADOPTED;
    if (stray.record.pid == 0) {
        (void)failure_set(
            failure, 0,
            "%s/" HOME_PRIVATE_FOLDER
            "/%s.lock was removed or replaced while pid %d held it, %s, and visor goes on by itself",
            home->path, PROCESS_NAME[name], (int)stray.holders[0], stray.doubt);
        return ALIVE_UNKNOWN;
    }
    process_record_clear(record);
    *record = stray.record;
    stray.record = (ProcessRecord){0};
    return ALIVE_ADOPTED;
}

static Alive look_with_lock(const Home *home, const char *lock, const ProcessRecord *record, Failure *failure) {
    _cleanup_free_ char *executable = NULL;

    if (record->pid == 0) {
        (void)failure_set(failure, 0, "it does not tell yet who holds it");
        return ALIVE_UNKNOWN;
    }
    int r = lives(record);
    if (r < 0) {
        (void)failure_set(failure, 0, "cannot look at pid %d: %s", (int)record->pid, strerror(-r));
        return ALIVE_UNKNOWN;
    }
    if (r == 0) {
        (void)failure_set(
            failure, 0, "the process that was started, pid %d, has ended, but what it started lives on",
            (int)record->pid);
        return ALIVE_UNKNOWN;
    }
    /* Only what Visor started, and what that started, can hold the lock; its own hold tells more than what it runs.
     */
    executable = process_executable(record->pid);
    if (executable && record->executable && !streq(executable, record->executable) &&
        lock_is_held_by(home->private_fd, lock, record->pid) <= 0) {
        (void)failure_set(
            failure, 0, "pid %d runs %s, not %s as it did", (int)record->pid, executable, record->executable);
        return ALIVE_UNKNOWN;
    }
    return ALIVE_ADOPTED;
}

static void describe(const Home *home, const char *lock, Failure *failure) {
    (void)failure_prefix(failure, 0, "%s/" HOME_PRIVATE_FOLDER "/%s is held", home->path, lock);
    (void)failure_cure(failure, 0, "stop what holds it, and visor goes on by itself");
}

Alive survivor_look(const Home *home, ProcessName name, ProcessRecord *ret, Failure *failure) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    Alive alive;

    *ret = (ProcessRecord){0};
    if (!lock) {
        (void)failure_set(failure, 0, "cannot look at the lock of %s: out of memory", PROCESS_NAME[name]);
        return ALIVE_UNKNOWN;
    }
    int held = lock_look(home->private_fd, lock);
    if (held == -ELOOP) {
        (void)failure_set(
            failure, 0, "%s/" HOME_PRIVATE_FOLDER "/%s is no file: move it away, and visor goes on by itself",
            home->path, lock);
        return ALIVE_UNKNOWN;
    }
    if (held < 0) {
        (void)failure_set(
            failure, 0, "cannot look at %s/" HOME_PRIVATE_FOLDER "/%s: %s", home->path, lock, strerror(-held));
        return ALIVE_UNKNOWN;
    }
    int r = process_record_load(home, name, ret, failure);
    if (held == 0) {
        alive =
            r == 0 ? look_without_lock(home, lock, ret, failure) : look_without_record(home, lock, ret, r, failure);
        Alive stray = alive == ALIVE_ADOPTED ? ALIVE_NOTHING : look_for_stray(home, name, ret, failure);
        return stray == ALIVE_NOTHING ? alive : stray;
    }
    alive = r == 0 ? look_with_lock(home, lock, ret, failure) : ALIVE_UNKNOWN;
    if (alive == ALIVE_UNKNOWN)
        describe(home, lock, failure);
    return alive;
}

/* A wrapper may have closed the lock: then the record has its pid, if it is of this home and lives. */
static size_t find_recorded(const Home *home, ProcessName name, pid_t *ret) {
    _cleanup_process_record_ ProcessRecord record = {0};
    if (process_record_load(home, name, &record, NULL) < 0 && record.pid == 0) /* else it is signed, at least */
        return 0;
    bool found = lives(&record) > 0 && !is_of_another_home(home, &record);
    if (found)
        *ret = record.pid;
    return found;
}

size_t survivor_holders(const Home *home, ProcessName name, pid_t *holders, size_t capacity) {
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    _cleanup_stray_ Stray stray = {0};
    size_t count = lock ? lock_holders(home->private_fd, lock, holders, capacity) : 0;
    if (count > 0)
        return count;
    if (stray_find(home, name, &stray) < 0 || stray.count == 0)
        return capacity > 0 ? find_recorded(home, name, holders) : 0;
    for (size_t i = 0; i < stray.count && i < capacity && i < LOCK_HOLDERS_SHOWN; i++)
        holders[i] = stray.holders[i];
    return stray.count;
}

void survivor_describe(const Home *home, ProcessName name, char (*text)[LOCK_HOLDERS_TEXT_BYTES]) {
    pid_t holders[LOCK_HOLDERS_SHOWN];
    size_t count = survivor_holders(home, name, holders, LOCK_HOLDERS_SHOWN);
    lock_holders_print(holders, count, LOCK_HOLDERS_SHOWN, text);
}
