#include "rpc/http_response.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_LIMIT_BYTES = 64 * 1024 };

typedef struct Sample {
    const char *bytes;
    int result; /* of the last byte, or of the end of the connection if at_end */
    unsigned status;
    const char *body;
    bool keep_alive;
    bool at_end; /* the peer closes after the bytes */
} Sample;

#define OK "HTTP/1.1 200 OK\r\n"

static const Sample GOOD[] = {
    {OK "Content-Length: 5\r\n\r\nhello", 1, 200, "hello", true, false},
    {OK "content-LENGTH:5\r\n\r\nhello", 1, 200, "hello", true, false},
    {OK "Content-Length: \t 005 \t\r\n\r\nhello", 1, 200, "hello", true, false},
    {OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 1, 200, "hello", true, false},
    {OK "Content-Length: 0\r\n\r\n", 1, 200, "", true, false},
    {OK "Content-Length: 2\r\nX-Empty:\r\nX-Odd: \x80\xff\r\n\r\n{}", 1, 200, "{}", true, false},
    {OK "Content-Length: 2\r\nConnection: close\r\n\r\n{}", 1, 200, "{}", false, false},
    {OK "Content-Length: 2\r\nConnection: x, , Close\r\n\r\n{}", 1, 200, "{}", false, false},
    {OK "Content-Length: 2\r\nConnection: closely\r\n\r\n{}", 1, 200, "{}", true, false},
    {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}", 1, 200, "{}", true, false},
    {"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}", 1, 200, "{}", true, false},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 1, 404, "no", true, false},
    {"HTTP/1.1 204 No Content\r\n\r\n", 1, 204, "", true, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 1, 304, "", true, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 1, 200, "{}", false, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\n{}", 1, 200, "{}", true, false},
    {"HTTP/1.0 200 OK\r\n\r\nto the end", 1, 200, "to the end", false, true},
    {OK "Connection: close\r\n\r\nto the end", 1, 200, "to the end", false, true},
    {OK "\r\n", 1, 200, "", false, true},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 1, 200, "hello", true, false},
    {OK "Transfer-Encoding: Chunked\r\n\r\n1\r\nh\r\n004\r\nello\r\n0\r\n\r\n", 1, 200, "hello", true, false},
    {OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n", 1, 200,
     "01234567890123456789", true, false},
    {OK "Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0 ; last\r\n\r\n", 1, 200, "hello", true,
     false},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n", 1, 200, "\r\n",
     true, false},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}", 1, 200, "{}", true, false},
    {"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nConnection: close\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" OK
     "Content-Length: 2\r\n\r\n{}",
     1, 200, "{}", true, false},
};

static const Sample BAD[] = {
    /* status lines */
    {.bytes = "<html>hello</html>\r\n", .result = -EBADMSG},
    {.bytes = "\r\n" OK, .result = -EBADMSG},
    {.bytes = "HTTP/2.0 200 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.10 200 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1  200 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 20 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 2000 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 099 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 600 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 +20 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1\r\n", .result = -EBADMSG},
    {.bytes = "http/1.1 200 OK\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 200 OK\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 200 O\x01K\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.1 101 Switching Protocols\r\n\r\n", .result = -EBADMSG},
    /* fields */
    {.bytes = OK "Content-Length: 5\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 5\r\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length : 5\r\n", .result = -EBADMSG},
    {.bytes = OK " Content-Length: 5\r\n", .result = -EBADMSG},
    {.bytes = OK "X: 1\r\n folded\r\n", .result = -EBADMSG},
    {.bytes = OK "X: 1\r\n\tfolded\r\n", .result = -EBADMSG},
    {.bytes = OK "no colon\r\n", .result = -EBADMSG},
    {.bytes = OK "NoColon\r\n", .result = -EBADMSG},
    {.bytes = OK ": no name\r\n", .result = -EBADMSG},
    {.bytes = OK "X: a\x7f\r\n", .result = -EBADMSG},
    /* lengths */
    {.bytes = OK "Content-Length: -1\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: +1\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 0x1\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 1 1\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 1, 1\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length:\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 18446744073709551616\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 99999999999999999999999999\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 5\r\nContent-Length: 6\r\n", .result = -EBADMSG},
    {.bytes = OK "Content-Length: 65537\r\n\r\n", .result = -EMSGSIZE},
    {.bytes = OK "Content-Length: 18446744073709551615\r\n\r\n", .result = -EMSGSIZE},
    {.bytes = OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: gzip, chunked\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: identity\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .result = -EBADMSG},
    {.bytes = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .result = -EBADMSG},
    /* chunks */
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n 1\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n0x1\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n1g\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n1\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n0\r\nno trailer\r\n", .result = -EBADMSG},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n10001\r\n", .result = -EMSGSIZE},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nffff\r\n", .result = -EMSGSIZE},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", .result = -EMSGSIZE},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\n", .result = -EMSGSIZE},
    /* cut off */
    {.bytes = "", .result = -ECONNRESET, .at_end = true},
    {.bytes = "HTTP/1.1 200", .result = -ECONNRESET, .at_end = true},
    {.bytes = OK, .result = -ECONNRESET, .at_end = true},
    {.bytes = OK "Content-Length: 5\r\n\r\nhell", .result = -ECONNRESET, .at_end = true},
    {.bytes = OK "Content-Length: 5\r\n\r\n", .result = -ECONNRESET, .at_end = true},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n", .result = -ECONNRESET, .at_end = true},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .result = -ECONNRESET, .at_end = true},
    {.bytes = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", .result = -ECONNRESET, .at_end = true},
    {.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .result = -ECONNRESET, .at_end = true},
};

