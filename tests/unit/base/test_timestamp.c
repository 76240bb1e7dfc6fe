#include "base/timestamp.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOON UINT64_C(1772366706789123) /* 2026-03-01T12:05:06.789123Z */
#define LAST UINT64_C(253402300799999999)

static char buffer[TIMESTAMP_BYTES];

static void test_utc(void **unused) {
    (void)unused;
    assert_string_equal(timestamp_utc(&buffer, NOON), "2026-03-01T12:05:06.789Z");
    assert_string_equal(timestamp_utc(&buffer, 0), "1970-01-01T00:00:00.000Z");
    assert_string_equal(timestamp_utc(&buffer, LAST), "9999-12-31T23:59:59.999Z");
    assert_string_equal(timestamp_utc(&buffer, LAST + 1), "9999-12-31T23:59:59.999Z");
    assert_string_equal(timestamp_utc(&buffer, UINT64_MAX), "9999-12-31T23:59:59.999Z");
}

static void local_is(const char *zone, const char *expected) {
    (void)setenv("TZ", zone, 1);
    tzset();
    assert_string_equal(timestamp_local(&buffer, NOON), expected);
}

static void test_local(void **unused) {
    (void)unused;
    local_is("UTC", "2026-03-01T12:05:06.789+00:00");
    local_is("UTC-1", "2026-03-01T13:05:06.789+01:00");
    local_is("UTC+3:30", "2026-03-01T08:35:06.789-03:30");
    (void)timestamp_local(&buffer, UINT64_MAX); /* may be anything, but a string */
    assert_non_null(memchr(buffer, '\0', sizeof buffer));
}

static void test_what_was_written_is_read(void **unused) {
    static const uint64_t MOMENTS[] = {0, NOON, LAST, 951782400000000 /* 2000-02-29 */};
    (void)unused;
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        uint64_t read_usec = 1;
        assert_int_equal(timestamp_parse(timestamp_utc(&buffer, MOMENTS[i]), &read_usec), 0);
        assert_int_equal(read_usec, MOMENTS[i] / 1000 * 1000);
    }
}

static void test_nothing_else_is_read(void **unused) {
    static const char *const WRONG[] = {
        "",
        "2026",
        "2026-03-01T12:05:06.789",
        "2026-03-01T12:05:06.789z",
        "2026-03-01T12:05:06.789ZZ",
        "2026-03-01T12:05:06.78Z",
        "2026-03-01T12:05:06Z",
        "2026-03-01 12:05:06.789Z",
        "2026-03-01T12:05:06,789Z",
        "2026-03-01T12:05:06.789+00:00",
        "2026-02-29T12:05:06.789Z",
        "2026-13-01T12:05:06.789Z",
        "2026-00-01T12:05:06.789Z",
        "2026-03-00T12:05:06.789Z",
        "2026-03-01T24:05:06.789Z",
        "2026-03-01T12:60:06.789Z",
        "2026-03-01T12:05:60.789Z",
        "1969-12-31T23:59:59.999Z",
        "0000-00-00T00:00:00.000Z",
        "+026-03-01T12:05:06.789Z",
        " 026-03-01T12:05:06.789Z",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        uint64_t untouched = 7;
        if (timestamp_parse(WRONG[i], &untouched) != -EBADMSG)
            fail_msg("'%s' is no timestamp", WRONG[i]);
        assert_int_equal(untouched, 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_what_was_written_is_read),
        cmocka_unit_test(test_nothing_else_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
