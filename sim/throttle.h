/* A token bucket: how many bytes may go out now, so that in the long run it is so many a second, smoothly. Pure. */
#pragma once

#include <stdint.h>

typedef struct Throttle {
    uint64_t bytes_per_second; /* 0: no limit; may be changed at any time */
    uint64_t filled_usec;      /* up to when the bucket has been filled; CLOCK_MONOTONIC */
    uint64_t level;            /* in bytes x microseconds per second, so that nothing is lost by rounding */
} Throttle;

/**
 * Takes up to @wanted_bytes for now. Returns how many may be sent, 0 when *@ret_pause_usec have to pass before.
 * @throttle may be NULL: no limit.
 */
uint64_t throttle_take(Throttle *throttle, uint64_t wanted_bytes, uint64_t now_usec, uint64_t *ret_pause_usec);

/** Gives back what was taken and not sent. */
void throttle_give_back(Throttle *throttle, uint64_t bytes);
