/*
 * `visor rehearse`: the same look at the home that `visor run` begins with, without the rest. Whatever would keep a
 * start from taking over what lives is found here, by the code that would meet it.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "home/holder.h"
#include "supervisor/shell.h"

#include <string.h>
#include <time.h>

static int look_once(Supervisor *supervisor, bool *ret_unknown, Failure *failure) {
    _cleanup_remnants_ Remnants remnants;
    int r = inspect_look(supervisor, &remnants, failure);
    *ret_unknown = remnants_have(&remnants, ALIVE_UNKNOWN);
    return r;
}

/* What is being started or has just ended is unknown for a moment. A start looks again after a second, too. */
static int look(Supervisor *supervisor, Failure *failure) {
    enum { PATIENCE_USEC = 1000 * 1000 };
    static const struct timespec PAUSE = {.tv_nsec = 50 * 1000 * 1000};
    uint64_t began_usec = clock_monotonic_usec();
    bool unknown = false;
    int r = look_once(supervisor, &unknown, failure);
    while (unknown && supervisor->beside > 0 && usec_since(clock_monotonic_usec(), began_usec) < PATIENCE_USEC) {
        (void)nanosleep(&PAUSE, NULL);
        r = look_once(supervisor, &unknown, failure);
    }
    return r >= 0 && unknown ? -EALREADY : r;
}

/* It does not get worse by a new binary, and may get better: a cure is what that is for. */
static bool waits_already(const Supervisor *supervisor) {
    VisorRecord told;
    return supervisor->beside > 0 && visor_record_load(supervisor->home, &told) == 0 && told.waits[0];
}

static int prepare(Supervisor *supervisor) {
    supervisor->beside = home_holder(supervisor->home);
    int r = sd_event_new(&supervisor->event);
    return r < 0 ? r : rpc_client_new(supervisor->event, NULL, NULL, &supervisor->rpc);
}

int supervisor_rehearse(Home *home, Config *config, Failure *warning, Failure *failure) {
    _cleanup_(supervisor_clear) Supervisor supervisor = {.home = home, .config = config, .rehearsing = true};
    Event begin;

    *warning = (Failure){0};
    int r = prepare(&supervisor);
    if (r < 0)
        return failure_set(failure, r, "cannot set up the rehearsal: %s", strerror(-r));
    r = inspect_begin(&supervisor, &begin, failure);
    if (r < 0)
        return r;
    r = look(&supervisor, failure);
    if (r < 0 && waits_already(&supervisor)) {
        *warning = *failure;
        return 1;
    }
    if (r < 0)
        return r;
    r = release_check_fit(supervisor.running, warning);
    return r < 0 ? 0 : r; /* what runs does not need its binaries */
}
