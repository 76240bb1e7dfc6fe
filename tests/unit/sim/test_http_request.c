/* Requests as the sim understands them. */
#include "tests/unit/test.h"

#include "sim/http_request.h"

#include <stdio.h>
#include <string.h>

static void test_headers_are_kept(void **state) {
    static const char TEXT[] =
        "GET /a?b=c HTTP/1.1\r\nhost: h:1\r\nRANGE:\tbytes=5-\r\nIf-Range: \"x\"\r\n"
        "Authorization: Bearer t\r\nX-Other: y\r\nUser-Agent: a b\r\n\r\n";
    HttpRequest request;
    (void)state;
    assert_int_equal(http_request_parse(TEXT, strlen(TEXT), &request), 1);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path, "/a?b=c");
    assert_string_equal(request.host, "h:1");
    assert_string_equal(request.range, "bytes=5-");
    assert_string_equal(request.if_range, "\"x\"");
    assert_string_equal(request.authorization, "Bearer t");
    assert_string_equal(request.user_agent, "a b");
    assert_string_equal(request.accept, "");
    assert_int_equal(request.length, strlen(TEXT));
    assert_true(request.keep_alive);
}

/* A request that has @length times 'x' between the two. */
static int parse_long(const char *before, int length, const char *after, HttpRequest *ret) {
    char filling[4096];
    char text[8192];
    memset(filling, 'x', sizeof filling);
    int count = snprintf(text, sizeof text, "%s%.*s%s", before, length, filling, after);
    return http_request_parse(text, (size_t)count, ret);
}

static void test_what_does_not_fit_is_refused_not_cut(void **state) {
    static const char HEADER[] = "GET / HTTP/1.1\r\nRange: ";
    HttpRequest request;
    (void)state;
    assert_int_equal(parse_long("GET ", HTTP_PATH_BYTES - 1, " HTTP/1.1\r\n\r\n", &request), 1);
    assert_int_equal(strlen(request.path), HTTP_PATH_BYTES - 1);
    assert_int_equal(parse_long("GET ", HTTP_PATH_BYTES, " HTTP/1.1\r\n\r\n", &request), -EBADMSG);
    assert_int_equal(parse_long(HEADER, HTTP_HEADER_BYTES - 1, "\r\n\r\n", &request), 1);
    assert_int_equal(strlen(request.range), HTTP_HEADER_BYTES - 1);
    assert_int_equal(parse_long(HEADER, HTTP_HEADER_BYTES, "\r\n\r\n", &request), -EBADMSG);
}

static void test_half_a_request_is_none_yet(void **state) {
    static const char TEXT[] = "POST /rpc HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody";
    HttpRequest request;
    (void)state;
    for (size_t length = 0; length < strlen(TEXT); length++)
        assert_int_equal(http_request_parse(TEXT, length, &request), 0);
    assert_int_equal(http_request_parse(TEXT, strlen(TEXT), &request), 1);
    assert_memory_equal(request.body, "body", 4);
    assert_false(request.keep_alive);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_are_kept),
        cmocka_unit_test(test_what_does_not_fit_is_refused_not_cut),
        cmocka_unit_test(test_half_a_request_is_none_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
