/* The release server while it runs: two ports, the log of what was asked, the scenario. */
#pragma once

#include "sim/event_log.h"
#include "sim/scenario.h"

typedef struct ReleaseServer ReleaseServer;

/**
 * Begins to serve the releases in the folder @program's command line names. All is borrowed. Writes the event
 * "listening" and a line to standard output. Returns 0 or -errno, described in @failure.
 */
MUST_USE int release_server_new(
    const Program *program, Scenario *scenario, const EventLog *log, uint16_t port, ReleaseServer **ret,
    Failure *failure);

/** Serves until a signal ends it. Returns 0 or -errno, described in @failure. */
MUST_USE int release_server_run(ReleaseServer *server, Failure *failure);

/** Returns NULL; NULL is fine. */
ReleaseServer *release_server_free(ReleaseServer *server);
