/* What the core wants done. The order of a list is the order of durability. */
#pragma once

#include "base/exit_code.h"
#include "core/note.h"
#include "core/process.h"
#include "core/record.h"
#include "core/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * action, name, meaning
 *
 * "Answered at once" means: the answer is the next event that the core gets. The others are answered later, by
 * exactly one event each unless they are cancelled.
 */
#define ACTIONS(X)                                                                                                      \
    X(ACTION_INSPECT, "inspect",                                                                                        \
      "gather the facts of a start: run-config, binaries, locks, socket; answered at once")                             \
    X(ACTION_QUERY_SEGMENT, "query segment", "ask the data node's binary for its latest history segment")               \
    X(ACTION_NOTE, "note",                                                                                              \
      "note beside the locks of what lives or is spawned next what a new visor must know; answered if that fails")      \
    X(ACTION_SPAWN, "spawn", "start a process, with a snapshot height unless it is 0; answered at once")                \
    X(ACTION_TERMINATE, "terminate", "send SIGTERM to a process")                                                       \
    X(ACTION_TERMINATE_GROUP, "terminate group", "send SIGTERM to what is left of a process's group")                   \
    X(ACTION_KILL, "kill", "send SIGKILL to a process and its group")                                                   \
    X(ACTION_CHECK_LOCK, "check lock", "see whether a process's lock is free; answered at once")                        \
    X(ACTION_POLL, "poll", "ask the core for the upgrade status")                                                       \
    X(ACTION_CANCEL_POLL, "cancel poll", "forget the poll and the question for the height, close the connections")      \
    X(ACTION_ASK_HEIGHT, "ask height", "ask the node's statistics for its block height")                                \
    X(ACTION_ASK_VERSION, "ask version", "ask the running binary for its version")                                      \
    X(ACTION_EXAMINE, "examine",                                                                                        \
      "examine the folder of the release and let its binaries report their version; replaces an examination under way") \
    X(ACTION_FETCH, "fetch", "fetch the release into its staging folder")                                               \
    X(ACTION_CANCEL_FETCH, "cancel fetch", "end the fetch under way; it is not answered")                               \
    X(ACTION_PLACE, "place", "put the staged release, just proven, in place; answered at once")                         \
    X(ACTION_DISCARD, "discard", "throw away what was fetched of the release")                                          \
    X(ACTION_TIDY, "tidy", "clear what was staged of other releases, and finished releases beyond keepReleases")        \
    X(ACTION_WARM, "warm", "read the binaries of the proven release into the page cache")                               \
    X(ACTION_CHECK_PROOF, "check proof",                                                                                \
      "see that what was proven is unchanged and `current` can be switched; answered at once")                          \
    X(ACTION_CANCEL_TOOLS, "cancel tools", "end the tools under way; they are not answered")                            \
    X(ACTION_SAVE, "save", "make durable which release was decided for, and how far that came; answered at once")       \
    X(ACTION_SWITCH, "switch", "point `current` at the proven release; answered at once")                               \
    X(ACTION_REHEARSE, "rehearse", "ask the binary now at Visor's path whether it could take over")                     \
    X(ACTION_REEXEC, "reexec", "become that binary; answered, at once, only if that fails")                             \
    X(ACTION_REPORT, "report", "say it")                                                                                \
    X(ACTION_EXIT, "exit", "leave with a code; nothing of the node is alive")

typedef enum ActionType {
#define X(action, name, meaning) action,
    ACTIONS(X)
#undef X
        ACTION_TYPE_COUNT
} ActionType;

extern const char *const ACTION_NAME[ACTION_TYPE_COUNT];

/** One action. Strings are borrowed from the core until its next step. */
typedef struct Action {
    ActionType type;
    union {
        struct { /* ACTION_SPAWN */
            ProcessName name;
            uint64_t height_blocks;
        } spawn;
        ProcessName process; /* ACTION_TERMINATE, ACTION_TERMINATE_GROUP, ACTION_KILL, ACTION_CHECK_LOCK */
        const char *tag; /* ACTION_EXAMINE, ACTION_FETCH, ACTION_PLACE, ACTION_DISCARD, ACTION_TIDY, ACTION_WARM,
                          * ACTION_CHECK_PROOF, ACTION_SWITCH */
        const ReleaseRecord *save; /* ACTION_SAVE; borrowed from the core until its next step */
        NodeNote note;             /* ACTION_NOTE */
        Report report;             /* ACTION_REPORT */
        ExitCode exit_code;        /* ACTION_EXIT */
    };
} Action;

enum { ACTIONS_MAX = 24 }; /* no step needs more; the unit tests and the simulator watch it */

typedef struct Actions {
    Action items[ACTIONS_MAX];
    size_t count;
} Actions;
