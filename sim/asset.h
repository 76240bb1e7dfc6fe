/* An asset of a release: a stamped copy of this program in the form that its file's name says. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct AssetRequest {
    const char *path;    /* .zip, .tar.gz or .tgz; anything else is the bare program */
    const char *version; /* that it reports */
    const char *binary;  /* its name in the archive */
    uint64_t bytes;      /* that the file is to have, about; it is never smaller than the program */
} AssetRequest;

/** Writes the asset, complete or not at all. Returns 0, -EINVAL for a request that is wrong, or -errno. */
MUST_USE int asset_write(const AssetRequest *request, Failure *failure);

/** Tells its SHA-256 in the file SHA256SUMS beside it, where other assets' lines stay. Returns 0 or -errno. */
MUST_USE int asset_write_sum(const char *path, Failure *failure);
