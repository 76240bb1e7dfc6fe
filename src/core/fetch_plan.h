/*
 * Fetching the accepted release: when the next try is due. A fetch that failed is tried again for as long as the
 * upgrade stands, ever more rarely while there is time, and often once the network waits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct FetchPlan {
    bool running;        /* a try is under way */
    bool begun;          /* one was, of this release */
    uint64_t due_usec;   /* when the next may begin */
    uint64_t began_usec; /* the last one, of whichever release; 0 = there was none */
    uint64_t delay_usec; /* the wait after the last failure, before the jitter; 0 = there was none since progress */
    uint64_t random;     /* the state of the generator; the core gets its seed from outside */
} FetchPlan;