/* A copy of exactly its size, so that the sanitizer sees a read beyond it. */
static int feed_piece(HttpResponse *response, const char *bytes, size_t length, size_t *ret_used) {
    Failure failure = {0};
    char *piece = malloc(length > 0 ? length : 1);
    assert_non_null(piece);
    memcpy(piece, bytes, length);
    int r = http_response_feed(response, piece, length, ret_used, &failure);
    free(piece);
    assert_int_equal(r < 0, *failure.message != '\0');
    return r;
}

static void check(const Sample *sample, HttpResponse *response, int r, size_t used) {
    Failure failure = {0};
    if (sample->at_end) {
        assert_int_equal(r, 0);
        r = http_response_end(response, &failure);
        assert_int_equal(r < 0, *failure.message != '\0');
    }
    if (r != sample->result)
        fail_msg("%d instead of %d for: %s", r, sample->result, sample->bytes);
    if (r == 1) {
        assert_int_equal(used, strlen(sample->bytes));
        assert_int_equal(response->status, sample->status);
        assert_string_equal(http_response_body(response), sample->body);
        assert_int_equal(response->body.length, strlen(sample->body));
        assert_int_equal(response->keep_alive, sample->keep_alive);
    } else {
        assert_true(http_response_feed(response, "x", 1, &used, &failure) < 0);
    }
}

/* Feeds the sample in pieces that end at @first, then every @step bytes. */
static void play(const Sample *sample, size_t first, size_t step) {
    HttpResponse response;
    size_t length = strlen(sample->bytes), fed = 0;
    int r = 0;
    http_response_init(&response, BODY_LIMIT_BYTES);
    while (r == 0 && fed < length) {
        size_t piece = fed == 0 && first > 0 ? first : step, used = 0;
        piece = piece < length - fed ? piece : length - fed;
        r = feed_piece(&response, sample->bytes + fed, piece, &used);
        fed += used;
        if (r == 0)
            assert_int_equal(response.started, true);
    }
    check(sample, &response, r, fed);
    http_response_clear(&response);
}

static void play_every_way(const Sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(samples[i].bytes);
        for (size_t split = 0; split <= length; split++)
            play(&samples[i], split, length > 0 ? length : 1);
        for (size_t step = 1; step <= 3; step++)
            play(&samples[i], 0, step);
    }
}

static void test_good(void **state) {
    (void)state;
    play_every_way(GOOD, sizeof GOOD / sizeof *GOOD);
}

static void test_bad(void **state) {
    (void)state;
    play_every_way(BAD, sizeof BAD / sizeof *BAD);
}

static void test_nul_in_head(void **state) {
    static const char BYTES[] = OK "X: a\0b\r\n";
    HttpResponse response;
    size_t used;
    (void)state;
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, BYTES, sizeof BYTES - 1, &used), -EBADMSG);
    http_response_clear(&response);
}

static void test_nul_in_body(void **state) {
    static const char BYTES[] = OK "Content-Length: 3\r\n\r\na\0b";
    HttpResponse response;
    size_t used;
    (void)state;
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, BYTES, sizeof BYTES - 1, &used), 1);
    assert_int_equal(response.body.length, 3);
    assert_memory_equal(http_response_body(&response), "a\0b", 4);
    http_response_clear(&response);
}

static void test_bytes_behind_are_not_used(void **state) {
    static const char BYTES[] = OK "Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n";
    HttpResponse response;
    size_t used;
    Failure failure;
    (void)state;
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, BYTES, sizeof BYTES - 1, &used), 1);
    assert_int_equal(used, strlen(OK "Content-Length: 2\r\n\r\n{}"));
    assert_int_equal(feed_piece(&response, "more", 4, &used), 1);
    assert_int_equal(used, 0);
    assert_int_equal(http_response_end(&response, &failure), 1);
    http_response_clear(&response);
}

