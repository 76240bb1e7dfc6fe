/* The folder of releases: DIR/OWNER/REPOSITORY/releases/download/TAG/ASSET, looked at anew for every request. */
#pragma once

#include "base/failure.h"
#include "sim/release_route.h"
#include "sim/sha256.h"

#include <stddef.h>
#include <sys/stat.h>

typedef struct ReleaseFile {
    char name[ROUTE_NAME_BYTES];
    uint64_t id;
    struct stat status;
    char sha256[SHA256_HEX_BYTES]; /* filled in by the digests; empty while it is not known */
} ReleaseFile;

/** The assets of a release, in the order of their names. */
typedef struct ReleaseFiles {
    ReleaseFile *list; /* owned */
    size_t count;
} ReleaseFiles;

/**
 * Reads which assets the release @route->tag has: regular files whose names do not begin with a dot.
 * Returns 0, -ENOENT when there is no such release, or -errno.
 */
MUST_USE int release_files_read(int folder_fd, const Route *route, ReleaseFiles *ret);

void release_files_free(ReleaseFiles *files);

/** Puts the tag whose release has the id @route->id into @route. Returns 0, -ENOENT or -errno. */
MUST_USE int release_files_find_release(int folder_fd, Route *route);

/** Puts tag and name of the asset with the id @route->id into @route. Returns 0, -ENOENT or -errno. */
MUST_USE int release_files_find_asset(int folder_fd, Route *route);

/** Opens @route->asset of @route->tag. Returns 0, -ENOENT when there is no such file, or -errno. */
MUST_USE int release_files_open(int folder_fd, const Route *route, int *ret_fd, struct stat *ret_status);

/** The id of the release of @route. */
uint64_t release_files_id(const Route *route);

/** Called with each release there is. */
typedef void (*ReleaseVisitor)(const Route *release, void *userdata);

/** Visits all releases of all repositories. Returns 0 or -errno. */
MUST_USE int release_files_visit(int folder_fd, ReleaseVisitor visitor, void *userdata);
