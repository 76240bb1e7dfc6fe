/* The values of the HTTP headers that a download decides by. Pure: fuzzed and unit-tested. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

/** What `Content-Range` says of a body (RFC 9110, 14.4). */
typedef struct ContentRange {
    bool satisfied;       /* false: only the total is told, as the answer 416 does */
    uint64_t first_bytes; /* offsets, both included */
    uint64_t last_bytes;
    bool total_known;
    uint64_t total_bytes;
} ContentRange;

/** Reads "bytes 5-9/10"; a star may stand for the range or for the total. Returns 0, or -EBADMSG. */
MUST_USE int content_range_parse(const char *text, ContentRange *ret);

enum {
    RETRY_AFTER_SECONDS_MIN = 1,
    RETRY_AFTER_SECONDS_MAX = 3600,
};

/**
 * How long to wait before the next try, from `Retry-After` (seconds or an HTTP date; RFC 9110, 10.2.3), else from
 * GitHub's `X-RateLimit-Reset` (seconds since 1970), which counts only when `X-RateLimit-Remaining` is 0. Each may
 * be NULL or nonsense. @now_seconds is the server's clock if it told it, else ours.
 *
 * Returns seconds between RETRY_AFTER_SECONDS_MIN and _MAX, 0 if nothing is asked for.
 */
unsigned retry_after_seconds(
    const char *retry_after, const char *rate_limit_reset, const char *rate_limit_remaining, int64_t now_seconds);

/** Seconds since 1970 of an HTTP date, -1 if it is none. */
int64_t http_date_seconds(const char *text);

/** Is @etag usable with If-Range: quoted, plain and strong (RFC 9110, 13.1.5)? NULL is not. */
bool etag_is_strong(const char *etag);
