/* Moments as text, RFC 3339 with milliseconds: local with its zone for a person, UTC for what is kept. Pure. */
#pragma once

#include "base/failure.h"

#include <stdint.h>

enum { TIMESTAMP_BYTES = 40 };

/**
 * Writes @realtime_usec (since 1970) as "2026-03-01T03:05:06.789Z"; what lies behind the year 9999, which RFC 3339
 * cannot write, as its last millisecond. Returns the buffer.
 */
const char *timestamp_utc(char (*buffer)[TIMESTAMP_BYTES], uint64_t realtime_usec);

/** The same in local time: "2026-03-01T04:05:06.789+01:00"; "" if the zone cannot be told. Returns the buffer. */
const char *timestamp_local(char (*buffer)[TIMESTAMP_BYTES], uint64_t realtime_usec);

/** Reads exactly what timestamp_utc() writes, nothing else of RFC 3339. Returns 0 or -EBADMSG. */
MUST_USE int timestamp_parse(const char *text, uint64_t *ret_realtime_usec);
