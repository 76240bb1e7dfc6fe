/* The access token for a private repository or a higher rate limit: read once, before the sandbox closes. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

enum { TOKEN_FILE_BYTES_MAX = 4096 };

/**
 * Reads the token in the file @path, blanks around it taken off. It becomes a header, so it must be printable ASCII
 * without blanks. @ret is owned by the caller (free); @ret_exposed: others than owner and group can read the file.
 * Returns 0; -errno of reading, -EINVAL; described in @failure with the cure.
 */
MUST_USE int token_read(const char *path, char **ret, bool *ret_exposed, Failure *failure);
