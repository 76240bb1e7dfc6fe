/*
 * The error contract of this code base.
 *
 * A function that can fail returns an int: below 0 is -errno and goes up to the caller's caller, 0 is success,
 * above 0 is a result that the function documents and its direct caller must handle. The result must be used.
 * Calls of sd-event return -errno and leave errno alone; system calls set errno, read with negative_errno().
 *
 * A failure that a person will read also carries its text: which step, which file, what cures it.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

#define MUST_USE __attribute__((__warn_unused_result__))

/** The text of one failure for a person; empty while nothing failed. Truncated, never overrun. */
typedef struct Failure {
    char message[2048];
} Failure;

/** -errno, and -EIO if a failing call forgot to set it: a failure must never look like success. */
static inline int negative_errno(void) {
    return errno > 0 ? -errno : -EIO;
}

/** Whether @r, 0 or -errno, only says that memory or descriptors ran out: what was looked for may be there or not.
 */
static inline bool is_out_of_means(int r) {
    return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

/**
 * Describes a failure and returns @code, so that `return failure_set(failure, -ENOENT, ...)` is one line.
 * @failure may be NULL if the caller has no reader for the text.
 */
__attribute__((__format__(__printf__, 3, 4))) int failure_set(Failure *failure, int code, const char *format, ...);

/** Puts the cure behind what @failure already says: "...: put it there". Returns @code. */
int failure_cure(Failure *failure, int code, const char *cure);

/**
 * Puts a step in front of what @failure already says: "cannot read the state: No space left on device".
 * Returns @code.
 */
__attribute__((__format__(__printf__, 3, 4))) int
failure_prefix(Failure *failure, int code, const char *format, ...);
