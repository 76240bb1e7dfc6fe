/* Where Visor's helper programs lie. */
#pragma once

#include "base/failure.h"

/**
 * Finds visor-fetch beside the running visor: PREFIX/libexec/visor for PREFIX/bin, or in its own build tree.
 *
 * @ret is the absolute path, owned by the caller. Returns 0; -ENOENT or another -errno, described in @failure.
 */
MUST_USE int visor_fetch_path(char **ret, Failure *failure);

/** The same for a visor that lies in the folder @visor_folder. */
MUST_USE int visor_fetch_path_beside(const char *visor_folder, char **ret, Failure *failure);
