#include "base/clock.h"

#include <time.h>

static uint64_t read_clock_usec(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) < 0)
        return 0;
    return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_monotonic_usec(void) {
    return read_clock_usec(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_usec(void) {
    return read_clock_usec(CLOCK_REALTIME);
}

uint64_t usec_add(uint64_t usec, uint64_t delay_usec) {
    return delay_usec >= USEC_NEVER - usec ? USEC_NEVER : usec + delay_usec;
}

uint64_t usec_since(uint64_t later_usec, uint64_t earlier_usec) {
    return later_usec > earlier_usec ? later_usec - earlier_usec : 0;
}
