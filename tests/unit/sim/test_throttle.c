/* The token bucket: the rate in the long run, smoothness, changes while it runs. */
#include "tests/unit/test.h"

#include "sim/throttle.h"

/* Sends for @usec of virtual time in pieces of up to @wanted bytes; returns the bytes, and the largest piece. */
static uint64_t
send_for(Throttle *throttle, uint64_t *now_usec, uint64_t usec, uint64_t wanted, uint64_t *largest) {
    uint64_t end_usec = *now_usec + usec;
    uint64_t sent = 0;
    *largest = 0;
    while (*now_usec < end_usec) {
        uint64_t pause_usec;
        uint64_t count = throttle_take(throttle, wanted, *now_usec, &pause_usec);
        assert_int_equal(count == 0, pause_usec > 0);
        if (count > *largest)
            *largest = count;
        sent += count;
        *now_usec += pause_usec;
    }
    return sent;
}

static void check_rate(uint64_t rate, uint64_t wanted) {
    Throttle throttle = {.bytes_per_second = rate};
    uint64_t now_usec = 1000000000;
    uint64_t largest;
    (void)send_for(&throttle, &now_usec, 1000000, wanted, &largest);
    uint64_t sent = send_for(&throttle, &now_usec, 10000000, wanted, &largest);
    if (sent < rate * 10 - rate / 50 - 2 || sent > rate * 10 + rate / 50 + 2)
        fail_msg("%lu bytes in 10 s at %lu a second", (unsigned long)sent, (unsigned long)rate);
    assert_in_range(largest, 1, rate / 100 + 1);
}

static void test_the_rate_is_kept(void **state) {
    (void)state;
    check_rate(1, 1000);
    check_rate(1000, 262144);
    check_rate(20000000, 262144);
    check_rate(20000000, 7);
    check_rate(1000000000, 100000000);
}

static void test_what_was_not_sent_comes_back(void **state) {
    Throttle throttle = {.bytes_per_second = 1000000};
    uint64_t pause_usec;
    (void)state;
    uint64_t count = throttle_take(&throttle, 10000, 5000000, &pause_usec);
    assert_int_equal(count, 10000);
    throttle_give_back(&throttle, 10000);
    assert_int_equal(throttle_take(&throttle, 10000, 5000000, &pause_usec), 10000);
}

static void test_no_limit_and_changes(void **state) {
    Throttle throttle = {0};
    uint64_t pause_usec;
    (void)state;
    assert_int_equal(throttle_take(NULL, 1000, 0, &pause_usec), 1000);
    assert_int_equal(throttle_take(&throttle, UINT64_MAX, 0, &pause_usec), UINT64_MAX);
    throttle.bytes_per_second = 1;
    (void)throttle_take(&throttle, 1000, 1000000, &pause_usec);
    assert_int_equal(throttle_take(&throttle, 1000, 1000000, &pause_usec), 0);
    assert_in_range(pause_usec, 1, 100000); /* looks again soon, however low the rate is */
    throttle.bytes_per_second = 0;
    assert_int_equal(throttle_take(&throttle, 1000, 1000000, &pause_usec), 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rate_is_kept),
        cmocka_unit_test(test_what_was_not_sent_comes_back),
        cmocka_unit_test(test_no_limit_and_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
