/* What the core has beyond the data node: the chain, the admin RPC and the statistics. */
#pragma once

#include "sim/event_log.h"
#include "sim/loop.h"
#include "sim/scenario.h"

typedef struct Core Core;

/**
 * The core of the home @home_fd, its chain where the last start left it, or at @load_height if that is not
 * negative.
 * @home is the path of the same folder. All is borrowed. Returns 0 or -errno, described in @failure.
 */
MUST_USE int core_new(
    Loop *loop, const char *home, int home_fd, const Scenario *scenario, const EventLog *log, int64_t load_height,
    Core **ret, Failure *failure);

/**
 * Brings the core to where the scenario and the time want it; it begins to listen with the first call.
 * *@ret_deadline_usec is when to call again at the latest. Returns 0, 1 when it is at the height at which the
 * scenario lets it crash, or -errno, described in @failure.
 */
MUST_USE int core_step(Core *core, uint64_t now_usec, uint64_t *ret_deadline_usec, Failure *failure);

/** Closes and removes its sockets: the real core does not answer either while it stops. */
void core_stop_serving(Core *core);

/** Returns NULL; NULL is fine. */
Core *core_free(Core *core);
