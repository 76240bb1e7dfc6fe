#include "cli/progress_bar.h"

#include "base/clock.h"
#include "tests/unit/test.h"

#include <string.h>

static void a_rate_is_that_of_the_last_seconds(void **state) {
    (void)state;
    Rate rate = {0};
    assert_int_equal(rate_bytes_per_second(&rate), 0);
    rate_add(&rate, 5 * USEC_PER_SEC, 100);
    assert_int_equal(rate_bytes_per_second(&rate), 0); /* of one point there is none */
    rate_add(&rate, 6 * USEC_PER_SEC, 1100);
    assert_int_equal(rate_bytes_per_second(&rate), 1000);
    rate_add(&rate, 6 * USEC_PER_SEC, 1100);
    assert_int_equal(rate_bytes_per_second(&rate), 1000);
    for (uint64_t i = 0; i < 100; i++) /* a stall shows */
        rate_add(&rate, (7 + i) * USEC_PER_SEC, 1100);
    assert_int_equal(rate_bytes_per_second(&rate), 0);
    rate_add(&rate, 200 * USEC_PER_SEC, 50); /* begun anew */
    rate_add(&rate, 201 * USEC_PER_SEC, 60);
    assert_int_equal(rate_bytes_per_second(&rate), 10);
}

static void a_rate_over_many_samples(void **state) {
    (void)state;
    Rate rate = {0};
    for (uint64_t i = 0; i < 1000; i++)
        rate_add(&rate, i * 250 * USEC_PER_MSEC, i * 1000000);
    assert_int_equal(rate_bytes_per_second(&rate), 4000000);
    rate = (Rate){0};
    rate_add(&rate, 7, 0);
    rate_add(&rate, 7, UINT64_MAX); /* no time between them */
    assert_int_equal(rate_bytes_per_second(&rate), 0);
}

static void amounts(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } CASES[] = {
        {0, "0 bytes"},     {999, "999 bytes"},    {1000, "1.0 kB"},       {999949, "999.9 kB"},
        {999999, "1.0 MB"}, {63000000, "63.0 MB"}, {2147483648, "2.1 GB"}, {UINT64_MAX, "18.4 EB"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[AMOUNT_BYTES];
        assert_string_equal(amount_describe(&text, CASES[i].bytes), CASES[i].text);
    }
}

static void durations(void **state) {
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } CASES[] = {
        {0, "0 s"},          {59, "59 s"},
        {60, "1 min 0 s"},   {3599, "59 min 59 s"},
        {7500, "2 h 5 min"}, {UINT64_MAX, "213503982334601 days"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[AMOUNT_BYTES];
        assert_string_equal(duration_describe(&text, CASES[i].seconds), CASES[i].text);
    }
}

static void lines(void **state) {
    (void)state;
    char text[PROGRESS_LINE_BYTES];
    ProgressLine line = {
        .tag = "v1.1.0", .phase = "download", .bytes = 31500000, .of_bytes = 63000000, .bytes_per_second = 5000000};
    assert_string_equal(
        progress_line(&text, &line, 100),
        "v1.1.0: download  [###############...............]   50%  31.5 MB of 63.0 MB  5.0 MB/s  6 s left");
    assert_string_equal(
        progress_line(&text, &line, 79),
        "v1.1.0: download  [#####......]   50%  31.5 MB of 63.0 MB  5.0 MB/s  6 s left");
    assert_string_equal(/* words go as a whole */
                        progress_line(&text, &line, 60), "v1.1.0: download   50%  31.5 MB of 63.0 MB  5.0 MB/s");
    assert_string_equal(progress_line(&text, &line, 40), "v1.1.0: download  [######......]   50%");
    assert_string_equal(progress_line(&text, &line, 24), "v1.1.0: download   50%");
    line.bytes = 70000000; /* more than was said */
    assert_non_null(strstr(progress_line(&text, &line, 120), "[##############################]  100%"));
    assert_null(strstr(text, "left"));
    line.of_bytes = UINT64_MAX;
    assert_string_equal(progress_line(&text, &line, 100), "v1.1.0: download  70.0 MB  5.0 MB/s");
    line.bytes_per_second = 0;
    assert_string_equal(progress_line(&text, &line, 100), "v1.1.0: download  70.0 MB");
}

static void a_line_never_reaches_the_last_column(void **state) {
    (void)state;
    char tag[128];
    memset(tag, 'v', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    for (size_t width = 1; width < 700; width++) {
        char text[PROGRESS_LINE_BYTES];
        ProgressLine line = {
            .tag = width % 2 ? "v1" : tag,
            .phase = "unpack",
            .bytes = UINT64_MAX / 2,
            .of_bytes = UINT64_MAX - 1,
            .bytes_per_second = 1};
        assert_true(strlen(progress_line(&text, &line, width)) < width);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(a_rate_over_many_samples),
        cmocka_unit_test(amounts),
        cmocka_unit_test(durations),
        cmocka_unit_test(lines),
        cmocka_unit_test(a_line_never_reaches_the_last_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
