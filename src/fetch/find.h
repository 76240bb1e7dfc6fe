/*
 * Where the asset of a release is, and what the release has to verify it with: asked of the API, and when that is
 * out of reach, refuses, or knows nothing of the release, looked for below the download URL, which any web server
 * or folder can be.
 */
#pragma once

#include "base/failure.h"
#include "fetch/api_release.h"
#include "fetch/http.h"
#include "fetch/progress.h"
#include "fetch/request.h"
#include "fetch/staging.h"

#include <stdbool.h>
#include <stdint.h>

/** Where one file of the release is. */
typedef struct Place {
    char *url; /* owned */
    UrlScheme least_scheme;
    const char *accept;
    uint64_t bytes; /* BYTES_UNKNOWN */
} Place;

typedef struct Found {
    bool from_api;
    ApiRelease release;            /* if from_api */
    Place place;                   /* of the asset */
    char sha256[API_SHA256_BYTES]; /* the API's digest of it, "" for none */
    int64_t server_seconds;        /* the API's clock, -1 if it did not tell */
    /* Not from_api: why not, and when the API may be asked again. */
    Failure api_failure; /* "" if there is no API to ask */
    unsigned retry_after_seconds;
} Found;

/**
 * Looks for the asset of @request. @staging is where an answer is remembered, NULL for nowhere. Warnings go to
 * @progress. @ret is freed with found_clear, also after a failure: it has retry_after_seconds.
 *
 * Returns 0; that the asset is really there is sure only if from_api. -ENOENT: the release has no such asset (its
 * names are told); -errno; described in @failure.
 */
MUST_USE int
find(Http *http, const Request *request, const Staging *staging, Progress *progress, Found *ret, Failure *failure);

void found_clear(Found *found);

/**
 * Where the file @name of the same release would be. Returns 0; 1 if the API's list says that there is none;
 * -ENOMEM. Without the API only asking tells whether it is there. @ret is freed with place_clear.
 */
MUST_USE int found_place(const Found *found, const Request *request, const char *name, Place *ret);

void place_clear(Place *place);

/** Tells the event "found", with the size @bytes. Returns 0 or -errno of the reader. */
MUST_USE int found_tell(const Found *found, Progress *progress, uint64_t bytes);

/** Puts the API's failure behind that of the download, so that the operator reads both. Returns @code. */
int found_add_api_failure(const Found *found, int code, Failure *failure);

static inline void cleanup_found(Found *found) {
    found_clear(found);
}
#define _cleanup_found_ __attribute__((__cleanup__(cleanup_found)))

static inline void cleanup_place(Place *place) {
    place_clear(place);
}
#define _cleanup_place_ __attribute__((__cleanup__(cleanup_place)))
