#include "supervisor/throttle.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { CHANGE_USEC = 5 * 1000 * 1000 };

/*
 * Two texts that take turns, or one with a counter in it, must not fill the log either: each new text within the
 * period makes the next one wait twice as long.
 */
bool throttle_pass(Throttle *throttle, const char *text, uint64_t now_usec, uint64_t period_usec) {
    uint64_t silent_usec = usec_since(now_usec, throttle->last_usec);
    bool changed = strncmp(throttle->last, text, sizeof throttle->last - 1) != 0;
    bool over = !throttle->spoken || silent_usec >= period_usec;

    if (!over && !(changed && silent_usec >= throttle->change_usec))
        return false;
    throttle->change_usec = over ? CHANGE_USEC : throttle->change_usec * 2;
    (void)snprintf(throttle->last, sizeof throttle->last, "%s", text);
    throttle->last_usec = now_usec;
    throttle->spoken = true;
    return true;
}

void throttle_reset(Throttle *throttle) {
    *throttle = (Throttle){0};
}
