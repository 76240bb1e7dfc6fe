/*
 * The SHA-256 of every asset: computed once for each state of a file, one file after the other, beside the loop. A
 * gigabyte takes seconds, in which the server goes on serving.
 */
#pragma once

#include "sim/loop.h"
#include "sim/release_files.h"

typedef struct Digests Digests;

MUST_USE int digests_new(Loop *loop, Digests **ret);

/** Returns NULL; NULL is fine. */
Digests *digests_free(Digests *digests);

/**
 * Fills in the digests of @files of the release @route below @folder_fd. Returns 1 when all are known, 0 when they
 * are being computed: ask again; -errno. A file that cannot be read has an empty one.
 */
MUST_USE int digests_fill(Digests *digests, int folder_fd, const Route *route, ReleaseFile *list, size_t count);
