/*
 * What the GitHub API tells about a release, as far as a fetch needs it: docs.github.com, "REST API endpoints for
 * releases", "Get a release by tag name" and "List release assets". A pure parser of text from a stranger.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    API_ASSETS_MAX = 2000, /* GitHub allows 1000 in a release */
    API_NAME_BYTES_MAX = 255,
    API_URL_BYTES_MAX = 2048,
    API_SHA256_BYTES = 65, /* 64 digits and a NUL */
};

typedef struct ApiAsset {
    char *name;
    char *url;          /* of the API; with "Accept: application/octet-stream" it gives the content; or NULL */
    char *download_url; /* for everybody, if the repository is public; or NULL */
    uint64_t bytes;     /* UINT64_MAX if it is not told */
    bool uploaded;      /* all of it is there */
    char sha256[API_SHA256_BYTES]; /* in lower case; "" if no such digest is told */
} ApiAsset;

typedef struct ApiRelease {
    char *tag;        /* or NULL */
    char *assets_url; /* lists all of them; or NULL */
    ApiAsset *assets;
    size_t count;
    size_t listed; /* how many the text had, those included that make no sense */
} ApiRelease;

/**
 * Reads a release, or a list of assets alone. Assets that make no sense are left out.
 * Free with api_release_clear. Returns 0; -EBADMSG, described in @failure, if the text is neither; -ENOMEM.
 */
MUST_USE int api_release_parse(const char *text, size_t length, ApiRelease *ret, Failure *failure);

void api_release_clear(ApiRelease *release);

/** Moves the assets of @more behind those of @release. Returns 0 or -ENOMEM. */
MUST_USE int api_release_append(ApiRelease *release, ApiRelease *more);

/** The asset of exactly this name, NULL if there is none. */
const ApiAsset *api_release_find(const ApiRelease *release, const char *name);

/** The names of the assets, "a, b, c and 7 more", printable, into @buffer. Returns @buffer. */
const char *api_release_names(const ApiRelease *release, char *buffer, size_t size_bytes);

/** @release in the members that api_release_parse() reads; NULL when memory is out. */
json_t *api_release_encode(const ApiRelease *release);

static inline void cleanup_api_release(ApiRelease *release) {
    api_release_clear(release);
}
#define _cleanup_api_release_ __attribute__((__cleanup__(cleanup_api_release)))
