/* What the GitHub API says of a release (docs.github.com/en/rest/releases). Pure. */
#pragma once

#include "base/json.h"
#include "sim/release_files.h"

/** All are owned by the caller, NULL when memory is out. @base is where we are reached: "http://HOST:PORT". */

/** One asset: "digest" is null while it is not known, as for assets from before mid-2025. */
json_t *release_json_asset(const char *base, const Route *release, const ReleaseFile *file);

/** The assets from @first on, at most @limit of them, as an array. */
json_t *
release_json_assets(const char *base, const Route *release, const ReleaseFiles *files, size_t first, size_t limit);

/** The release itself; @assets is taken over. */
json_t *release_json_release(const char *base, const Route *release, json_t *assets);

/** An error as GitHub words it. */
json_t *release_json_error(int status, const char *message);

/** @name as a segment of a URL; owned by the caller. */
char *release_url_encode(const char *name);

/** The URL of @route->asset below @base and @prefix: "" or "/storage". */
char *release_url_file(const char *base, const char *prefix, const Route *route);
