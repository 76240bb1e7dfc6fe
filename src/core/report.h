/*
 * What the core has to say: each thing that matters happens as one of these, so the log, and later the history and
 * the hooks, speak of the same events. The texts are here, once.
 */
#pragma once

#include "base/log.h"
#include "core/process.h"

#include <stdint.h>

/* Which members of a report are set, and so printed; and what it is. */
enum {
    REPORT_PROCESS = 1 << 0,
    REPORT_TAG = 1 << 1,
    REPORT_FROM = 1 << 2,
    REPORT_HEIGHT = 1 << 3,
    REPORT_COUNT = 1 << 4, /* count and limit: restart=1 of=3 */
    REPORT_DELAY = 1 << 5,
    REPORT_TOOK = 1 << 6,
    REPORT_TIMES = 1 << 7, /* the breakdown of an upgrade */
    REPORT_DETAIL = 1 << 8,
    /* What becomes of it beside the log. */
    REPORT_HISTORY = 1 << 9, /* a month later an operator still wants to know: see docs/history.md */
    REPORT_ALARM = 1 << 10,  /* said again and again while it lasts; the history has it once */
};

/* kind, level, component, members, message */
#define REPORTS(X)                                                                                                          \
    X(REPORT_STARTING, LOG_LEVEL_INFO, "node", REPORT_HEIGHT | REPORT_HISTORY, "starting the node")                         \
    X(REPORT_ANSWERED, LOG_LEVEL_INFO, "node", REPORT_TOOK | REPORT_HISTORY, "the node answers")                            \
    X(REPORT_ADOPTED, LOG_LEVEL_INFO, "node", REPORT_PROCESS | REPORT_HISTORY,                                              \
      "taken over, alive: it was started by an earlier visor")                                                              \
    X(REPORT_RENEWED, LOG_LEVEL_INFO, "node", REPORT_HISTORY,                                                               \
      "an earlier visor was stopping the node; that is brought to its end, then the node is started anew")                  \
    X(REPORT_HELD, LOG_LEVEL_ERROR, "node", REPORT_HISTORY | REPORT_ALARM,                                                  \
      "something of this home's node is alive and cannot be taken over; nothing is started before it ends")                 \
    X(REPORT_STOPPING, LOG_LEVEL_INFO, "node", REPORT_DETAIL | REPORT_HISTORY, "stopping the node")                         \
    X(REPORT_TERMINATED, LOG_LEVEL_INFO, "node", REPORT_PROCESS | REPORT_DELAY,                                             \
      "sent SIGTERM, waiting for its end")                                                                                  \
    X(REPORT_KILLED, LOG_LEVEL_WARNING, "node", REPORT_PROCESS | REPORT_DETAIL | REPORT_HISTORY, "sent SIGKILL")            \
    X(REPORT_LINGERS, LOG_LEVEL_WARNING, "node", REPORT_PROCESS | REPORT_HISTORY,                                           \
      "the process has ended, but descendants of it hold its lock; nothing is started before they end")                     \
    X(REPORT_UNKILLABLE, LOG_LEVEL_ERROR, "node", REPORT_PROCESS | REPORT_TOOK | REPORT_HISTORY | REPORT_ALARM,             \
      "still not gone after SIGKILL; nothing is started before it is: see what holds it up (ps, dmesg)")                    \
    X(REPORT_FAILED, LOG_LEVEL_ERROR, "node", REPORT_PROCESS | REPORT_HISTORY,                                              \
      "the node failed: a process ended by itself")                                                                         \
    X(REPORT_START_FAILED, LOG_LEVEL_ERROR, "node", REPORT_HISTORY, "the start failed")                                     \
    X(REPORT_RESTARTING, LOG_LEVEL_WARNING, "node", REPORT_COUNT | REPORT_DELAY | REPORT_HISTORY,                           \
      "the node will be restarted")                                                                                         \
    X(REPORT_BUDGET_SPENT, LOG_LEVEL_ERROR, "node", REPORT_COUNT | REPORT_HISTORY,                                          \
      "giving up: maxNumberOfRestarts is used up; cure what ends the node, then start visor again")                         \
    X(REPORT_BUDGET_FULL, LOG_LEVEL_INFO, "node", REPORT_TOOK,                                                              \
      "the node has been well; all restarts are available again")                                                           \
    X(REPORT_NEVER_ANSWERED, LOG_LEVEL_ERROR, "node", REPORT_TOOK | REPORT_HISTORY,                                         \
      "giving up: the node did not answer in time; is socketPath in run-config.toml that of the core's [Admin.Server]?")    \
    X(REPORT_RELEASE, LOG_LEVEL_INFO, "node", REPORT_TAG | REPORT_HISTORY, "this release runs")                             \
    X(REPORT_RELEASE_UNKNOWN, LOG_LEVEL_WARNING, "node", 0,                                                                 \
      "the running binary did not report its version; upgrades are told apart by their folder instead")                     \
    X(REPORT_ACCEPTED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                              \
      "the network has accepted an upgrade")                                                                                \
    X(REPORT_MOVED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                                 \
      "the upgrade has a new height")                                                                                       \
    X(REPORT_RETRACTED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HISTORY,                                             \
      "the upgrade was retracted by the network")                                                                           \
    X(REPORT_INSTALLED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG, "the accepted release runs already: no upgrade")             \
    X(REPORT_READY_FOR_ITSELF, LOG_LEVEL_WARNING, "upgrade", REPORT_TAG | REPORT_HISTORY | REPORT_ALARM,                    \
      "the node says it is ready for the release it already is; it is left running")                                        \
    X(REPORT_READY_FOR_NOTHING, LOG_LEVEL_ERROR, "upgrade", REPORT_HISTORY | REPORT_ALARM,                                  \
      "the node says it is ready to upgrade but names no release; it is left running")                                      \
    X(REPORT_REFUSED_NAME, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_HISTORY | REPORT_ALARM,                          \
      "refused: the tag is no plain version name, and it would become the name of a folder; the node is left running")      \
    X(REPORT_REFUSED_OLDER, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_FROM | REPORT_HISTORY | REPORT_ALARM,           \
      "refused: the release is older than the one that runs; the node is left running")                                     \
    X(REPORT_FETCH_PLANNED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_DELAY,                                           \
      "the release is missing and will be fetched")                                                                         \
    X(REPORT_FETCH_FAILED, LOG_LEVEL_DEBUG, "fetch", REPORT_TAG | REPORT_DELAY, "the fetch is tried again")                 \
    X(REPORT_PLACED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HISTORY, "the fetched release is in place")             \
    X(REPORT_NOT_PLACED, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_HISTORY | REPORT_ALARM,                            \
      "the fetched release could not be put in place; trying again")                                                        \
    X(REPORT_KEPT, LOG_LEVEL_INFO, "upgrade", REPORT_TAG, "its folder stays in place")                                      \
    X(REPORT_PREPARED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                              \
      "ready for the upgrade: the release is proven")                                                                       \
    X(REPORT_UNPREPARED, LOG_LEVEL_WARNING, "upgrade", REPORT_TAG | REPORT_HISTORY,                                         \
      "the proven release has changed; it is examined again")                                                               \
    X(REPORT_READY, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                                 \
      "the node is ready to be upgraded")                                                                                   \
    X(REPORT_BLOCKED, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY | REPORT_ALARM,               \
      "THE NETWORK WAITS and the release is not proven; the old node stays up until it is")                                 \
    X(REPORT_DELAYED, LOG_LEVEL_INFO, "upgrade", REPORT_DELAY, "waiting for stopDelaySeconds")                              \
    X(REPORT_NOT_SAVED, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_HISTORY | REPORT_ALARM,                             \
      "the upgrade cannot be recorded, so the old node stays up; trying again")                                             \
    X(REPORT_COMMITTED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_TOOK | REPORT_HISTORY,               \
      "stopping the old release")                                                                                           \
    X(REPORT_SWITCHED, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_TOOK | REPORT_HISTORY,                                \
      "`current` names the new release")                                                                                    \
    X(REPORT_NOT_SWITCHED, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_HISTORY | REPORT_ALARM,                          \
      "`current` could not be switched; trying again")                                                                      \
    X(REPORT_ABORTED, LOG_LEVEL_ERROR, "upgrade", REPORT_TAG | REPORT_FROM | REPORT_HISTORY,                                \
      "the proven release changed while the old node was stopped; the old release is started again, and the upgrade waits") \
    X(REPORT_COMPLETED, LOG_LEVEL_INFO, "upgrade",                                                                          \
      REPORT_TAG | REPORT_FROM | REPORT_HEIGHT | REPORT_TIMES | REPORT_HISTORY, "the upgrade is complete")                  \
    X(REPORT_RESUMED, LOG_LEVEL_WARNING, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                            \
      "an earlier visor began this upgrade; going on with it")                                                              \
    X(REPORT_COMPLETED_LATER, LOG_LEVEL_INFO, "upgrade", REPORT_TAG | REPORT_HEIGHT | REPORT_HISTORY,                       \
      "the upgrade is complete; an earlier visor began it")                                                                 \
    X(REPORT_REEXEC, LOG_LEVEL_INFO, "supervisor", REPORT_HISTORY, "becoming the new binary; the node runs on")             \
    X(REPORT_REEXEC_WAITS, LOG_LEVEL_INFO, "supervisor", REPORT_DETAIL,                                                     \
      "asked to become another binary; that waits until the node is up")                                                    \
    X(REPORT_REEXEC_REFUSED, LOG_LEVEL_ERROR, "supervisor", REPORT_DETAIL | REPORT_HISTORY,                                 \
      "this visor goes on as it is")                                                                                        \
    X(REPORT_NO_BLOCKS, LOG_LEVEL_WARNING, "upgrade", REPORT_TAG | REPORT_TOOK | REPORT_HISTORY,                            \
      "the new release answers, but its block height does not move; is [vega.statistics] url in run-config.toml right?")    \
    X(REPORT_IMPOSSIBLE, LOG_LEVEL_ERROR, "core", REPORT_PROCESS | REPORT_DETAIL | REPORT_HISTORY,                          \
      "an event came that cannot happen in this state; please report this")

