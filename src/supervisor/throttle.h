/* Says the same thing rarely and a new thing soon: for complaints that come with every try. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Throttle {
    char last[256];
    uint64_t last_usec;
    uint64_t change_usec; /* how long a new text has to wait */
    bool spoken;
} Throttle;

/**
 * May @text be said at @now_usec? Yes if nothing was said yet, if it differs from what was said last and that is at
 * least 5 s ago (10 s, 20 s ... while texts keep changing), or if @period_usec have passed. A yes is remembered as
 * said.
 */
bool throttle_pass(Throttle *throttle, const char *text, uint64_t now_usec, uint64_t period_usec);

/** Forgets what was said: the next text is new. */
void throttle_reset(Throttle *throttle);
