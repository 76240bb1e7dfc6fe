/*
 * Paths inside a release folder, walked from its descriptor without following a link: what a run-config or a helper
 * names "inside" must not lead anywhere else.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

typedef enum InnerState {
    INNER_THERE,   /* something bears that name, be it a link that leads nowhere */
    INNER_MISSING, /* nothing does, and nothing but folders stands on the way */
    INNER_OUTSIDE, /* a link or a file stands on the way */
} InnerState;

/**
 * The path below @folder (absolute) that @path, as a run-config writes it, means: relative, without "." and doubled
 * slashes.
 *
 * @ret is owned by the caller. Returns 0; 1 if it leads outside: absolute elsewhere, with "..", or the folder
 * itself; -ENOMEM.
 */
MUST_USE int inner_path(const char *folder, const char *path, char **ret);

/** What is at @inner, a path from inner_path(), below @folder_fd. Returns 0 or -errno. */
MUST_USE int inner_look(int folder_fd, const char *inner, InnerState *ret);

/**
 * Opens the folder that @inner lies in, making missing ones (0755) durably if @creates. @ret_name is the last
 * element, pointing into @inner. Returns a descriptor owned by the caller; -ENOTDIR if a link or a file stands on
 * the way, -ENOENT, -errno.
 */
MUST_USE int inner_open_parent(int folder_fd, const char *inner, bool creates, const char **ret_name);
