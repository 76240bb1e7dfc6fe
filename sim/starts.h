/* How often a process has been started on this home, in all and by version: "crash only the first two times". */
#pragma once

#include "sim/scenario.h"

typedef struct Starts {
    int64_t total;
    int64_t of_version;
} Starts;

/**
 * Counts this start in starts-PROCESS.json in the folder @home_fd; the caller is the only copy of the process.
 * Returns 0 or -errno, described in @failure.
 */
MUST_USE int starts_count(int home_fd, const char *process, const char *version, Starts *ret, Failure *failure);
