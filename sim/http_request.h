/* One HTTP/1.x request, taken out of the bytes that have arrived. Pure. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct HttpRequest {
    char method[16];
    char path[256];
    bool is_json; /* Content-Type: application/json */
    bool keep_alive;
    const char *body; /* within the bytes that were parsed */
    size_t body_length;
    size_t length; /* of the whole request: where the next one begins */
} HttpRequest;

/**
 * Returns 1 when @bytes begin with a whole request, 0 when more are needed, -EBADMSG when they are none that the
 * sim understands: no chunked bodies, no lines without CR.
 */
MUST_USE int http_request_parse(const char *bytes, size_t length, HttpRequest *ret);
