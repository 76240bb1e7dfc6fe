#include "sim/throttle.h"

#include "base/clock.h"

#include <stddef.h>

enum {
    PIECES_A_SECOND = 200,           /* a download is that smooth */
    BUCKETS_A_SECOND = 50,           /* what a loop that comes late may catch up with */
    LONGEST_PAUSE_USEC = 100 * 1000, /* the rate may be changed meanwhile */
};

static uint64_t at_least_one(uint64_t bytes) {
    return bytes > 0 ? bytes : 1;
}

static void fill(Throttle *throttle, uint64_t now_usec) {
    uint64_t passed_usec = usec_since(now_usec, throttle->filled_usec);
    uint64_t limit = at_least_one(throttle->bytes_per_second / BUCKETS_A_SECOND) * USEC_PER_SEC;

    if (passed_usec > USEC_PER_SEC)
        passed_usec = USEC_PER_SEC;
    throttle->level += throttle->bytes_per_second * passed_usec;
    if (throttle->level > limit)
        throttle->level = limit;
    throttle->filled_usec = now_usec;
}

uint64_t throttle_take(Throttle *throttle, uint64_t wanted_bytes, uint64_t now_usec, uint64_t *ret_pause_usec) {
    *ret_pause_usec = 0;
    if (!throttle || throttle->bytes_per_second == 0)
        return wanted_bytes;
    fill(throttle, now_usec);

    uint64_t piece_bytes = at_least_one(throttle->bytes_per_second / PIECES_A_SECOND);
    uint64_t needed = (wanted_bytes < piece_bytes ? wanted_bytes : piece_bytes) * USEC_PER_SEC;
    if (throttle->level < needed) {
        uint64_t pause_usec = (needed - throttle->level) / throttle->bytes_per_second + 1;
        *ret_pause_usec = pause_usec < LONGEST_PAUSE_USEC ? pause_usec : LONGEST_PAUSE_USEC;
        return 0;
    }
    uint64_t allowed_bytes = throttle->level / USEC_PER_SEC;
    if (allowed_bytes > wanted_bytes)
        allowed_bytes = wanted_bytes;
    throttle->level -= allowed_bytes * USEC_PER_SEC;
    return allowed_bytes;
}

void throttle_give_back(Throttle *throttle, uint64_t bytes) {
    if (throttle && throttle->bytes_per_second > 0)
        throttle->level += bytes * USEC_PER_SEC;
}
