/* A child under watch: known by its pidfd, so its end is never missed and never confused with another process's. */
#pragma once

#include "base/failure.h"
#include "proc/spawn.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/** How a child ended. */
typedef struct ChildEnd {
    bool unknown;   /* it is gone, but how it ended was lost */
    int exec_errno; /* above 0: it never became the program, for this reason */
    bool by_signal; /* killed by `number`; otherwise it exited with code `number` */
    int number;
    bool core_dumped;
} ChildEnd;

/** Did it exit with code 0? */
static inline bool child_end_is_good(const ChildEnd *end) {
    return !end->unknown && !end->by_signal && end->number == 0 && end->exec_errno == 0;
}

typedef struct Child Child;

/**
 * Called once, when the child has ended; the callback may free the child. The child is reaped only when it is
 * freed: until then its number, and so that of its group, cannot be given to a stranger, and the group can be
 * signalled.
 */
typedef void (*ChildHandler)(Child *child, const ChildEnd *end, void *userdata);

/**
 * Spawns @request and watches the child from @event.
 *
 * @ret is owned by the caller (child_free). Returns 0 or -errno described in @failure, and then no child is alive.
 */
MUST_USE int child_start(
    sd_event *event, const SpawnRequest *request, ChildHandler handler, void *userdata, Child **ret,
    Failure *failure);

/**
 * Watches a process that somebody else started: @pid, which must still be the one that started at @start_ticks
 * (base/process_stat.h). How it ends is known if it is a child of ours nevertheless, as after an exec of Visor, or
 * where the kernel tells strangers, too (Linux 6.15).
 *
 * @ret is owned by the caller (child_free). Returns 0; 1 if there is no such process any more; -errno. Described in
 * @failure.
 */
MUST_USE int child_adopt(
    sd_event *event, pid_t pid, uint64_t start_ticks, ChildHandler handler, void *userdata, Child **ret,
    Failure *failure);

/** Reaps the child if it has ended, stops watching, frees; a live process is left alone. NULL is fine. Returns
 * NULL. */
Child *child_free(Child *child);

pid_t child_pid(const Child *child);

/**
 * Sends @signal_number to the process, or to its whole group. A process that is gone already is no error. The group
 * of an adopted process that has ended gets nothing: its number may be a stranger's by now.
 */
void child_signal(const Child *child, int signal_number);
void child_signal_group(const Child *child, int signal_number);

/** Waits at most @timeout_ms for the end of a child that was killed. Its handler is not called for that. */
void child_await_end(const Child *child, int timeout_ms);

/** Writes "exited with code 1", "was killed by SIGSEGV (core dumped)", ... into @buffer and returns it. */
const char *child_end_describe(const ChildEnd *end, char *buffer, size_t size_bytes);

static inline void cleanup_child(Child **child) {
    (void)child_free(*child);
}
#define _cleanup_child_ __attribute__((__cleanup__(cleanup_child)))
