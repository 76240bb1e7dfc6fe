/* The Range header: which part of a file is asked for (RFC 9110, 14.1.2 and 14.2). Pure. */
#pragma once

#include "base/failure.h"

#include <stdint.h>

typedef struct HttpRange {
    uint64_t first;
    uint64_t length; /* of the part; at least 1 */
} HttpRange;

/**
 * Reads the header @text for a file of @size_bytes. Returns 1 when a part is asked for, 0 when the whole file is to
 * be sent (no header, another unit, several ranges, nonsense: all of that is to be ignored), -ERANGE when the part
 * lies outside the file.
 */
MUST_USE int http_range_parse(const char *text, uint64_t size_bytes, HttpRange *ret);
