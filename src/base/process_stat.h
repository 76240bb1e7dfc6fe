/* What tells one process from another: a number can be given again, a number with its start time cannot. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Of /proc/PID/stat, proc(5). */
typedef struct ProcessStat {
    bool is_dead; /* it has ended, and waits for its parent to hear of it */
    pid_t parent;
    uint64_t start_ticks; /* clock ticks from boot to its start */
} ProcessStat;

/**
 * Reads it for the process @pid, 0 = the caller. Uses no memory but the stack, so a forked child may ask. Returns
 * 0; -ESRCH: there is none; -errno if descriptors or memory ran out (is_out_of_means). Then @ret is empty.
 */
MUST_USE int process_stat(pid_t pid, ProcessStat *ret);

/**
 * The program that the process @pid runs: where /proc/PID/exe points, without the mark of a deleted file. Owned by
 * the caller; NULL if it cannot be told.
 */
char *process_executable(pid_t pid);
