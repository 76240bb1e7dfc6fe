/*
 * The node: core and data node as one unit that is up or down, with the reason, the restart budget and the way from
 * one start to the next.
 */
#pragma once

#include "base/exit_code.h"
#include "core/record.h"

#include <stdbool.h>
#include <stdint.h>

/* phase, name, meaning */
#define NODE_PHASES(X)                                                                                             \
    X(NODE_IDLE, "idle", "nothing was begun")                                                                      \
    X(NODE_INSPECTING, "inspecting", "the facts of a start are gathered")                                          \
    X(NODE_QUERYING, "querying", "the data node's binary is asked for its latest segment")                         \
    X(NODE_UP, "up", "started and wanted")                                                                         \
    X(NODE_STOPPING, "stopping", "unwanted, not yet gone")                                                         \
    X(NODE_DELAYING, "delaying", "down; waiting for restartsDelaySeconds")                                         \
    X(NODE_WAITING, "waiting", "something is alive that cannot be taken over: nothing is started beside it")       \
    X(NODE_SWITCHING, "switching", "down; `current` is being switched")                                            \
    X(NODE_ENDED, "ended", "down for good; Visor leaves")

/* reason, name in the log: why the node is wanted down */
#define NODE_REASONS(X)                                                                                            \
    X(NODE_REASON_NONE, "none")                                                                                    \
    X(NODE_REASON_FAILURE, "failure")                                                                              \
    X(NODE_REASON_UPGRADE, "upgrade")                                                                              \
    X(NODE_REASON_OPERATOR, "asked by the operator")                                                               \
    X(NODE_REASON_GAVE_UP, "gave up")                                                                              \
    X(NODE_REASON_RENEWED, "stop of an earlier visor")

/* start, name: what kind of start this is or will be */
#define NODE_STARTS(X)                                                                                             \
    X(NODE_START_FIRST, "first")                                                                                   \
    X(NODE_START_RESTART, "restart")                                                                               \
    X(NODE_START_UPGRADE, "upgrade")

typedef enum NodePhase {
#define X(phase, name, meaning) phase,
    NODE_PHASES(X)
#undef X
        NODE_PHASE_COUNT
} NodePhase;

typedef enum NodeReason {
#define X(reason, name) reason,
    NODE_REASONS(X)
#undef X
        NODE_REASON_COUNT
} NodeReason;

typedef enum NodeStart {
#define X(start, name) start,
    NODE_STARTS(X)
#undef X
        NODE_START_COUNT
} NodeStart;

extern const char *const NODE_PHASE_NAME[NODE_PHASE_COUNT];
extern const char *const NODE_REASON_NAME[NODE_REASON_COUNT];
extern const char *const NODE_START_NAME[NODE_START_COUNT];

typedef struct Node {
    NodePhase phase;
    uint64_t phase_since_usec;
    NodeReason reason; /* why it is wanted down; NONE while it is wanted up */
    NodeStart start;
    bool exit_wanted; /* the operator asked Visor to leave */
    bool has_data_node;
    bool has_statistics;
    bool operator_height;
    uint64_t restarts_used;
    uint64_t answering_since_usec; /* USEC_NEVER while it does not answer */
    bool polling;                  /* a poll is under way */
    uint64_t poll_began_usec;
    uint64_t spawn_height_blocks;      /* the height of the start under way, for both processes; 0 = none */
    uint64_t unanswered_height_blocks; /* the upgrade height, until its release has answered once; 0 = none */
    char unanswered_tag[RELEASE_TAG_MAX + 1]; /* "" = none */
    ReleaseRecord record;                     /* what is on the disk, or is to be */
    uint64_t ask_due_usec;                    /* when the running binary is asked for its version again */
    uint64_t save_due_usec;                   /* the record could not be written; when it is tried again */
    uint64_t note_due_usec;                   /* the same of the note */
    uint64_t started_usec;                    /* when its processes were spawned; 0 = they were not */
    uint64_t inspect_due_usec;                /* WAITING: when it is looked at again */
    uint64_t held_due_usec;                   /* when it is said again that something is in the way */
} Node;
