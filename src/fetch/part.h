/*
 * The download so far: asset.part, and asset.json that says what it is a part of.
 *
 * A killed process loses nothing of what it wrote; a machine that lost its power may lose anything that was not yet
 * synced, and leave zeroes in its place. So asset.json carries the boot it was written in and how much was surely
 * on the disk: after another boot only that much counts.
 */
#pragma once

#include "base/failure.h"
#include "fetch/digest.h"
#include "fetch/http.h"
#include "fetch/progress.h"
#include "fetch/staging.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Part {
    const Staging *staging;               /* borrowed */
    const char *url;                      /* borrowed */
    char validator[HTTP_VALIDATOR_BYTES]; /* strong ETag or Last-Modified, "" if the server has none */
    uint64_t bytes;                       /* what is there */
    uint64_t total_bytes;                 /* BYTES_UNKNOWN */
    uint64_t written_out_bytes;           /* up to here the kernel was told to write */
    uint64_t synced_bytes;                /* up to here asset.json says that it is on disk */
    int fd;                               /* -1 while there is none */
    Digest *digest;                       /* of what is there, once part_hash() has run */
} Part;

/**
 * Looks at what is there of @url. What cannot be gone on with counts as nothing. Free with part_clear.
 * Returns 0; -ENOMEM.
 */
MUST_USE int part_open(const Staging *staging, const char *url, Part *ret, Failure *failure);

void part_clear(Part *part);

/** Is all of it there? */
bool part_is_complete(const Part *part);

/** Hashes what is there: before anything is appended. Beats @progress. Returns 0 or -errno, described. */
MUST_USE int part_hash(Part *part, Progress *progress, Failure *failure);

/** Begins anew with nothing, for a body of @total_bytes that @validator tells from others. Returns 0 or -errno. */
MUST_USE int part_restart(Part *part, const char *validator, uint64_t total_bytes, Failure *failure);

/** Appends and hashes; keeps what is not yet on its way to the disk small. Returns 0 or -errno, described. */
MUST_USE int part_append(Part *part, const char *bytes, size_t length, Failure *failure);

/** Makes all of it durable; if @complete, it is the whole. Returns 0 or -errno, described. */
MUST_USE int part_sync(Part *part, bool complete, Failure *failure);

/** Removes it: the next try begins anew. */
void part_discard(Part *part);

static inline void cleanup_part(Part *part) {
    part_clear(part);
}
#define _cleanup_part_ __attribute__((__cleanup__(cleanup_part)))
