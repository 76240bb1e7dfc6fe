/*
 * What the checks of `visor check` share. Each looks at one thing and adds its findings; none changes anything: the
 * home is the same before and after, down to mode bits, and a running Visor is not disturbed.
 */
#pragma once

#include "cli/finding.h"
#include "config/config.h"
#include "config/run_config.h"
#include "core/tag.h"
#include "home/layout.h"
#include "home/state.h"

#include <systemd/sd-event.h>

typedef struct Check {
    Findings findings;
    sd_event *event;
    Home home;
    Config *config; /* NULL: it cannot be used */
    State state;
    char *folder;                      /* of the release that runs, or would at the next start; NULL: not known */
    RunConfig *run_config;             /* of that folder; NULL: it cannot be used */
    char version[RELEASE_TAG_MAX + 1]; /* what its binary reports; "" = it does not */
    const char *upgrade;               /* the tag of --upgrade; NULL: none */
    bool upgrade_fetched;              /* autoInstall would have to fetch it */
    uint64_t binary_bytes;             /* of the release that runs: about what the next one needs, too */
    uint64_t asset_bytes;              /* what would have to be downloaded; 0 = not known */
    uint64_t server_time_seconds;      /* when we looked at `server_usec`; 0 = no server was asked */
    uint64_t server_usec;
} Check;

/** What a release must be, and what is told of it. */
typedef struct ReleaseCheck {
    const char *folder;
    const char *wanted;    /* the version its binaries must report; NULL = any */
    bool lacks_binary;     /* the caller knows it and tells it: a missing binary is no finding here */
    RunConfig *run_config; /* owned by the caller; NULL if it cannot be used */
    bool complete;
    char version[RELEASE_TAG_MAX + 1]; /* what the core's binary reports */
    uint64_t binary_bytes;
} ReleaseCheck;

/** ok, warning or problem about @subject; @cure NULL if none is needed or the text has it. */
#define check_ok(check, what, subject, ...)                                                                        \
    findings_add(&(check)->findings, what, FINDING_OK, subject, NULL, __VA_ARGS__)
#define check_warning(check, what, subject, cure, ...)                                                             \
    findings_add(&(check)->findings, what, FINDING_WARNING, subject, cure, __VA_ARGS__)
#define check_problem(check, what, subject, cure, ...)                                                             \
    findings_add(&(check)->findings, what, FINDING_PROBLEM, subject, cure, __VA_ARGS__)

/** Reads config.toml (check_config.c). */
void check_config(Check *check);

/** Adds the findings of a configuration file; @path names it. */
void check_problems(Check *check, FindingCheck what, const char *path, const Problems *problems);

/** Rights on the home, `current` and the record (check_home.c). */
void check_home(Check *check);

/** The folder, run-config and binaries of a release (check_release.c). */
void check_release(Check *check, ReleaseCheck *release);

/** The binary of a process: is it one, and what does it report? Returns true if it is fit (check_binary.c). */
bool check_binary(Check *check, ReleaseCheck *release, const RunBinary *binary, bool is_core);

/** Who holds the home and the node's locks, who answers at the admin socket (check_alive.c). */
void check_alive(Check *check);

/** The folder of the release of --upgrade (check_upgrade.c). */
void check_upgrade(Check *check);

/** Could autoInstall fetch that release, or the one that runs (check_auto_install.c)? */
void check_auto_install(Check *check);

/** Space for an upgrade (check_disk.c). */
void check_disk(Check *check);

/** Is the clock right (check_clock.c)? */
void check_clock(Check *check);

/** Runs the event loop until @done. Returns 0 or -errno. */
MUST_USE int check_wait(Check *check, const bool *done);
