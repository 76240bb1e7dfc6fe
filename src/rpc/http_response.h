/*
 * One HTTP/1.x response, parsed as its bytes come in, in whatever pieces (RFC 9112). Pure: no descriptor, no clock.
 *
 * Strict where a lenient reader could be led astray: lines end in CRLF, no obsolete folding, no blank before a
 * colon, no two lengths. Bounded whatever the peer sends: head, body, chunk extensions and trailers.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** All lines before the body together. Chunk lines and trailers have this and the limit of the body in all. */
enum { HTTP_HEAD_LIMIT_BYTES = 16 * 1024 };

typedef enum HttpResponseState {
    HTTP_STATUS_LINE,
    HTTP_FIELD_LINE,
    HTTP_COUNTED_BODY,
    HTTP_BODY_TO_END, /* of the connection */
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_END,
    HTTP_TRAILER,
    HTTP_COMPLETE,
    HTTP_BROKEN,
} HttpResponseState;

/** Bytes with a NUL behind them that does not count. */
typedef struct HttpBuffer {
    char *bytes;
    size_t length;
    size_t capacity;
} HttpBuffer;

typedef struct HttpResponse {
    /* What came; to be read once the response is complete. */
    unsigned status;
    bool keep_alive;    /* the connection may carry another request */
    bool is_plain_text; /* Content-Type: text/plain */
    HttpBuffer body;    /* read by http_response_body() */

    /* How far it is. */
    HttpResponseState state;
    bool started; /* a byte came */
    size_t body_limit_bytes;
    size_t line_bytes_left; /* what the lines still to come may add up to */
    size_t body_bytes_left; /* of the counted body or of the chunk */
    HttpBuffer line;

    /* What the head says of the body and the connection. */
    bool is_http_1_0;
    bool chunked;
    bool has_length;
    bool says_close;
    bool says_keep_alive;
    uint64_t content_length;
} HttpResponse;

/** A response of which nothing came yet; its body may have @body_limit_bytes. Cleared by http_response_clear(). */
void http_response_init(HttpResponse *response, size_t body_limit_bytes);

/** Frees what the response owns and makes it as new, with the same limit. */
void http_response_clear(HttpResponse *response);

/**
 * Takes in @length bytes; @ret_used of them belonged to the response, the rest is not part of it.
 *
 * Returns 0 when more must come, 1 when it is complete; -EBADMSG for what is no response, -EMSGSIZE when a limit is
 * passed, -ENOMEM; described in @failure. After a failure every further call fails.
 */
MUST_USE int
http_response_feed(HttpResponse *response, const char *bytes, size_t length, size_t *ret_used, Failure *failure);

/**
 * Takes in that the peer closed the connection. Returns 1 when that made the response complete (or it was before),
 * -ECONNRESET when it is cut off, described in @failure.
 */
MUST_USE int http_response_end(HttpResponse *response, Failure *failure);

/** The body, NUL-terminated; "" while there is none. Owned by the response. */
const char *http_response_body(const HttpResponse *response);
