/* A program file on disk: can this machine run it? */
#pragma once

#include "base/failure.h"
#include "base/files.h"

#include <stdbool.h>

typedef struct BinaryCheck {
    FileIdentity identity;
    bool made_executable; /* missing x-bits were set; by binary_look(): would be set */
} BinaryCheck;

/**
 * Sees that @path is a regular file, executable, and an ELF program of this machine's architecture or a script
 * ("#!").
 *
 * If it lacks x-bits and lies below @home_path they are added (a+x), as v0.79 does; a file elsewhere belongs to
 * somebody else and is refused with the cure. Returns 0, or -ENOENT, -EACCES, -ENOEXEC, -errno described in
 * @failure.
 */
MUST_USE int binary_check(const char *path, const char *home_path, BinaryCheck *ret, Failure *failure);

/** The same, but changes nothing. */
MUST_USE int binary_look(const char *path, const char *home_path, BinaryCheck *ret, Failure *failure);
