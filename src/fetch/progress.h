/*
 * What a run tells: one JSON object a line on standard output. docs/fetching.md has the list; exactly one of done,
 * looked and failed ends a run.
 *
 * A reader that is gone ends the run: nobody would wait for its result, and the next Visor would find the staging
 * folder locked. So every emission may fail, and http.h gives up when the heartbeat does.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* phase, its name in the events */
#define PHASES(X)                                                                                                  \
    X(PHASE_DOWNLOAD, "download")                                                                                  \
    X(PHASE_VERIFY, "verify")                                                                                      \
    X(PHASE_UNPACK, "unpack")                                                                                      \
    X(PHASE_STORE, "store")

typedef enum Phase {
#define X(phase, name) phase,
    PHASES(X)
#undef X
} Phase;

/* step, its name in the events, the exit code if it fails (sysexits.h; LOCKED is EX_TEMPFAIL) */
#define STEPS(X)                                                                                                   \
    X(STEP_REQUEST, "request", 64)                                                                                 \
    X(STEP_LOCK, "lock", 75)                                                                                       \
    X(STEP_FIND, "find", 69)                                                                                       \
    X(STEP_DOWNLOAD, "download", 69)                                                                               \
    X(STEP_VERIFY, "verify", 65)                                                                                   \
    X(STEP_UNPACK, "unpack", 65)                                                                                   \
    X(STEP_STORE, "store", 74)

typedef enum Step {
#define X(step, name, code) step,
    STEPS(X)
#undef X
} Step;

enum {
    EVENT_EXIT_USAGE = 64,
    EVENT_EXIT_DISK = 74,
    EVENT_BYTES_MAX = 16 * 1024, /* of the longest line */
};

#define BYTES_UNKNOWN UINT64_MAX

typedef struct Progress {
    int fd;
    bool ended;  /* the last event was told */
    bool silent; /* no reader, or it went away */
    Phase phase; /* what the heartbeat repeats */
    uint64_t bytes;
    uint64_t of_bytes;
    uint64_t told_usec;
} Progress;

/** Events go to @fd, borrowed. */
void progress_init(Progress *progress, int fd);

/**
 * Tells @event, whose reference is taken; NULL (memory was out while it was made) is an error.
 * Returns 0; -EPIPE when the reader is gone, -errno.
 */
MUST_USE int progress_event(Progress *progress, json_t *event);

/** Tells @event as the last one. */
MUST_USE int progress_end(Progress *progress, json_t *event);

/** Tells a warning for the operator: a whole sentence. */
MUST_USE int progress_warning(Progress *progress, const char *text);

/**
 * How far the run is; BYTES_UNKNOWN for @of_bytes if nobody knows. Told at once when the phase is new, else at most
 * 4 times a second. Returns 0, or what progress_event() returns.
 */
MUST_USE int progress_set(Progress *progress, Phase phase, uint64_t bytes, uint64_t of_bytes);

/** The heartbeat: repeats the last progress if nothing was told for nearly a second. Call it often. */
MUST_USE int progress_beat(Progress *progress);

/** How a run failed. */
typedef struct Failed {
    Step step;
    int error; /* negative errno */
    bool progressed;
    unsigned retry_after_seconds; /* 0 for none */
    Failure failure;
} Failed;

/** The event "failed", the last one. Returns the exit code of the run. */
int progress_failed(Progress *progress, const Failed *failed);

/** Is @error the disk's: full, broken, read-only, over its quota? Then the exit code is EVENT_EXIT_DISK. */
bool error_is_of_the_disk(int error);
