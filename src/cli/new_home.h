/* A home folder in the making: all of it, or nothing. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

#define NEW_HOME_EXAMPLE_FOLDER "vX.X.X"

/**
 * Makes the home folder @path with its settings, and the folders above it that are missing. Folders get the mode
 * 0755, files 0600, whatever the umask. An empty folder at @path is used as it is.
 *
 * When this returns 0 everything is on the disk; config.toml, which marks a home, came last. When it fails, what it
 * made is removed again and nothing else. Signals that would end the process wait until it is done.
 *
 * Returns 0; -ENOTEMPTY if the folder has content; otherwise -errno. Described in @failure.
 */
MUST_USE int new_home_create(const char *path, bool with_data_node, Failure *failure);
