/*
 * The staging folder: a release on its way. One run at a time holds it (flock on the folder itself); what a killed
 * one left is gone on with or thrown away; its marker fetched.json is written last, when all the rest is on disk.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "fetch/request.h"

#include <stdbool.h>

#define STAGING_MARKER "fetched.json"
#define STAGING_PART "asset.part"
#define STAGING_PART_ABOUT "asset.json"
#define STAGING_API "api.json"
#define STAGING_API_WAIT "api-wait.json"
#define STAGING_UNPACKING "unpacking"
#define STAGING_RELEASE "release"

enum { BOOT_ID_BYTES = 64 };

typedef struct Staging {
    int fd;
    const char *path;            /* borrowed */
    char boot_id[BOOT_ID_BYTES]; /* of this boot of the machine; "" if the kernel does not tell */
} Staging;

/**
 * Opens the folder @path and locks it until staging_close(). Returns 0; -EWOULDBLOCK if another run holds it,
 * -errno; described in @failure. Call it before the sandbox is entered: after it the kernel's boot id cannot be
 * read.
 */
MUST_USE int staging_open(const char *path, Staging *ret, Failure *failure);

void staging_close(Staging *staging);

/**
 * Makes the folder ready for @request: what is left of another request, or of a run that was killed while it
 * unpacked, is removed.
 * Returns 0; 1 if the release is complete already, then @ret_marker (json_decref) is what fetched.json says;
 * -errno described in @failure.
 */
MUST_USE int staging_begin(const Staging *staging, const Request *request, json_t **ret_marker, Failure *failure);

/** Makes the empty folder to unpack into. Returns its descriptor, owned by the caller; -errno. */
MUST_USE int staging_unpacking(const Staging *staging, Failure *failure);

/** Removes what a failed unpacking left: it may fill the disk that the node needs. */
void staging_drop_unpacking(const Staging *staging);

/**
 * The release in unpacking/, which is on disk, becomes release/, then @marker is written, then what it was made
 * from is removed. Returns 0 or -errno, described in @failure.
 */
MUST_USE int staging_commit(const Staging *staging, const json_t *marker, Failure *failure);

static inline void cleanup_staging(Staging *staging) {
    staging_close(staging);
}
#define _cleanup_staging_ __attribute__((__cleanup__(cleanup_staging)))
