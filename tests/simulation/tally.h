/* What a run of many histories came to: faults by kind, which cells of the core's tables were met, time, steps. */
#pragma once

#include "core/core.h"

#include <stdint.h>
#include <stdio.h>

/* fault, name */
#define FAULTS(X)                                                                                                  \
    X(FAULT_VISOR_KILLED, "Visor killed")                                                                          \
    X(FAULT_VISOR_KILLED_BETWEEN, "Visor killed between two actions")                                              \
    X(FAULT_VISOR_KILLED_WITHIN, "Visor killed within an action")                                                  \
    X(FAULT_VISOR_FROZEN, "Visor frozen")                                                                          \
    X(FAULT_MACHINE_CRASH, "machine crash")                                                                        \
    X(FAULT_CLOCK_JUMP, "the machine sleeps: its clock stands still, the network goes on")                         \
    X(FAULT_SECOND_VISOR, "a second Visor started")                                                                \
    X(FAULT_NODE_CRASH, "core crash")                                                                              \
    X(FAULT_DATA_NODE_CRASH, "data node crash")                                                                    \
    X(FAULT_CRASH_AT_START, "crash at start")                                                                      \
    X(FAULT_SPAWN, "process cannot be started")                                                                    \
    X(FAULT_SLOW_START, "slow start")                                                                              \
    X(FAULT_NEVER_ANSWERS, "never answers")                                                                        \
    X(FAULT_HANG, "hangs")                                                                                         \
    X(FAULT_SLOW_STOP, "slow stop")                                                                                \
    X(FAULT_IGNORES_TERM, "ignores SIGTERM")                                                                       \
    X(FAULT_UNKILLABLE, "not gone after SIGKILL for a while")                                                      \
    X(FAULT_DESCENDANTS, "descendants outlive their process")                                                      \
    X(FAULT_MISSED, "descendants that SIGKILL missed")                                                             \
    X(FAULT_RECORD_LOST, "record of a living process lost")                                                        \
    X(FAULT_NOT_NOTED, "record of a living process cannot be written")                                             \
    X(FAULT_SEGMENT, "segment query fails")                                                                        \
    X(FAULT_VERSION, "binary does not tell its version")                                                           \
    X(FAULT_POLL_ERROR, "RPC error")                                                                               \
    X(FAULT_POLL_DELAY, "RPC delay")                                                                               \
    X(FAULT_POLL_HANG, "RPC hang")                                                                                 \
    X(FAULT_LIE_RETRACTED, "lie: retracted")                                                                       \
    X(FAULT_LIE_AT_BLOCK, "lie: not ready any more")                                                               \
    X(FAULT_LIE_CHANGED, "lie: another release")                                                                   \
    X(FAULT_LIE_MOVED, "lie: another height")                                                                      \
    X(FAULT_LIE_OLD, "lie: an old tag")                                                                            \
    X(FAULT_LIE_NONSENSE, "lie: a tag that is none")                                                               \
    X(FAULT_LIE_ITSELF, "lie: ready for itself")                                                                   \
    X(FAULT_LIE_NOTHING, "lie: ready for nothing")                                                                 \
    X(FAULT_FETCH, "fetch fails")                                                                                  \
    X(FAULT_FETCH_SLOW, "fetch slow")                                                                              \
    X(FAULT_FETCH_USELESS, "fetch brings the wrong thing")                                                         \
    X(FAULT_SERVER_DOWN, "release server down")                                                                    \
    X(FAULT_LATE_RELEASE, "release published late")                                                                \
    X(FAULT_DISK_FULL, "disk full")                                                                                \
    X(FAULT_SAVE, "save fails")                                                                                    \
    X(FAULT_SAVE_HALF, "save made, but called failed")                                                             \
    X(FAULT_SWITCH, "switch fails")                                                                                \
    X(FAULT_SWITCH_HALF, "switch made, but called failed")                                                         \
    X(FAULT_PLACE, "placing fails")                                                                                \
    X(FAULT_STATE_DAMAGED, "state file damaged")                                                                   \
    X(FAULT_STATE_REMOVED, "state file removed")                                                                   \
    X(FAULT_STATE_LOST, "state file lost, and its copy as well")                                                   \
    X(FAULT_CURRENT_DROPPED, "`current` dropped")                                                                  \
    X(FAULT_FOLDER_CHANGED, "release folder changed or removed")                                                   \
    X(FAULT_FOLDER_MADE, "release folder made by the operator")                                                    \
    X(FAULT_SETTINGS, "settings changed")                                                                          \
    X(FAULT_STOP, "operator stops Visor")                                                                          \
    X(FAULT_REEXEC, "reexec")                                                                                      \
    X(FAULT_REHEARSAL, "rehearsal fails")                                                                          \
    X(FAULT_REEXEC_FAILS, "reexec fails")                                                                          \
    X(FAULT_RUN_CONFIG, "run-config unreadable")                                                                   \
    X(FAULT_FOREIGN_NODE, "a node that is not Visor's answers")

typedef enum Fault {
#define X(fault, name) fault,
    FAULTS(X)
#undef X
        FAULT_COUNT
} Fault;

extern const char *const FAULT_NAME[FAULT_COUNT];

/** Plain numbers only: workers keep theirs in shared memory. */
typedef struct Tally {
    uint64_t histories;
    uint64_t steps;
    uint64_t virtual_seconds;
    uint64_t upgrades;
    uint64_t adoptions;
    uint64_t hash; /* the sum over the histories: the same for the same seeds, in whatever order */
    uint64_t faults[FAULT_COUNT];
    uint64_t events[EVENT_TYPE_COUNT];
    uint64_t actions[ACTION_TYPE_COUNT];
    uint64_t actions_most;
    uint64_t reports[REPORT_KIND_COUNT];
    uint64_t phases[NODE_PHASE_COUNT][EVENT_TYPE_COUNT];
    uint64_t upgrade_steps[UPGRADE_STEP_COUNT][EVENT_TYPE_COUNT];
    uint64_t processes[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT];
} Tally;

/** Counts the process events from here on in @tally: they happen within the core (tally_wrap.c). */
void tally_watch_processes(Tally *tally);

/** Adds @from to @to. */
void tally_add(Tally *to, const Tally *from);

void tally_print_faults(const Tally *tally, FILE *out);

/** The three tables, and what was never met. */
void tally_print_coverage(const Tally *tally, FILE *out);
