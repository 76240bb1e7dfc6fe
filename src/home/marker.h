/*
 * FOLDER/.visor-release.json: says that Visor made this release folder, out of what, and what it put there. A
 * folder that is still exactly that may be removed one day; one that anybody touched is the operator's.
 *
 *     {"format":1, "tag":..., "asset":..., "url":..., "sha256":HEX, "verified":[...], "when":unix seconds,
 *      "folders":["bin", ...], "files":[{"path":"bin/vega", "size":bytes, "mtime_ns":since 1970}, ...]}
 */
#pragma once

#include "base/failure.h"

#include <stdint.h>

#define MARKER_FILE ".visor-release.json"

/** Where a release comes from. All borrowed. */
typedef struct MarkerOrigin {
    const char *tag;
    const char *asset;
    const char *url;
    const char *sha256;
    const char *const *verified; /* against what, for a person; NULL-terminated */
} MarkerOrigin;

/**
 * Marks the folder @fd, whose path is @path, with all that is in it now. Durable. Returns 0; -EBADMSG if it holds
 * what no release may hold, -errno; described in @failure.
 */
MUST_USE int marker_write(int fd, const char *path, const MarkerOrigin *origin, Failure *failure);

/**
 * Is the folder @fd, whose path is @path, one that Visor made, and exactly as it was then?
 *
 * Returns 0 and when it was marked, in seconds since 1970; 1 if it has no marker; 2 if it was changed or the marker
 * is damaged, described in @failure; -errno, likewise.
 */
MUST_USE int marker_check(int fd, const char *path, uint64_t *ret_when_seconds, Failure *failure);
