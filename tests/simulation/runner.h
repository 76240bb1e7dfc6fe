/* Many histories at once: one process a core, each with every so-manieth seed. */
#pragma once

#include "tests/simulation/tally.h"
#include "tests/simulation/violation.h"

#include <stdbool.h>

typedef struct Run {
    uint64_t first_seed;
    uint64_t seed_count;
    unsigned jobs; /* 0 = one a core */
} Run;

typedef struct Result {
    Tally tally;
    bool failed;
    uint64_t seed; /* the first that failed; the same whatever the number of jobs */
    Violation violation;
    double took_seconds;
} Result;

/** Returns 0, or -errno if the processes or the memory that they share could not be had. */
int run_histories(const Run *run, Result *ret);
