#include "supervisor/throttle.h"

#include "base/clock.h"
#include "tests/unit/test.h"

#include <string.h>

enum { PERIOD_USEC = 60 * 1000 * 1000 };

static bool pass(Throttle *throttle, const char *text, double seconds) {
    return throttle_pass(throttle, text, (uint64_t)(seconds * 1e6), PERIOD_USEC);
}

static void test_the_same_is_said_once_a_period(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    assert_true(pass(&throttle, "a", 0)); /* the first, even at the very start of the clock */
    assert_false(pass(&throttle, "a", 0));
    assert_false(pass(&throttle, "a", 59.9));
    assert_true(pass(&throttle, "a", 60));
    assert_false(pass(&throttle, "a", 119.9)); /* counted from when it was said, not from when it was tried */
    assert_true(pass(&throttle, "a", 120));
}

static void test_another_is_said_soon(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    assert_true(pass(&throttle, "a", 100));
    assert_false(pass(&throttle, "b", 104.9));
    assert_true(pass(&throttle, "b", 105));
    unsigned said = 0;
    for (unsigned i = 0; i < 1000; i++) /* two that take turns do not fill the log */
        said += pass(&throttle, i % 2 ? "a" : "b", 105 + i * 0.1);
    assert_in_range(said, 2, 4); /* after 10, 20, 40 s */
}

static void test_clock_that_does_not_move(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    assert_true(pass(&throttle, "a", 10));
    assert_false(pass(&throttle, "a", 5)); /* nor one that goes back */
    assert_false(pass(&throttle, "b", 5));
}

static void test_reset(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    assert_true(pass(&throttle, "a", 10));
    throttle_reset(&throttle);
    assert_true(pass(&throttle, "a", 10));
}

static void test_long_texts(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_true(pass(&throttle, text, 10));
    assert_false(pass(&throttle, text, 20)); /* the same, though more than is remembered */
    text[0] = 'y';
    assert_true(pass(&throttle, text, 20));
}

static void test_empty_text(void **unused) {
    (void)unused;
    Throttle throttle = {0};
    assert_true(pass(&throttle, "", 0));
    assert_false(pass(&throttle, "", 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_is_said_once_a_period),
        cmocka_unit_test(test_another_is_said_soon),
        cmocka_unit_test(test_clock_that_does_not_move),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
