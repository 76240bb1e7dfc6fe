/* The last answer of the API with its ETag: an answer "304 Not Modified" costs nothing of the rate limit. */
#pragma once

#include "base/failure.h"
#include "fetch/api_release.h"
#include "fetch/http.h"
#include "fetch/staging.h"

typedef struct ApiCache {
    char etag[HTTP_VALIDATOR_BYTES]; /* "" if there is none */
    ApiRelease release;
} ApiCache;

/** What is remembered of @url; nothing if @staging is NULL, or what is there is damaged. Never fails. */
void api_cache_load(const Staging *staging, const char *url, ApiCache *ret);

/** Remembers @release; a NULL @staging remembers nothing. Returns 0 or -errno, described in @failure. */
MUST_USE int api_cache_save(
    const Staging *staging, const char *url, const char *etag, const ApiRelease *release, Failure *failure);
