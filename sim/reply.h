/*
 * What is sent for one request: bytes, perhaps followed by an endless filling or by a part of a file, and what
 * becomes of the connection.
 */
#pragma once

#include "base/failure.h"
#include "sim/throttle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_ENDLESS UINT64_MAX

typedef enum ReplyEnd {
    REPLY_KEEP,  /* the next request may follow, if the peer wants it */
    REPLY_CLOSE, /* the connection is closed */
    REPLY_HANG,  /* nothing more is ever said, and the connection stays */
} ReplyEnd;

/** @sent_bytes of the reply went out, all that there was if @whole. */
typedef void (*ReplyEnded)(uint64_t sent_bytes, bool whole, void *userdata);

typedef struct Reply {
    char *bytes; /* owned */
    size_t length;
    const char *filling;      /* sent over and over after the bytes; static text */
    uint64_t filling_bytes;   /* so many bytes of it */
    uint64_t byte_pause_usec; /* between any two of these bytes; 0: as fast as the peer reads */
    uint64_t delay_usec;      /* before the first byte */

    bool has_file; /* after the bytes, and instead of a filling: */
    int file_fd;   /* owned */
    uint64_t file_offset_bytes;
    uint64_t file_bytes;
    Throttle *throttle; /* borrowed; how fast the file goes out, NULL: as fast as the peer reads */

    ReplyEnd end;
    ReplyEnded ended; /* called once, when no more of it will be sent; may be NULL */
    void *userdata;
} Reply;

/** Gives back what the reply owns; `ended` is not called. */
void reply_free(Reply *reply);

/** A usual answer: @status like "200 OK", a Content-Length and @body. Returns 0 or -ENOMEM. */
MUST_USE int reply_plain(Reply *ret, const char *status, const char *type, const char *body);
