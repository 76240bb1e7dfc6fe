/*
 * One run of visor-fetch, as seen from Visor: events while it lasts, and exactly one end. Whether and when there is
 * another run is up to the caller.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "release/fetch_event.h"

#include <systemd/sd-event.h>

typedef struct FetchOrder {
    const char *program;   /* visor_fetch_path() */
    const char *staging;   /* the folder to fetch into; NULL: only look whether the release is there */
    const json_t *request; /* fetch_request_build() */
} FetchOrder;

typedef enum FetchOutcome {
    FETCH_OUTCOME_DONE,   /* the release lies in the staging folder, complete and verified; or the look succeeded */
    FETCH_OUTCOME_FAILED, /* visor-fetch says why */
    FETCH_OUTCOME_CRASHED, /* it ended without a last word, hung, or spoke nonsense */
} FetchOutcome;

typedef struct FetchEnd {
    FetchOutcome outcome;
    FetchEvent last; /* done, looked or failed; after a crash `failed` with the step it was at, made here */
} FetchEnd;

typedef struct Fetch Fetch;

/** Called for every event but the last. The fetch may be cancelled from within. */
typedef void (*FetchEventHandler)(const FetchEvent *event, void *userdata);

/** Called once unless the fetch is cancelled; the fetch frees itself after it. @end is borrowed for the call. */
typedef void (*FetchEndHandler)(const FetchEnd *end, void *userdata);

/**
 * Starts visor-fetch. @ret is valid until the end handler is called or the fetch is cancelled.
 *
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int fetch_start(
    sd_event *event, const FetchOrder *order, FetchEventHandler on_event, FetchEndHandler on_end, void *userdata,
    Fetch **ret, Failure *failure);

/** Kills visor-fetch and frees; no handler is called any more. What was fetched stays. NULL is fine. Returns NULL.
 */
Fetch *fetch_cancel(Fetch *fetch);
