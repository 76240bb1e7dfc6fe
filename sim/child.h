/*
 * The grandchild: what a node may leave behind, a helper of it that lives on with all descriptors that the node
 * inherited, among them the lock by which Visor knows that the node is gone.
 */
#pragma once

#include "sim/event_log.h"
#include "sim/scenario.h"

/**
 * Forks the grandchild if the scenario asks for it: in our process group, or in a session of its own. It ignores
 * SIGTERM, SIGINT and SIGHUP and writes the event "grandchild" itself. Returns 0 or -errno.
 */
MUST_USE int child_fork(const Scenario *scenario, const EventLog *log);
