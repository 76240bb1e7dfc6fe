/*
 * Gets the asset into asset.part: what is there of it already is not brought again, what comes is hashed on its way
 * to the disk, and it counts as complete only when it is as long as everybody said and on the disk.
 */
#pragma once

#include "base/failure.h"
#include "fetch/find.h"
#include "fetch/part.h"

typedef struct DownloadResult {
    char sha256[DIGEST_HEX_BYTES];
    bool progressed; /* also after a failure: the next try need not bring again what this one brought */
    bool refused;    /* the server answered, but with an error: it is as if nothing was found */
    unsigned retry_after_seconds; /* 0 if the server asked for none */
} DownloadResult;

/**
 * Downloads what @found names. @part was opened for the same URL; then it is complete and its descriptor is open.
 *
 * Returns 0; what http_get() returns; -EPROTO: the server lies about what it sends; -ENOENT, -EACCES, -EAGAIN: it
 * refuses; -EFBIG: more than maxAssetBytes; -ENOSPC, -EIO ...: the disk; described in @failure.
 */
MUST_USE int download(
    Http *http, const Request *request, const Found *found, Part *part, Progress *progress, DownloadResult *ret,
    Failure *failure);
