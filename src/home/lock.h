/*
 * Locks that live as long as their last holder: flock(2) belongs to the open file, a child inherits it with the
 * descriptor, and the kernel gives it back when the last copy is closed. No pid is trusted, so nothing goes stale.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Takes the lock @name in the folder @folder_fd, making the file (0600) if need be.
 *
 * @ret_fd is the descriptor that holds it, close-on-exec, owned by the caller. Returns 0; 1 if somebody else holds
 * it, and then @ret_holder is the pid that the file names (0 = it names none); -ELOOP (what has the name is no
 * plain file) or -errno, described in @failure.
 */
MUST_USE int lock_take(int folder_fd, const char *name, int *ret_fd, pid_t *ret_holder, Failure *failure);

/**
 * Takes the lock of the folder @folder_fd itself, which lasts as long as that descriptor: unlike a file in it,
 * nobody replaces it by clearing up. Returns 0; 1 if somebody else holds it; -errno.
 */
MUST_USE int lock_folder(int folder_fd);

/**
 * Is the lock @name (or the folder itself, ".") held by anybody? Makes no file. Takes the lock for the moment of
 * the look, shared: so not to be asked while a visor runs, which may want the lock in that very moment.
 *
 * Returns 0 (free, or there is no such file), 1 (held), -ELOOP (what has the name is no plain file) or -errno.
 */
MUST_USE int lock_look(int folder_fd, const char *name);

/** The pid that the lock file @name tells, whoever holds it; 0 if it tells none. */
pid_t lock_signer(int folder_fd, const char *name);

/**
 * Writes into the lock that @fd holds who holds it: the caller's pid and start time (process_stat.h). Nothing needs
 * to be free on the disk for it but in a new file, and there a full disk is no error: the lock is what counts. A
 * forked child may call it. Returns 0 or -errno.
 */
MUST_USE int lock_sign(int fd);

/** The same for another process, by the start time that it was known by while it lived. */
MUST_USE int lock_sign_for(int fd, pid_t pid, uint64_t start_ticks);

/**
 * Takes the signature off and spoils the text, so that whoever signs next is not taken for the process that the
 * text was about, should no other come. Needs no space. Returns 0 or -errno.
 */
MUST_USE int lock_unsign(int fd);

/** What a lock file tells, as it is read at one moment. */
typedef struct LockNote {
    pid_t pid; /* 0 = nobody has signed */
    uint64_t start_ticks;
    char *text; /* "" = none; owned by the caller */
} LockNote;

/**
 * Writes @text into the lock file that is open as @fd (held by anybody), over the last one. Overwritten in place
 * and padded, so it needs no space on a full disk after the first time. It is not made durable: it is about
 * processes, and those do not outlive the machine's memory. Returns 0 or -errno; what was there is still there if
 * the disk is full.
 */
MUST_USE int lock_write_text(int fd, const char *text);

/** Reads the lock file @name. Returns 0; 1 if there is none; -EFBIG; -errno. @ret is owned by the caller (free its
 * text). */
MUST_USE int lock_read(int folder_fd, const char *name, LockNote *ret);

/** The same of a lock file that is open as @fd. */
MUST_USE int lock_read_open(int fd, LockNote *ret);