typedef enum ReportKind {
#define X(kind, level, component, members, message) kind,
    REPORTS(X)
#undef X
        REPORT_KIND_COUNT
} ReportKind;

/** The parts of an upgrade's time, in microseconds. */
typedef struct UpgradeTimes {
    uint64_t ready_to_stop_usec; /* ready seen -> SIGTERM sent; stopDelaySeconds included */
    uint64_t stop_usec;          /* SIGTERM -> last process gone and its lock free: the node's own */
    uint64_t switch_usec;        /* -> new processes started: Visor's */
    uint64_t start_usec;         /* -> first answer: the node's own */
} UpgradeTimes;

/** One thing to say. Strings are borrowed from the core until its next step. */
typedef struct Report {
    ReportKind kind;
    ProcessName process;
    const char *tag;
    const char *from;
    const char *detail;
    uint64_t height_blocks;
    uint64_t count;
    uint64_t limit;
    uint64_t delay_usec;
    uint64_t took_usec;
    UpgradeTimes times;
} Report;

/** What the log says for one kind of report. */
typedef struct ReportText {
    LogLevel level;
    const char *component;
    unsigned members;
    const char *message;
} ReportText;

extern const ReportText REPORT_TEXTS[REPORT_KIND_COUNT];

enum { REPORT_NAME_BYTES = 32 };

/** Writes the name that the history has for @kind, "never-answered": that of the kind. Returns @buffer. */
const char *report_name(ReportKind kind, char (*buffer)[REPORT_NAME_BYTES]);