static void test_content_type(void **state) {
    static const struct {
        const char *type;
        bool is_plain_text;
    } TYPES[] = {
        {"text/plain", true},    {"Text/Plain; charset=utf-8", true}, {"text/plain ;x", true},
        {"text/plainer", false}, {"application/json", false},         {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        HttpResponse response;
        char bytes[256];
        size_t used;
        int length =
            snprintf(bytes, sizeof bytes, OK "Content-Type: %s\r\nContent-Length: 0\r\n\r\n", TYPES[i].type);
        http_response_init(&response, BODY_LIMIT_BYTES);
        assert_int_equal(feed_piece(&response, bytes, (size_t)length, &used), 1);
        assert_int_equal(response.is_plain_text, TYPES[i].is_plain_text);
        http_response_clear(&response);
    }
}

/* --- limits --- */

/* Feeds @bytes again and again until something comes of it; returns how much was taken. */
static size_t flood(HttpResponse *response, const char *bytes, int expected) {
    size_t taken = 0, used;
    int r = 0;
    while (r == 0 && taken < 1000 * 1000) {
        r = feed_piece(response, bytes, strlen(bytes), &used);
        taken += used;
    }
    assert_int_equal(r, expected);
    return taken;
}

static void check_flood(const char *first, const char *rest, int expected, size_t limit_bytes) {
    HttpResponse response;
    size_t used;
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, first, strlen(first), &used), 0);
    assert_in_range(flood(&response, rest, expected), limit_bytes / 2, limit_bytes);
    http_response_clear(&response);
}

static void test_floods_are_bounded(void **state) {
    static const char CHUNKED[] = OK "Transfer-Encoding: chunked\r\n\r\n";
    size_t lines_bytes = BODY_LIMIT_BYTES + HTTP_HEAD_LIMIT_BYTES;
    (void)state;
    check_flood("HTTP/1.1 200 ", "no end of this line", -EMSGSIZE, HTTP_HEAD_LIMIT_BYTES);
    check_flood(OK, "X-Field: one of many\r\n", -EMSGSIZE, HTTP_HEAD_LIMIT_BYTES);
    check_flood(
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n", -EMSGSIZE, HTTP_HEAD_LIMIT_BYTES);
    check_flood(OK "\r\n", "to the end of the connection", -EMSGSIZE, BODY_LIMIT_BYTES);
    check_flood(CHUNKED, "a\r\n0123456789\r\n", -EMSGSIZE, BODY_LIMIT_BYTES + lines_bytes);
    check_flood(CHUNKED, "1;extension=that-is-long-and-says-nothing-at-all\r\nx\r\n", -EMSGSIZE, 2 * lines_bytes);
    check_flood(OK "Transfer-Encoding: chunked\r\n\r\n1;", "no end of this extension", -EMSGSIZE, lines_bytes);
    check_flood(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: trailer\r\n", -EMSGSIZE, lines_bytes);
    check_flood(OK "Transfer-Encoding: chunked\r\n\r\n", "00000000", -EMSGSIZE, lines_bytes);
}

static void test_largest_body(void **state) {
    HttpResponse response;
    char head[128], *body = calloc(1, BODY_LIMIT_BYTES);
    size_t used;
    (void)state;
    assert_non_null(body);
    (void)memset(body, 'x', BODY_LIMIT_BYTES);
    (void)snprintf(head, sizeof head, OK "Content-Length: %d\r\n\r\n", BODY_LIMIT_BYTES);
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, head, strlen(head), &used), 0);
    assert_int_equal(feed_piece(&response, body, BODY_LIMIT_BYTES, &used), 1);
    assert_int_equal(response.body.length, BODY_LIMIT_BYTES);
    assert_memory_equal(http_response_body(&response), body, BODY_LIMIT_BYTES);
    http_response_clear(&response);
    free(body);
}

static void test_clear_makes_new(void **state) {
    HttpResponse response;
    size_t used;
    (void)state;
    http_response_init(&response, BODY_LIMIT_BYTES);
    assert_int_equal(feed_piece(&response, "nonsense\r\n", 10, &used), -EBADMSG);
    http_response_clear(&response);
    assert_string_equal(http_response_body(&response), "");
    assert_int_equal(feed_piece(&response, OK "Content-Length: 0\r\n\r\n", 38, &used), 1);
    http_response_clear(&response);
}

/* Every single-byte change of a good response is an answer or a refusal, never a crash. */
static void test_mutations(void **state) {
    static const char BYTES[] = OK "Transfer-Encoding: chunked\r\nX: y\r\n\r\n5;a\r\nhello\r\n0\r\nT: u\r\n\r\n";
    (void)state;
    for (size_t i = 0; i < sizeof BYTES - 1; i++)
        for (int byte = 0; byte < 256; byte++) {
            char mutation[sizeof BYTES];
            HttpResponse response;
            size_t used;
            memcpy(mutation, BYTES, sizeof BYTES);
            mutation[i] = (char)byte;
            http_response_init(&response, BODY_LIMIT_BYTES);
            assert_true(feed_piece(&response, mutation, sizeof BYTES - 1, &used) <= 1);
            http_response_clear(&response);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_nul_in_head),
        cmocka_unit_test(test_nul_in_body),
        cmocka_unit_test(test_bytes_behind_are_not_used),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_floods_are_bounded),
        cmocka_unit_test(test_largest_body),
        cmocka_unit_test(test_clear_makes_new),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
