/* An event loop for tests that wait for something, with a deadline. */
#pragma once

#include "base/clock.h"
#include "tests/unit/test.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

/** Runs @event until *@done, at most 20 s: then the test fails. */
static inline void loop_until(sd_event *event, const bool *done) {
    uint64_t deadline_usec = clock_monotonic_usec() + 20 * USEC_PER_SEC;
    while (!*done) {
        uint64_t now_usec = clock_monotonic_usec();
        assert_true(now_usec < deadline_usec);
        assert_true(sd_event_run(event, deadline_usec - now_usec) >= 0);
    }
}
