/* What is sent for one request: bytes, perhaps followed by an endless filling, and what becomes of the connection.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

#define REPLY_ENDLESS UINT64_MAX

typedef enum ReplyEnd {
    REPLY_KEEP,  /* the next request may follow, if the peer wants it */
    REPLY_CLOSE, /* the connection is closed */
    REPLY_HANG,  /* nothing more is ever said, and the connection stays */
} ReplyEnd;

typedef struct Reply {
    char *bytes; /* owned */
    size_t length;
    const char *filling;      /* sent over and over after the bytes; static text */
    uint64_t filling_bytes;   /* so many bytes of it */
    uint64_t byte_pause_usec; /* between any two bytes; 0: as fast as the peer reads */
    ReplyEnd end;
} Reply;

static inline void reply_free(Reply *reply) {
    __builtin_free(reply->bytes);
    *reply = (Reply){0};
}

/** A usual answer: @status like "200 OK", a Content-Length and @body. Returns 0 or -ENOMEM. */
MUST_USE int reply_plain(Reply *ret, const char *status, const char *type, const char *body);
