/* An answer before it is put into the bytes of a Reply: status, headers, and a body that is text or part of a file.
 */
#pragma once

#include "base/json.h"
#include "sim/reply.h"

#include <sys/types.h>

typedef struct HttpAnswer {
    int status;
    json_t *headers; /* owned; names and texts, in their order */
    char *body;      /* owned; NULL if it is the file or nothing */
    int file_fd;     /* owned; -1 if there is none */
    uint64_t file_offset_bytes;
    uint64_t file_bytes;
    bool without_body;         /* HEAD, 304: the head alone, as if there were one */
    int64_t length_lie;        /* what Content-Length is off by */
    uint64_t body_limit_bytes; /* REPLY_ENDLESS: all of it */
    Reply reply;               /* what the reply is to have beyond that: delay, pause, throttle, end, ended */
} HttpAnswer;

MUST_USE int http_answer_new(HttpAnswer *ret);

void http_answer_free(HttpAnswer *answer);

/** Sets a header, replacing one whose name differs in nothing but letter case; NULL takes it away. */
MUST_USE int http_answer_set(HttpAnswer *answer, const char *name, const char *value);

/** Gives it @body of that type, taken over; NULL is -ENOMEM. A file that it had is dropped. */
MUST_USE int http_answer_set_body(HttpAnswer *answer, int status, const char *type, char *body);

/** The same with the text of @value, taken over. */
MUST_USE int http_answer_set_json(HttpAnswer *answer, int status, json_t *value);

/** Makes the reply, which takes over the file. Returns 0 or -ENOMEM. */
MUST_USE int http_answer_finish(HttpAnswer *answer, Reply *ret, uint64_t *ret_head_bytes);
