/*
 * Where releases are staged. As a rule that is HOME/.visor/staging/TAG; a release whose folder will lie on another
 * file system is staged beside it, in PARENT/.visor-staging/TAG, so that one rename puts it in place.
 * HOME/.visor/staging keeps a link to each such place, so that what lies there is found even when no setting names
 * it any more.
 *
 * What is not wanted any more is renamed to .discarded-NAME-N in the same place at once; the removal, which may
 * take long, is another process's.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"
#include "home/staged.h"

#define STAGING_DISCARDED ".discarded-"

/**
 * The folder to stage the release @tag in, whose folder will be @release_folder (absolute). Makes it (0700) and
 * what leads to it.
 *
 * @ret is its absolute path, owned by the caller. Returns 0; -EPERM if something on the way belongs to somebody
 * else or is open to others, -ENOTDIR if it is no folder, -errno; described in @failure.
 */
MUST_USE int
staging_locate(const Home *home, const char *release_folder, const char *tag, char **ret, Failure *failure);

/**
 * The same folder, if it is there; nothing is made on the way. Returns 0; 1 if nothing is staged there; errors like
 * staging_locate().
 */
MUST_USE int
staging_find(const Home *home, const char *release_folder, const char *tag, char **ret, Failure *failure);

/**
 * Puts what is staged at @path, from staging_locate(), aside for removal. Returns 0; 1 if there is nothing; -EBUSY
 * if the helper works in it, -errno; described in @failure.
 */
MUST_USE int staging_discard(const Home *home, const char *path, Failure *failure);

/**
 * The same for all that is staged but @tag; "" leaves none. What the helper works in stays. Returns 0, or -errno of
 * the first that could not be put aside, described in @failure; the others are, then.
 */
MUST_USE int staging_clear_others(const Home *home, const char *tag, Failure *failure);

/**
 * The same for the release @tag, wherever it is staged; nothing is made on the way. What the helper works in stays.
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int staging_drop(const Home *home, const char *tag, Failure *failure);

/**
 * The absolute paths of all that waits for removal, NULL-terminated, owned by the caller (string_list_free).
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int staging_discarded(const Home *home, char ***ret, Failure *failure);

/**
 * Renames the folder @name in @folder_fd to .discarded-NAME-N in HOME/.visor/staging. Returns 0; -EXDEV if it lies
 * on another file system, -errno.
 */
MUST_USE int staging_take_away(const Home *home, int folder_fd, const char *name);
