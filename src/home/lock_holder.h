/*
 * Who holds a lock. flock(2) itself tells nobody, so every process of the machine is looked at in /proc; one that
 * we have no rights over is not seen.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <sys/types.h>

/**
 * Finds the processes that hold the lock file @name (or the folder itself, "."). Fills @holders with at most
 * @capacity pids and returns how many there are; 0, too, if /proc cannot be read.
 */
size_t lock_holders(int folder_fd, const char *name, pid_t *holders, size_t capacity);

/** Does the process @pid hold it? Returns 1, 0, or -errno if it was not possible to look. */
MUST_USE int lock_is_held_by(int folder_fd, const char *name, pid_t pid);

enum {
    LOCK_HOLDERS_SHOWN = 8,
    LOCK_HOLDERS_TEXT_BYTES = 128, /* so many, and how many more there are */
};

/**
 * Writes @count pids for a person, of which @holders has at most @capacity (LOCK_HOLDERS_SHOWN or fewer):
 * "123,456", and "unknown" if there is none.
 */
void lock_holders_print(const pid_t *holders, size_t count, size_t capacity, char (*text)[LOCK_HOLDERS_TEXT_BYTES]);

/** Writes those that hold the lock @name. */
void lock_holders_describe(int folder_fd, const char *name, char (*text)[LOCK_HOLDERS_TEXT_BYTES]);

/**
 * Signals every process that holds the lock @name, but the caller. Only the node and its descendants can hold the
 * lock of a node, so this reaches those that have left its group and session, and nobody else.
 */
void lock_signal_holders(int folder_fd, const char *name, int signal_number);

/**
 * Does the open file behind the descriptor @number of the process @pid have a lock (proc(5), fdinfo)? Who only
 * reads a locked file has none. @proc_fd is /proc. Returns 0, 1, or -errno if it was not possible to look.
 */
MUST_USE int lock_is_held_through(int proc_fd, const char *pid, const char *number);
