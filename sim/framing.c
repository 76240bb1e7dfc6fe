#include "sim/framing.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "sim/answer.h"

#include <stdio.h>
#include <string.h>

#define JSON_TYPE "application/json; charset=utf-8"
#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: " JSON_TYPE "\r\n"

#define SIXTEEN(text) text text text text text text text text text text text text text text text text

typedef void (*Framing)(FILE *out, const char *body, Reply *reply);

static void frame_plainly(FILE *out, const char *body, Reply *reply) {
    (void)reply;
    (void)fprintf(out, HEAD("200 OK") "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

static void frame_nothing(FILE *out, const char *body, Reply *reply) {
    (void)out;
    (void)body;
    reply->end = REPLY_CLOSE;
}

static void frame_hang(FILE *out, const char *body, Reply *reply) {
    (void)out;
    (void)body;
    reply->end = REPLY_HANG;
}

static void frame_text(FILE *out, const char *status, const char *type, const char *text) {
    (void)fprintf(
        out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status, type, strlen(text), text);
}

static void frame_404(FILE *out, const char *body, Reply *reply) {
    (void)body;
    (void)reply;
    frame_text(out, "404 Not Found", "text/plain; charset=utf-8", "404 page not found\n");
}

static void frame_500(FILE *out, const char *body, Reply *reply) {
    (void)body;
    (void)reply;
    frame_text(out, "500 Internal Server Error", "text/plain; charset=utf-8", "the simulated node is unwell\n");
}

static void frame_html(FILE *out, const char *body, Reply *reply) {
    (void)reply;
    frame_text(out, "200 OK", "text/html", body);
}

static void frame_empty(FILE *out, const char *body, Reply *reply) {
    (void)body;
    frame_plainly(out, "", reply);
}

static void frame_half(FILE *out, const char *body, Reply *reply) {
    (void)fprintf(out, HEAD("200 OK") "Content-Length: %zu\r\n\r\n%s", strlen(body) * 2, body);
    reply->end = REPLY_CLOSE;
}

static void frame_huge(FILE *out, const char *body, Reply *reply) {
    static const char BEGIN[] = "{\"result\":\"";
    const uint64_t whole_bytes = UINT64_C(1) << 30;
    (void)body;
    (void)fprintf(out, HEAD("200 OK") "Content-Length: %llu\r\n\r\n%s", (unsigned long long)whole_bytes, BEGIN);
    reply->filling = SIXTEEN(SIXTEEN("0123456789abcdef"));
    reply->filling_bytes = whole_bytes - strlen(BEGIN);
    reply->end = REPLY_CLOSE;
}

static void frame_huge_header(FILE *out, const char *body, Reply *reply) {
    (void)body;
    (void)fputs(HEAD("200 OK"), out);
    reply->filling = SIXTEEN("X-Filling: " SIXTEEN("0123456789abcdef") "\r\n");
    reply->filling_bytes = REPLY_ENDLESS;
}

static void frame_trickle(FILE *out, const char *body, Reply *reply) {
    frame_plainly(out, body, reply);
    reply->byte_pause_usec = USEC_PER_SEC;
}

static void frame_bad_chunk(FILE *out, const char *body, Reply *reply) {
    (void)reply;
    (void)fprintf(out, HEAD("200 OK") "Transfer-Encoding: chunked\r\n\r\nxyz\r\n%s\r\n0\r\n\r\n", body);
}

static void frame_negative_length(FILE *out, const char *body, Reply *reply) {
    (void)reply;
    (void)fprintf(out, HEAD("200 OK") "Content-Length: -5\r\n\r\n%s", body);
}

static void frame_two_lengths(FILE *out, const char *body, Reply *reply) {
    size_t length = strlen(body);
    (void)reply;
    (void)fprintf(
        out, HEAD("200 OK") "Content-Length: %zu\r\nContent-Length: %zu\r\n\r\n%s", length, length + 7, body);
}

/* Without a length: HTTP/1.0 ends a body by closing (RFC 1945, 7.2.2). */
static void frame_http_1_0(FILE *out, const char *body, Reply *reply) {
    (void)fprintf(out, "HTTP/1.0 200 OK\r\nContent-Type: " JSON_TYPE "\r\n\r\n%s", body);
    reply->end = REPLY_CLOSE;
}

static void frame_chunked(FILE *out, const char *body, Reply *reply) {
    size_t length = strlen(body);
    (void)reply;
    (void)fputs(HEAD("200 OK") "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n", out);
    for (size_t at = 0, size = 1; at < length; at += size, size = size % 7 + 1) {
        if (size > length - at)
            size = length - at;
        (void)fprintf(out, "%zx\r\n%.*s\r\n", size, (int)size, body + at);
    }
    (void)fputs("0\r\nX-Trailer: done\r\n\r\n", out);
}

static void frame_close(FILE *out, const char *body, Reply *reply) {
    (void)fprintf(out, HEAD("200 OK") "Connection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    reply->end = REPLY_CLOSE;
}

static void frame_continue(FILE *out, const char *body, Reply *reply) {
    (void)fputs("HTTP/1.1 100 Continue\r\n\r\n", out);
    frame_plainly(out, body, reply);
}

static const Framing FRAMINGS[FAULT_COUNT] = {
    [FAULT_HANG] = frame_hang,
    [FAULT_REFUSE] = frame_nothing, /* for a connection that is accepted before the listener is closed */
    [FAULT_CLOSE] = frame_nothing,
    [FAULT_404] = frame_404,
    [FAULT_500] = frame_500,
    [FAULT_HTML] = frame_html,
    [FAULT_EMPTY] = frame_empty,
    [FAULT_HALF] = frame_half,
    [FAULT_HUGE] = frame_huge,
    [FAULT_HUGE_HEADER] = frame_huge_header,
    [FAULT_TRICKLE] = frame_trickle,
    [FAULT_BAD_CHUNK] = frame_bad_chunk,
    [FAULT_NEGATIVE_LENGTH] = frame_negative_length,
    [FAULT_TWO_LENGTHS] = frame_two_lengths,
    [FAULT_HTTP_1_0] = frame_http_1_0,
    [FAULT_CHUNKED] = frame_chunked,
    [FAULT_KEEPALIVE_CLOSE] = frame_close,
    [FAULT_CONTINUE] = frame_continue,
};

int framing_reply(Fault fault, const ChainStatus *status, const char *id, Reply *ret) {
    Framing frame = FRAMINGS[fault] ? FRAMINGS[fault] : frame_plainly;
    _cleanup_free_ char *body = NULL;
    Reply reply = {0};

    body = answer_body(fault, status, id);
    FILE *out = body ? open_memstream(&reply.bytes, &reply.length) : NULL;
    if (!out)
        return -ENOMEM;
    frame(out, body, &reply);
    if (fclose(out) != 0) {
        reply_free(&reply);
        return -ENOMEM;
    }
    *ret = reply;
    return 0;
}
