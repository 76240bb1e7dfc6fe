/*
 * The upgrade machine. Level-driven: what to do next is read off facts, never off what happened last, so a Visor
 * that looks at the facts at any moment goes on at the right step.
 */
#pragma once

#include "core/tag.h"

#include <stdbool.h>
#include <stdint.h>

/* fact, name, meaning: what the step is read off */
#define UPGRADE_FACTS(X)                                                                                           \
    X(accepted, "accepted", "the network names a release")                                                         \
    X(usable, "usable", "its tag is a plain version name and no older than what runs")                             \
    X(running_known, "running known", "the running binary has reported its release, or failed to")                 \
    X(installed, "installed", "it is the release that runs")                                                       \
    X(absent, "absent", "nothing of it is in place, or all but its binary: a fetch can supply that")               \
    X(may_fetch, "may fetch", "autoInstall is on; without prefetch, only when the node is ready")                  \
    X(proven, "proven", "its folder is complete and its binaries reported its version")                            \
    X(ready, "ready", "the node has finished the upgrade block")                                                   \
    X(committed, "committed", "the old node is being stopped, or was, for it")                                     \
    X(stopped, "stopped", "nothing of the old node is alive")                                                      \
    X(switched, "switched", "`current` names its folder")

/* step, name, meaning */
#define UPGRADE_STEPS(X)                                                                                           \
    X(UPGRADE_NONE, "none", "no upgrade is known")                                                                 \
    X(UPGRADE_REFUSED, "refused", "the tag cannot be used: said once, the node stays up")                          \
    X(UPGRADE_ASKING, "asking", "which release runs is not yet known: wait for its answer")                        \
    X(UPGRADE_INSTALLED, "installed", "the release runs already: nothing to do")                                   \
    X(UPGRADE_EXAMINING, "examining", "not proven: examine it when its folder changes, and every 10 s")            \
    X(UPGRADE_FETCHING, "fetching", "absent: fetch it, again and again; examine what was fetched")                 \
    X(UPGRADE_PREPARED, "prepared", "proven: wait for the block")                                                  \
    X(UPGRADE_BLOCKED, "blocked",                                                                                  \
      "ready but not proven: the old node stays up, keep fetching and examining, be loud")                         \
    X(UPGRADE_DELAYING, "delaying", "ready and proven: wait for the stop delay, then look at the proof once more") \
    X(UPGRADE_STOPPING, "stopping", "stop the old node")                                                           \
    X(UPGRADE_SWITCHING, "switching", "point `current` at the release's folder")                                   \
    X(UPGRADE_STARTING, "starting", "start the release at its height, wait for its first answer")

typedef enum UpgradeStep {
#define X(step, name, meaning) step,
    UPGRADE_STEPS(X)
#undef X
        UPGRADE_STEP_COUNT
} UpgradeStep;

typedef struct UpgradeFacts {
#define X(fact, name, meaning) bool fact;
    UPGRADE_FACTS(X)
#undef X
} UpgradeFacts;

extern const char *const UPGRADE_STEP_NAME[UPGRADE_STEP_COUNT];

/*
 * The rules, first match wins: step, and the condition on the facts as C. The text of the condition is what
 * docs/state-machines.md shows.
 */
#define UPGRADE_RULES(X)                                                                                           \
    X(UPGRADE_STARTING, facts->committed && facts->switched)                                                       \
    X(UPGRADE_SWITCHING, facts->committed && facts->stopped)                                                       \
    X(UPGRADE_STOPPING, facts->committed)                                                                          \
    X(UPGRADE_NONE, !facts->accepted)                                                                              \
    X(UPGRADE_ASKING, !facts->running_known)                                                                       \
    X(UPGRADE_INSTALLED, facts->installed)                                                                         \
    X(UPGRADE_REFUSED, !facts->usable)                                                                             \
    X(UPGRADE_DELAYING, facts->ready && facts->proven)                                                             \
    X(UPGRADE_BLOCKED, facts->ready)                                                                               \
    X(UPGRADE_PREPARED, facts->proven)                                                                             \
    X(UPGRADE_FETCHING, facts->absent && facts->may_fetch)                                                         \
    X(UPGRADE_EXAMINING, true)

/** The step that the facts call for: the first rule that matches. */
UpgradeStep upgrade_step(const UpgradeFacts *facts);

/** The upgrade that is under way, if any. */
typedef struct Upgrade {
    UpgradeFacts facts;
    UpgradeStep step; /* what was last read off the facts */
    char tag[RELEASE_TAG_MAX + 1];
    uint64_t height_blocks;
    char running[RELEASE_TAG_MAX + 1]; /* what the running binary reports; "" = unknown */
    char former[RELEASE_TAG_MAX + 1];  /* what ran before the switch; or the tag that another one replaced */
    bool examining;                    /* an examination is under way */
    bool examined;                     /* one has come to its end */
    bool placing;                      /* what was staged and proven is being put in place */
    bool checking;                     /* a look at the proof is under way */
    bool saving;                       /* the upgrade is being recorded, and nothing is stopped before it is */
    bool decided;                      /* an earlier Visor decided on it, and `current` does not name it yet */
    bool doubted;                      /* resumed, and one examination has not proven it */
    bool resumed;                      /* an earlier Visor began it, and knew its times */
    uint64_t examine_due_usec;
    uint64_t examine_gap_usec; /* how long a folder that changes is left to come to rest */
    uint64_t examined_usec;    /* when the last examination began */
    uint64_t check_due_usec;   /* proven: when that is looked at again */
    uint64_t retry_due_usec;   /* saving or switching failed: not before this; USEC_NEVER = being tried */
    uint64_t alarm_due_usec;   /* BLOCKED: when it is said again */
    uint64_t nothing_due_usec; /* when it may be said again that the node is ready for no release */
    uint64_t ready_usec;
    uint64_t committed_usec;
    uint64_t stopped_usec;
    uint64_t started_usec;
} Upgrade;
