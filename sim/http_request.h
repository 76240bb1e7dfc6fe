/* One HTTP/1.x request, taken out of the bytes that have arrived. Pure. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_PATH_BYTES = 2048, HTTP_HEADER_BYTES = 512 };

/* member, header: the headers that are kept as they are */
#define HTTP_REQUEST_HEADERS(X)                                                                                    \
    X(accept, "Accept")                                                                                            \
    X(authorization, "Authorization")                                                                              \
    X(host, "Host")                                                                                                \
    X(if_modified_since, "If-Modified-Since")                                                                      \
    X(if_none_match, "If-None-Match")                                                                              \
    X(if_range, "If-Range")                                                                                        \
    X(range, "Range")                                                                                              \
    X(user_agent, "User-Agent")

typedef struct HttpRequest {
    char method[16];
    char path[HTTP_PATH_BYTES];                           /* as it came: with its query, and encoded */
#define X(member, header) char member[HTTP_HEADER_BYTES]; /* empty if it was not sent */
    HTTP_REQUEST_HEADERS(X)
#undef X
    bool is_json; /* Content-Type: application/json */
    bool keep_alive;
    const char *body; /* within the bytes that were parsed */
    size_t body_length;
    size_t length; /* of the whole request: where the next one begins */
} HttpRequest;

/**
 * Returns 1 when @bytes begin with a whole request, 0 when more are needed, -EBADMSG when they are none that the
 * sim understands: no chunked bodies, no lines without CR, no path or header that is kept and does not fit.
 */
MUST_USE int http_request_parse(const char *bytes, size_t length, HttpRequest *ret);
