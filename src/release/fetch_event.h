/*
 * What visor-fetch says: one JSON object a line, hostile until it has been read here. Whatever comes out is bounded
 * and printable. Pure.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* event, its name in JSON */
#define FETCH_EVENTS(X)                                                                                            \
    X(FETCH_EVENT_SANDBOX, "sandbox")                                                                              \
    X(FETCH_EVENT_WARNING, "warning")                                                                              \
    X(FETCH_EVENT_FOUND, "found")                                                                                  \
    X(FETCH_EVENT_PROGRESS, "progress")                                                                            \
    X(FETCH_EVENT_RESUMED, "resumed")                                                                              \
    X(FETCH_EVENT_VERIFIED, "verified")                                                                            \
    X(FETCH_EVENT_DONE, "done")                                                                                    \
    X(FETCH_EVENT_LOOKED, "looked")                                                                                \
    X(FETCH_EVENT_FAILED, "failed")

#define FETCH_PHASES(X)                                                                                            \
    X(FETCH_PHASE_DOWNLOAD, "download")                                                                            \
    X(FETCH_PHASE_VERIFY, "verify")                                                                                \
    X(FETCH_PHASE_UNPACK, "unpack")                                                                                \
    X(FETCH_PHASE_STORE, "store")

#define FETCH_STEPS(X)                                                                                             \
    X(FETCH_STEP_REQUEST, "request")                                                                               \
    X(FETCH_STEP_LOCK, "lock")                                                                                     \
    X(FETCH_STEP_FIND, "find")                                                                                     \
    X(FETCH_STEP_DOWNLOAD, "download")                                                                             \
    X(FETCH_STEP_VERIFY, "verify")                                                                                 \
    X(FETCH_STEP_UNPACK, "unpack")                                                                                 \
    X(FETCH_STEP_STORE, "store")

#define X(name, text) name,
typedef enum FetchEventType { FETCH_EVENTS(X) FETCH_EVENT_COUNT } FetchEventType;
typedef enum FetchPhase { FETCH_PHASES(X) FETCH_PHASE_COUNT } FetchPhase;
typedef enum FetchStep { FETCH_STEPS(X) FETCH_STEP_COUNT } FetchStep;
#undef X

/** Their names, by value. */
extern const char *const FETCH_EVENT_NAMES[FETCH_EVENT_COUNT];
extern const char *const FETCH_PHASE_NAMES[FETCH_PHASE_COUNT];
extern const char *const FETCH_STEP_NAMES[FETCH_STEP_COUNT];

/** A number that visor-fetch does not know (null). */
#define FETCH_UNKNOWN UINT64_MAX

enum {
    FETCH_TEXT_BYTES = 1024,
    FETCH_LIST_MAX = 8,
    FETCH_ITEM_BYTES = 256,
};

/** Words for a person; what is over the limits is left out. */
typedef struct FetchList {
    size_t count;
    char items[FETCH_LIST_MAX][FETCH_ITEM_BYTES];
} FetchList;

typedef struct FetchEvent {
    FetchEventType type;
    char text[FETCH_TEXT_BYTES]; /* warning, failed: the sentence; found, looked: the URL; verified: against what */
    char sha256[65];             /* verified, done: lower case */
    FetchPhase phase;            /* progress */
    uint64_t bytes;              /* found, progress, resumed, done, looked; FETCH_UNKNOWN in found and looked */
    uint64_t of_bytes;           /* progress; FETCH_UNKNOWN */
    uint64_t files;              /* done */
    uint64_t unpacked_bytes;     /* done */
    bool from_api;               /* found: and not by the download URL alone */
    bool has_digest;             /* found: the API tells the digest */
    FetchList list;              /* done: verified against what; looked: verifiable by what; sandbox: its layers */
    FetchList missing;           /* sandbox: layers that the kernel lacks */
    FetchStep step;              /* failed */
    bool progressed;             /* failed: the next try need not bring all again */
    uint64_t retry_after_seconds; /* failed: the server asks for that wait, at most a day; 0 = it does not */
    uint64_t server_time_seconds; /* looked: since 1970; FETCH_UNKNOWN */
} FetchEvent;

/**
 * Reads one line.
 *
 * Returns 0; 1 if it is an event of a kind that is not known here, which is to be ignored; -EBADMSG, described in
 * @failure, if it is no event or lacks what its kind must have. Members that are not known are ignored.
 */
MUST_USE int fetch_event_parse(const char *line, FetchEvent *ret, Failure *failure);

/** Is this the last word of a run: done, looked or failed? */
bool fetch_event_is_last(const FetchEvent *event);
