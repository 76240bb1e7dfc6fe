/* The SHA-256 of a file, by sha256sum of coreutils: no library may be linked for it, see sim/meson.build. */
#pragma once

#include "base/failure.h"

#include <sys/types.h>

enum { SHA256_HEX_BYTES = 65 }; /* the terminating NUL included */

/** A sha256sum that runs. */
typedef struct Sha256 {
    pid_t pid;
    int output_fd; /* readable when it is done; does not block */
    char output[128];
    size_t length;
} Sha256;

/** Starts it for the open file @fd, from its beginning. Returns 0 or -errno. */
MUST_USE int sha256_start(int fd, Sha256 *ret);

/**
 * Reads what it has printed. Returns 1 when it is done and @hex is filled, 0 when it is not yet done, -errno when
 * it failed; then and at 1 nothing is left of it.
 */
MUST_USE int sha256_read(Sha256 *sha256, char (*hex)[SHA256_HEX_BYTES]);

/** Ends one that still runs. */
void sha256_cancel(Sha256 *sha256);
