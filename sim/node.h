/* A node process that runs: the core or the data node. Everything that it does is decided in one place, by level.
 */
#pragma once

#include "sim/event_log.h"
#include "sim/starts.h"

typedef struct Node Node;

/**
 * The process of @program in the home @home_fd. Everything is borrowed. Returns 0 or -errno, described in @failure.
 */
MUST_USE int node_new(
    const Program *program, int home_fd, Scenario *scenario, const char *scenario_path, const EventLog *log,
    int64_t load_height, Node **ret, Failure *failure);

/** Makes the start visible as the scenario wants it: the count, the memory, the output, the grandchild. */
MUST_USE int node_show_start(Node *node, Failure *failure);

/** Runs until a signal ends it; never returns if it crashes. Returns its exit code, -errno described in @failure.
 */
MUST_USE int node_run(Node *node, Failure *failure);

/** Returns NULL; NULL is fine. */
Node *node_free(Node *node);
