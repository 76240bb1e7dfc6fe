#include "fetch/http_header.h"

#include "tests/unit/test.h"

static void test_content_range(void **state) {
    ContentRange range;
    (void)state;
    assert_int_equal(content_range_parse("bytes 5-9/10", &range), 0);
    assert_true(range.satisfied && range.total_known);
    assert_int_equal(range.first_bytes, 5);
    assert_int_equal(range.last_bytes, 9);
    assert_int_equal(range.total_bytes, 10);
    assert_int_equal(content_range_parse("Bytes 0-0/*", &range), 0);
    assert_true(range.satisfied && !range.total_known);
    assert_int_equal(content_range_parse("bytes */7", &range), 0);
    assert_true(!range.satisfied && range.total_known);
    assert_int_equal(range.total_bytes, 7);
    assert_int_equal(content_range_parse("bytes 0-9223372036854775806/9223372036854775807", &range), 0);
    assert_int_equal(range.total_bytes, INT64_MAX);
}

static void test_bad_content_range(void **state) {
    static const char *const BAD[] = {
        "",
        "bytes",
        "bytes ",
        "bytes 5-9",
        "bytes 5-9/",
        "bytes 9-5/10",
        "bytes 5-10/10",
        "bytes -9/10",
        "bytes 5-/10",
        "bytes 5-9/10 ",
        "bytes  5-9/10",
        "bytes +5-9/10",
        "bytes 5 - 9/10",
        "bytes=5-9/10",
        "octets 5-9/10",
        "bytes */*",
        "bytes *",
        "bytes */",
        "bytes */-1",
        "bytes */7x",
        "bytes 5-9/10, bytes 1-2/10",
        "bytes 0-9223372036854775808/9223372036854775809",
        "bytes 0-1/99999999999999999999",
        "bytes 0x5-9/10",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ContentRange range;
        if (content_range_parse(BAD[i], &range) != -EBADMSG)
            fail_msg("not refused: %s", BAD[i]);
    }
}

static void test_retry_after(void **state) {
    static const int64_t NOW = 1772445600; /* Mon, 02 Mar 2026 10:00:00 GMT */
    static const struct {
        const char *retry_after;
        const char *reset;
        const char *remaining;
        unsigned seconds;
    } CASES[] = {
        {NULL, NULL, NULL, 0},
        {"17", NULL, NULL, 17},
        {"0", NULL, NULL, 1},
        {"3601", NULL, NULL, 3600},
        {"9223372036854775807", NULL, NULL, 3600},
        {"99999999999999999999", NULL, NULL, 0},
        {"-5", NULL, NULL, 0},
        {"", NULL, NULL, 0},
        {"soon", NULL, NULL, 0},
        {"17 s", NULL, NULL, 0},
        {"Mon, 02 Mar 2026 10:01:40 GMT", NULL, NULL, 100},
        {"Monday, 02-Mar-26 10:01:40 GMT", NULL, NULL, 100}, /* RFC 850 */
        {"Mon Mar  2 10:01:40 2026", NULL, NULL, 100},       /* asctime */
        {"Mon, 02 Mar 2026 09:00:00 GMT", NULL, NULL, 1},
        {"Mon, 02 Mar 2126 09:00:00 GMT", NULL, NULL, 3600},
        {NULL, "1772445700", "0", 100},
        {NULL, "1772445700", "1", 0},
        {NULL, "1772445700", NULL, 0},
        {NULL, NULL, "0", 0},
        {NULL, "nonsense", "0", 0},
        {NULL, "1", "0", 1},
        {"17", "1772445700", "0", 17}, /* the header that was made for it wins */
        {"soon", "1772445700", "0", 100},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        unsigned seconds = retry_after_seconds(CASES[i].retry_after, CASES[i].reset, CASES[i].remaining, NOW);
        if (seconds != CASES[i].seconds)
            fail_msg("case %zu: %u instead of %u", i, seconds, CASES[i].seconds);
    }
    assert_int_equal(http_date_seconds("Mon, 02 Mar 2026 10:00:00 GMT"), NOW);
    assert_int_equal(http_date_seconds("nonsense"), -1);
}

static void test_etag(void **state) {
    (void)state;
    assert_true(etag_is_strong("\"abc\""));
    assert_true(etag_is_strong("\"\""));
    assert_true(etag_is_strong("\"0x8DC-1\""));
    assert_false(etag_is_strong(NULL));
    assert_false(etag_is_strong(""));
    assert_false(etag_is_strong("\""));
    assert_false(etag_is_strong("abc"));
    assert_false(etag_is_strong("W/\"abc\""));
    assert_false(etag_is_strong("\"a\"b\""));
    assert_false(etag_is_strong("\"a b\""));
    assert_false(etag_is_strong("\"a\xc3\xa4\""));
    assert_false(etag_is_strong("\"abc"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_range),
        cmocka_unit_test(test_bad_content_range),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_etag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
