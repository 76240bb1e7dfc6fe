/* Every process of the machine, one after the other, as /proc has them. */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <sys/types.h>

/**
 * Looks at one process: @pid is its folder's name in /proc, which is open as @proc_fd. Returns 1 if it is meant, 0
 * if not, -errno if it was not possible to look.
 */
typedef int ProcessLook(int proc_fd, const char *pid, void *userdata);

/**
 * Finds the processes that @look means. Fills @found with at most @capacity pids. Returns how many there are, or
 * -errno: then some may have been missed.
 */
MUST_USE int process_walk(ProcessLook *look, void *userdata, pid_t *found, size_t capacity);

/** The same of the one process @pid. Returns 1 if @look means it, 0 if not, -errno. */
MUST_USE int process_look_at(ProcessLook *look, void *userdata, pid_t pid);

/** Signals each process that @look means, but the caller, and never another one that got its number meanwhile. */
void process_walk_signal(ProcessLook *look, void *userdata, int signal_number);

/**
 * For a ProcessLook, of a file of the process that could not be opened: 0 if it has ended, or is not ours to see;
 * the -errno @r if it is us who lack memory or descriptors.
 */
MUST_USE int process_unseen(int r);
