#include "home/survivor.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "home/lock.h"

#include <fcntl.h>
#include <string.h>

/* A child of ours that has just ended counts as alive: its end is still to be seen, and to be told. */
static bool lives(const ProcessRecord *record) {
    ProcessStat stat;
    return record->pid > 0 && record->start_ticks > 0 && process_stat(record->pid, &stat) == 0 &&
           stat.start_ticks == record->start_ticks && (!stat.is_dead || stat.parent == getpid());
}

/* Before it has answered, a script may still become the program that it is for. */
static bool is_as_recorded(const ProcessRecord *record, const char *executable) {
    return streq(executable, record->executable ? record->executable : record->binary);
}

static bool is_dead_child(const ProcessRecord *record) {
    ProcessStat stat;
    return process_stat(record->pid, &stat) == 0 && stat.is_dead && stat.parent == getpid();
}

enum { HOLDERS_MAX = 64 };

static bool is_among(pid_t pid, const pid_t *holders, size_t count) {
    for (size_t i = 0; i < count && i < HOLDERS_MAX; i++)
        if (holders[i] == pid)
            return true;
    return false;
}

/* Only what Visor started, and what that started, can hold the lock; so its own hold says more than its executable.
 */
static bool holds_lock_itself(const Home *home, const char *lock, pid_t pid) {
    pid_t holders[HOLDERS_MAX];
    return is_among(pid, holders, lock_holders(home->private_fd, lock, holders, HOLDERS_MAX));
}

/* The lock file under its name, from before somebody removed it. */
static size_t find_holders_of_removed(const Home *home, const char *lock, pid_t (*holders)[HOLDERS_MAX]) {
    _cleanup_free_ char *path = string_format("%s/" HOME_PRIVATE_FOLDER "/%s", home->path, lock);
    return path ? lock_holders_of_removed(path, *holders, HOLDERS_MAX) : 0;
}

static Alive look_without_lock(const Home *home, const char *lock, const ProcessRecord *record) {
    _cleanup_free_ char *executable = NULL;
    pid_t holders[HOLDERS_MAX];
    if (!lives(record))
        return ALIVE_NOTHING;
    if (is_dead_child(record))
        return ALIVE_ADOPTED;
    executable = process_executable(record->pid);
    if (executable && is_as_recorded(record, executable))
        return ALIVE_ADOPTED;
    return is_among(record->pid, holders, find_holders_of_removed(home, lock, &holders)) ? ALIVE_ADOPTED
                                                                                         : ALIVE_NOTHING;
}

/* Removed while no Visor was there to make it anew: what holds it is alive, and nothing tells what it is. */
static Alive look_for_removed(const Home *home, const char *lock, Failure *failure) {
    pid_t holders[HOLDERS_MAX];
    if (find_holders_of_removed(home, lock, &holders) == 0)
        return ALIVE_NOTHING;
    (void)failure_set(
        failure, 0,
        "%s/" HOME_PRIVATE_FOLDER
        "/%s was removed while pid %d held it; stop that process, and visor goes on by itself",
        home->path, lock, (int)holders[0]);
    return ALIVE_UNKNOWN;
}

static Alive look_with_lock(const Home *home, const char *lock, const ProcessRecord *record, Failure *failure) {
    _cleanup_free_ char *executable = NULL;

    if (record->pid == 0) {
        (void)failure_set(failure, 0, "it does not tell yet who holds it");
        return ALIVE_UNKNOWN;
    }
    if (!lives(record)) {
        (void)failure_set(
            failure, 0, "the process that was started, pid %d, has ended, but what it started lives on",
            (int)record->pid);
        return ALIVE_UNKNOWN;
    }
    executable = process_executable(record->pid);
    if (executable && record->executable && !streq(executable, record->executable) &&
        !holds_lock_itself(home, lock, record->pid)) {
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
    if (held < 0) {
        (void)failure_set(
            failure, 0, "cannot look at %s/" HOME_PRIVATE_FOLDER "/%s: %s", home->path, lock, strerror(-held));
        return ALIVE_UNKNOWN;
    }
    if (held == 0 && faccessat(home->private_fd, lock, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return look_for_removed(home, lock, failure);
    int r = process_record_load(home, name, ret, failure);
    if (held == 0)
        return r == 0 ? look_without_lock(home, lock, ret) : ALIVE_NOTHING;
    alive = r == 0 ? look_with_lock(home, lock, ret, failure) : ALIVE_UNKNOWN;
    if (alive == ALIVE_UNKNOWN)
        describe(home, lock, failure);
    return alive;
}
