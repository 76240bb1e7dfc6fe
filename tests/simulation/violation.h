/* What must never happen, each with a number and a name, and the first of it that did. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* violation, number (the invariant of the architecture it belongs to), what must hold */
#define VIOLATIONS(X)                                                                                              \
    X(VIOLATION_SECOND_COPY, "1a", "a process is started only when no copy of it lives and its lock is free")      \
    X(VIOLATION_MIXED_START, "1b", "the core is started only when nothing of the node is alive")                   \
    X(VIOLATION_UNKNOWN_ALIVE, "1c", "nothing is started or signalled while something unknown is alive")           \
    X(VIOLATION_STOPPED_UNPROVEN, "2a",                                                                            \
      "the old node is stopped for an upgrade only when the new release is "                                       \
      "complete and proven")                                                                                       \
    X(VIOLATION_STOPPED_UNREADY, "2b",                                                                             \
      "the old node is stopped for an upgrade only when it has finished the "                                      \
      "upgrade block")                                                                                             \
    X(VIOLATION_STOPPED_UNRECORDED, "2c", "the decision is durable before the old node is stopped for it")         \
    X(VIOLATION_STOPPED_EARLY, "2d",                                                                               \
      "the old node is stopped only stopDelaySeconds after it was seen to be ready")                               \
    X(VIOLATION_CURRENT_INCOMPLETE, "3a", "`current` is pointed only at a complete, proven folder")                \
    X(VIOLATION_SWITCHED_ALIVE, "3b", "`current` is switched only when nothing of the node is alive")              \
    X(VIOLATION_SWITCHED_UNRECORDED, "3c", "the decision is durable before the switch")                            \
    X(VIOLATION_OLDER_STARTED, "4a", "once switched, no older release is started")                                 \
    X(VIOLATION_WRONG_RELEASE, "4b",                                                                               \
      "only the release that is right for the height of the node's data is started")                               \
    X(VIOLATION_UNDECIDED, "4e", "what was decided on is carried out: the older release is not started again")     \
    X(VIOLATION_WRONG_HEIGHT, "4c", "the upgrade height is used until its release has answered, and never after")  \
    X(VIOLATION_WRONG_RECORD, "4d", "what is recorded of a release is so")                                         \
    X(VIOLATION_HEALTHY_SIGNALLED, "5a", "a healthy node that is wanted gets no signal")                           \
    X(VIOLATION_BUDGET, "5b", "no more restarts than the budget has, also if the node outlives a Visor")           \
    X(VIOLATION_ADOPTED_ANEW, "5c", "an adopted node keeps its restarts, start, height and answer")                \
    X(VIOLATION_NOT_NOTED, "5d", "what a new Visor must know is noted before the action it is about")              \
    X(VIOLATION_NOT_COPIED, "5e", "beside the lock of the core there is a copy of the record, alive or dead")      \
    X(VIOLATION_NO_DEADLINE, "6a", "every wait has a deadline or a named answer")                                  \
    X(VIOLATION_LIVELOCK, "6b", "only so many steps at one moment")                                                \
    X(VIOLATION_GAVE_UP_EARLY, "6c", "a node is given up only after its time to answer")                           \
    X(VIOLATION_OPERATORS_FILES, "7a", "what the operator placed is never overwritten")                            \
    X(VIOLATION_SENSELESS, "9a", "every action makes sense where it is done")                                      \
    X(VIOLATION_LEFT_ALIVE, "9b",                                                                                  \
      "Visor leaves only when nothing of the node is alive, or with the code for that")                            \
    X(VIOLATION_IMPOSSIBLE, "9c", "no event that comes is impossible to the core")                                 \
    X(VIOLATION_ASSERTION, "9d", "the core keeps its own assertions")                                              \
    X(VIOLATION_NOT_ALIVE, "10a", "when faults have stopped, the node runs and answers, and Visor watches it")     \
    X(VIOLATION_NOT_RIGHT, "10b", "when faults have stopped, the release that is right for the height runs")       \
    X(VIOLATION_NOT_RECORDED, "10c", "when faults have stopped, the record names what runs and that it answered")  \
    X(VIOLATION_NOT_COMPLETED, "10e",                                                                              \
      "an upgrade whose release answers is told to be complete, when its blocks come if they are watched; once")   \
    X(VIOLATION_NOT_WRITTEN, "10f", "when faults have stopped, another Visor could take over what runs")           \
    X(VIOLATION_NO_END, "10d", "a history comes to its end")

typedef enum ViolationKind {
#define X(violation, number, holds) violation,
    VIOLATIONS(X)
#undef X
        VIOLATION_KIND_COUNT,
    VIOLATION_NONE = VIOLATION_KIND_COUNT,
} ViolationKind;

typedef struct Violation {
    ViolationKind kind;
    char detail[200];
} Violation;

extern const char *const VIOLATION_NUMBER[VIOLATION_KIND_COUNT];
extern const char *const VIOLATION_HOLDS[VIOLATION_KIND_COUNT];

struct World;

/** Notes that what @kind names does not hold; only the first of a history counts, and the history ends with it. */
__attribute__((__format__(__printf__, 3, 4))) void
violate(struct World *world, ViolationKind kind, const char *format, ...);

bool violated(const struct World *world);
