/*
 * Landlock (landlock(7)): the kernel's own path-based sandbox, since 5.13, by raw system calls: the headers of the
 * build machine may be older than the kernel this runs on. What an older ABI does not know is left out.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>

/** Which rights a rule gives below its file or folder. */
typedef enum LandlockUse {
    LANDLOCK_USE_READ,   /* read files, list folders */
    LANDLOCK_USE_STAGE,  /* that, and make, write, rename and remove regular files and folders */
    LANDLOCK_USE_UNPACK, /* only make and write regular files, make folders, and open what was made */
} LandlockUse;

typedef struct LandlockRule {
    const char *path; /* opened as it is, links followed; what cannot be opened is left out; NULL = `fd` */
    int fd;
    LandlockUse use;
} LandlockRule;

/**
 * Denies this thread everything on the file system that no rule of the @count gives, for ever.
 * Needs no_new_privs. TCP is left alone: names and ports of a mirror are the operator's.
 *
 * Returns 0; -ENOSYS if the kernel has none, -EOPNOTSUPP if it is switched off, or -errno: then nothing is denied.
 */
MUST_USE int landlock_restrict(const LandlockRule *rules, size_t count);
