/*
 * The version of this executable: a field of fixed size behind a marker, so that one build becomes any release by
 * copying the file and writing into the copy. Each release is then one self-contained program, like the real one.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>

enum { STAMP_VERSION_BYTES = 128 }; /* the terminating NUL included */

typedef struct Version {
    char text[STAMP_VERSION_BYTES];
} Version;

/** What this executable was stamped with; "v0.0.0-unstamped" if it never was. */
Version stamp_read(void);

/**
 * A copy of this executable that reports @version, in memory; owned by the caller (free).
 * Returns as stamp_write.
 */
MUST_USE int stamp_make(const char *version, char **ret, size_t *ret_length, Failure *failure);

/**
 * Writes a copy of this executable that reports @version to @path: mode 0755, complete or not at all, replacing
 * what was there.
 *
 * Returns 0; -EINVAL for a version that is empty, too long or not printable ASCII; -errno, described in @failure.
 */
MUST_USE int stamp_write(const char *path, const char *version, Failure *failure);
