/*
 * Which finished releases may go. Only what Visor made itself and nobody has touched since: the marker in the
 * folder tells, and a folder that differs from it in a single file is the operator's.
 */
#pragma once

#include "base/failure.h"
#include "config/config.h"
#include "home/layout.h"

/**
 * The folders that are more than autoInstall.keepReleases, the oldest first.
 *
 * Looked at are the folders directly in HOME and those below HOME that [upgradeFolders] names. @protected_folders
 * is a NULL-terminated list of absolute paths that stay and do not count: the current, the previous and the
 * accepted release; what `current` points to is protected even if it is not named. @ret is a NULL-terminated list
 * of absolute paths, owned by the caller (string_list_free). Returns 0, or -errno described in @failure.
 */
MUST_USE int retention_choose(
    const Home *home, const Config *config, const char *const *protected_folders, char ***ret, Failure *failure);

/**
 * Takes the folder @folder (absolute, from retention_choose()) out of the way by one rename, to where
 * staging_discarded() finds it. Looks again first.
 *
 * Returns 0; -ESTALE if it is not what it was or is in use by now, -EXDEV if it lies on another file system than
 * HOME/.visor, -errno; described in @failure, and the folder is as it was.
 */
MUST_USE int retention_retire(const Home *home, const char *folder, Failure *failure);
