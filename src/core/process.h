/*
 * The process machine: one instance for the core node, one for the data node. Edge-driven: each event in each state
 * has one written cell, which names the next state and what is to be done about it.
 *
 * *state* is what the operating system knows of the process. Whether the node is wanted up and why it went down is
 * the node's business (core/node.h); whether the process has answered is `ready`, beside the state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* process, name in the log and of its lock file */
#define PROCESS_NAMES(X)                                                                                           \
    X(PROCESS_VEGA, "vega")                                                                                        \
    X(PROCESS_DATA_NODE, "data-node")

typedef enum ProcessName {
#define X(process, name) process,
    PROCESS_NAMES(X)
#undef X
        PROCESS_COUNT
} ProcessName;

/* state, name, meaning */
#define PROCESS_STATES(X)                                                                                          \
    X(PROCESS_DOWN, "down", "nothing of it is alive and its lock is free")                                         \
    X(PROCESS_RUNNING, "running", "it was started, by this visor or an earlier one, and has not ended")            \
    X(PROCESS_TERMINATING, "terminating", "SIGTERM was sent, the grace time runs")                                 \
    X(PROCESS_KILLING, "killing", "SIGKILL was sent to its group")                                                 \
    X(PROCESS_DRAINING, "draining", "it has ended; whether its lock is free is not yet known, or others hold it")

/* event, name, meaning */
#define PROCESS_EVENTS(X)                                                                                          \
    X(PROCESS_EVENT_SPAWNED, "spawned", "it was started")                                                          \
    X(PROCESS_EVENT_SPAWN_FAILED, "spawn failed", "it could not be started")                                       \
    X(PROCESS_EVENT_ADOPTED, "adopted", "it was found alive, started by an earlier visor")                         \
    X(PROCESS_EVENT_ANSWERED, "answered", "it has answered its first poll")                                        \
    X(PROCESS_EVENT_STOP, "stop", "the node is wanted down")                                                       \
    X(PROCESS_EVENT_HASTEN, "hasten", "the operator asked a second time")                                          \
    X(PROCESS_EVENT_GRACE_OVER, "grace over", "stopSignalTimeoutSeconds have passed; then once a second")          \
    X(PROCESS_EVENT_EXITED, "exited", "it has ended, however")                                                     \
    X(PROCESS_EVENT_LOCK_FREE, "lock free", "nobody holds its lock")                                               \
    X(PROCESS_EVENT_LOCK_HELD, "lock held", "a descendant still holds its lock")

/* effect, meaning */
#define PROCESS_EFFECTS(X)                                                                                         \
    X(PROCESS_EFFECT_NONE, "")                                                                                     \
    X(PROCESS_EFFECT_FAIL, "count a failure of the node")                                                          \
    X(PROCESS_EFFECT_READY, "it is ready")                                                                         \
    X(PROCESS_EFFECT_TERMINATE, "send SIGTERM, start the grace time")                                              \
    X(PROCESS_EFFECT_KILL, "send SIGKILL to its group")                                                            \
    X(PROCESS_EFFECT_DRAIN, "look at its lock")                                                                    \
    X(PROCESS_EFFECT_WAIT, "send SIGTERM to its group once, look at its lock again soon")                          \
    X(PROCESS_EFFECT_DOWN, "tell the node")                                                                        \
    X(PROCESS_EFFECT_IMPOSSIBLE, "cannot happen: logged, nothing changes")

/*
 * The machine: state, event, next state, effect. Every pair stands here exactly once; docs/state-machines.md is
 * made from it.
 */
