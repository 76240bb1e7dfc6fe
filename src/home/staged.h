/*
 * A release that the helper has fetched, verified and unpacked into its staging folder, and what turns it into a
 * release folder: the run-config and the marker. The helper reads from the internet, so what it left is believed
 * only after a look.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"

#include <stdint.h>

#define STAGED_FILE "fetched.json"
#define STAGED_FOLDER "release"

typedef struct Staged {
    int lock_fd;   /* the staging folder, locked: nobody fetches into it, completes or discards it meanwhile */
    char *staging; /* its path, absolute */
    char *folder;  /* the unpacked release in it */
    char *binary;  /* the program, relative to `folder` */
    char *asset;
    char *url;
    char sha256[65]; /* of the asset, in small letters */
    uint64_t bytes;  /* of the asset */
    char **verified; /* against what, for a person; NULL-terminated, empty = against nothing */
} Staged;

/**
 * Does the folder @staging hold a complete release that was fetched for exactly @request?
 *
 * @ret is owned by the caller (staged_free), and until then nobody else works in the folder: its own
 * staging_discard() finds it busy, too. Returns 0; 1 if not, or not for this request; -EBUSY if somebody else works
 * in it; -EBADMSG if it says so but what is there cannot be that (it should be discarded, since the helper would
 * believe it, too); -errno. Described in @failure.
 */
MUST_USE int staging_read(const char *staging, const json_t *request, Staged **ret, Failure *failure);

/**
 * Completes the staged release as that of @tag: with the run-config derived from the one at @run_config_path, and
 * the marker. Both are durable; a repetition is fine. Returns 0; -EBADMSG if that run-config cannot be taken over,
 * -errno; described in @failure.
 */
MUST_USE int staging_compose(const Staged *staged, const char *run_config_path, const char *tag, Failure *failure);

/** Frees, and lets go of the folder; NULL is fine. Returns NULL. */
Staged *staged_free(Staged *staged);

static inline void cleanup_staged(Staged **staged) {
    (void)staged_free(*staged);
}
#define _cleanup_staged_ __attribute__((__cleanup__(cleanup_staged)))
