/* The Range header: parts, wholes, and what is to be ignored. */
#include "tests/unit/test.h"

#include "sim/http_range.h"

static void check_part(const char *text, uint64_t size, uint64_t first, uint64_t length) {
    HttpRange range = {0};
    if (http_range_parse(text, size, &range) != 1 || range.first != first || range.length != length)
        fail_msg(
            "%s of %lu: %lu+%lu", text, (unsigned long)size, (unsigned long)range.first,
            (unsigned long)range.length);
}

static void test_a_part(void **state) {
    (void)state;
    check_part("bytes=0-0", 10, 0, 1);
    check_part("bytes=0-", 10, 0, 10);
    check_part("bytes=9-", 10, 9, 1);
    check_part("bytes=2-5", 10, 2, 4);
    check_part("bytes=2-10", 10, 2, 8);
    check_part("bytes=2-99999999999999999999999999", 10, 2, 8);
    check_part("bytes=-3", 10, 7, 3);
    check_part("bytes=-10", 10, 0, 10);
    check_part("bytes=-99999999999999999999999999", 10, 0, 10);
    check_part("bytes=5000000000-5000000001", UINT64_C(6000000000), UINT64_C(5000000000), 2);
}

static void test_outside(void **state) {
    static const char *const TEXTS[] = {
        "bytes=10-", "bytes=10-20", "bytes=99999999999999999999999999-", "bytes=-0"};
    HttpRange range;
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        assert_int_equal(http_range_parse(TEXTS[i], 10, &range), -ERANGE);
    assert_int_equal(http_range_parse("bytes=0-", 0, &range), -ERANGE);
    assert_int_equal(http_range_parse("bytes=-5", 0, &range), -ERANGE);
}

static void test_what_is_ignored(void **state) {
    static const char *const TEXTS[] = {
        "",           "bytes",     "bytes=",       "bytes=-",   "bytes=x-",   "bytes=5",    "bytes=5-4",
        "bytes=1-2x", "bytes=-5x", "bytes=1-2,4-", "items=1-2", "bytes=+1-2", "bytes= 1-2",
    };
    HttpRange range;
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (http_range_parse(TEXTS[i], 10, &range) != 0)
            fail_msg("%s was not ignored", TEXTS[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_part),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_what_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