#define PROCESS_CELLS(X)                                                                                           \
    X(PROCESS_DOWN, PROCESS_EVENT_SPAWNED, PROCESS_RUNNING, PROCESS_EFFECT_NONE)                                   \
    X(PROCESS_DOWN, PROCESS_EVENT_SPAWN_FAILED, PROCESS_DOWN, PROCESS_EFFECT_FAIL)                                 \
    X(PROCESS_DOWN, PROCESS_EVENT_ADOPTED, PROCESS_RUNNING, PROCESS_EFFECT_NONE)                                   \
    X(PROCESS_DOWN, PROCESS_EVENT_ANSWERED, PROCESS_DOWN, PROCESS_EFFECT_IMPOSSIBLE)                               \
    X(PROCESS_DOWN, PROCESS_EVENT_STOP, PROCESS_DOWN, PROCESS_EFFECT_NONE)                                         \
    X(PROCESS_DOWN, PROCESS_EVENT_HASTEN, PROCESS_DOWN, PROCESS_EFFECT_NONE)                                       \
    X(PROCESS_DOWN, PROCESS_EVENT_GRACE_OVER, PROCESS_DOWN, PROCESS_EFFECT_IMPOSSIBLE)                             \
    X(PROCESS_DOWN, PROCESS_EVENT_EXITED, PROCESS_DOWN, PROCESS_EFFECT_IMPOSSIBLE)                                 \
    X(PROCESS_DOWN, PROCESS_EVENT_LOCK_FREE, PROCESS_DOWN, PROCESS_EFFECT_IMPOSSIBLE)                              \
    X(PROCESS_DOWN, PROCESS_EVENT_LOCK_HELD, PROCESS_DOWN, PROCESS_EFFECT_IMPOSSIBLE)                              \
    X(PROCESS_RUNNING, PROCESS_EVENT_SPAWNED, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                          \
    X(PROCESS_RUNNING, PROCESS_EVENT_SPAWN_FAILED, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                     \
    X(PROCESS_RUNNING, PROCESS_EVENT_ADOPTED, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                          \
    X(PROCESS_RUNNING, PROCESS_EVENT_ANSWERED, PROCESS_RUNNING, PROCESS_EFFECT_READY)                              \
    X(PROCESS_RUNNING, PROCESS_EVENT_STOP, PROCESS_TERMINATING, PROCESS_EFFECT_TERMINATE)                          \
    X(PROCESS_RUNNING, PROCESS_EVENT_HASTEN, PROCESS_KILLING, PROCESS_EFFECT_KILL)                                 \
    X(PROCESS_RUNNING, PROCESS_EVENT_GRACE_OVER, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                       \
    X(PROCESS_RUNNING, PROCESS_EVENT_EXITED, PROCESS_DRAINING, PROCESS_EFFECT_DRAIN)                               \
    X(PROCESS_RUNNING, PROCESS_EVENT_LOCK_FREE, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_RUNNING, PROCESS_EVENT_LOCK_HELD, PROCESS_RUNNING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_TERMINATING, PROCESS_EVENT_SPAWNED, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)                  \
    X(PROCESS_TERMINATING, PROCESS_EVENT_SPAWN_FAILED, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)             \
    X(PROCESS_TERMINATING, PROCESS_EVENT_ADOPTED, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)                  \
    X(PROCESS_TERMINATING, PROCESS_EVENT_ANSWERED, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)                 \
    X(PROCESS_TERMINATING, PROCESS_EVENT_STOP, PROCESS_TERMINATING, PROCESS_EFFECT_NONE)                           \
    X(PROCESS_TERMINATING, PROCESS_EVENT_HASTEN, PROCESS_KILLING, PROCESS_EFFECT_KILL)                             \
    X(PROCESS_TERMINATING, PROCESS_EVENT_GRACE_OVER, PROCESS_KILLING, PROCESS_EFFECT_KILL)                         \
    X(PROCESS_TERMINATING, PROCESS_EVENT_EXITED, PROCESS_DRAINING, PROCESS_EFFECT_DRAIN)                           \
    X(PROCESS_TERMINATING, PROCESS_EVENT_LOCK_FREE, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)                \
    X(PROCESS_TERMINATING, PROCESS_EVENT_LOCK_HELD, PROCESS_TERMINATING, PROCESS_EFFECT_IMPOSSIBLE)                \
    X(PROCESS_KILLING, PROCESS_EVENT_SPAWNED, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                          \
    X(PROCESS_KILLING, PROCESS_EVENT_SPAWN_FAILED, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                     \
    X(PROCESS_KILLING, PROCESS_EVENT_ADOPTED, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                          \
    X(PROCESS_KILLING, PROCESS_EVENT_ANSWERED, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                         \
    X(PROCESS_KILLING, PROCESS_EVENT_STOP, PROCESS_KILLING, PROCESS_EFFECT_NONE)                                   \
    X(PROCESS_KILLING, PROCESS_EVENT_HASTEN, PROCESS_KILLING, PROCESS_EFFECT_KILL)                                 \
    X(PROCESS_KILLING, PROCESS_EVENT_GRACE_OVER, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                       \
    X(PROCESS_KILLING, PROCESS_EVENT_EXITED, PROCESS_DRAINING, PROCESS_EFFECT_DRAIN)                               \
    X(PROCESS_KILLING, PROCESS_EVENT_LOCK_FREE, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_KILLING, PROCESS_EVENT_LOCK_HELD, PROCESS_KILLING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_DRAINING, PROCESS_EVENT_SPAWNED, PROCESS_DRAINING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_DRAINING, PROCESS_EVENT_SPAWN_FAILED, PROCESS_DRAINING, PROCESS_EFFECT_IMPOSSIBLE)                   \
    X(PROCESS_DRAINING, PROCESS_EVENT_ADOPTED, PROCESS_DRAINING, PROCESS_EFFECT_IMPOSSIBLE)                        \
    X(PROCESS_DRAINING, PROCESS_EVENT_ANSWERED, PROCESS_DRAINING, PROCESS_EFFECT_IMPOSSIBLE)                       \
    X(PROCESS_DRAINING, PROCESS_EVENT_STOP, PROCESS_DRAINING, PROCESS_EFFECT_NONE)                                 \
    X(PROCESS_DRAINING, PROCESS_EVENT_HASTEN, PROCESS_DRAINING, PROCESS_EFFECT_KILL)                               \
    X(PROCESS_DRAINING, PROCESS_EVENT_GRACE_OVER, PROCESS_DRAINING, PROCESS_EFFECT_KILL)                           \
    X(PROCESS_DRAINING, PROCESS_EVENT_EXITED, PROCESS_DRAINING, PROCESS_EFFECT_IMPOSSIBLE)                         \
    X(PROCESS_DRAINING, PROCESS_EVENT_LOCK_FREE, PROCESS_DOWN, PROCESS_EFFECT_DOWN)                                \
    X(PROCESS_DRAINING, PROCESS_EVENT_LOCK_HELD, PROCESS_DRAINING, PROCESS_EFFECT_WAIT)

typedef enum ProcessState {
#define X(state, name, meaning) state,
    PROCESS_STATES(X)
#undef X
        PROCESS_STATE_COUNT
} ProcessState;

typedef enum ProcessEvent {
#define X(event, name, meaning) event,
    PROCESS_EVENTS(X)
#undef X
        PROCESS_EVENT_COUNT
} ProcessEvent;

typedef enum ProcessEffect {
#define X(effect, meaning) effect,
    PROCESS_EFFECTS(X)
#undef X
        PROCESS_EFFECT_COUNT
} ProcessEffect;

extern const char *const PROCESS_NAME[PROCESS_COUNT];
extern const char *const PROCESS_STATE_NAME[PROCESS_STATE_COUNT];
extern const char *const PROCESS_EVENT_NAME[PROCESS_EVENT_COUNT];

/** One node process, as far as the operating system is concerned. */
typedef struct Process {
    ProcessState state;
    uint64_t since_usec; /* when the state was entered */
    bool ready;          /* has answered since it was started; stays false for the data node, which has no RPC */
} Process;

/**
 * Takes @process through one event at @now_usec and returns what is to be done. The only writer of the state.
 */
ProcessEffect process_step(Process *process, ProcessEvent event, uint64_t now_usec);
