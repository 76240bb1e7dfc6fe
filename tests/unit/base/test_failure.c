#include "base/failure.h"

#include "tests/unit/test.h"

#include <string.h>

static void test_set(void **unused) {
    (void)unused;
    Failure failure = {0};
    assert_int_equal(failure_set(&failure, -ENOENT, "cannot open %s", "x"), -ENOENT);
    assert_string_equal(failure.message, "cannot open x");
    assert_int_equal(failure_set(&failure, 1, "a later one"), 1);
    assert_string_equal(failure.message, "a later one");
    assert_int_equal(failure_set(NULL, -EIO, "nobody %s", "reads"), -EIO);
}

static void test_errno_in_the_text(void **unused) {
    (void)unused;
    Failure failure = {0};
    errno = ENOSPC;
    assert_int_equal(failure_set(&failure, negative_errno(), "writing: %m"), -ENOSPC);
    assert_string_equal(failure.message, "writing: No space left on device");
}

static void test_prefix(void **unused) {
    (void)unused;
    Failure failure = {0};
    (void)failure_set(&failure, -EIO, "100%% broken");
    assert_int_equal(failure_prefix(&failure, -EBADMSG, "step %d", 2), -EBADMSG);
    assert_string_equal(failure.message, "step 2: 100% broken");
    assert_int_equal(failure_prefix(NULL, -EIO, "nobody"), -EIO);
}

static void test_cure(void **unused) {
    (void)unused;
    Failure failure = {0};
    (void)failure_set(&failure, -EIO, "100%% broken");
    assert_int_equal(failure_cure(&failure, -EBADMSG, "mend it"), -EBADMSG);
    assert_string_equal(failure.message, "100% broken: mend it");
    assert_int_equal(failure_cure(NULL, -EIO, "mend it"), -EIO);
}

static void test_too_long_is_cut(void **unused) {
    (void)unused;
    Failure failure = {0};
    char text[4096];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)failure_set(&failure, -EIO, "%s", text);
    assert_int_equal(strlen(failure.message), sizeof failure.message - 1);
    (void)failure_prefix(&failure, -EIO, "step");
    assert_int_equal(strlen(failure.message), sizeof failure.message - 1);
    assert_memory_equal(failure.message, "step: xxx", 9);
    (void)failure_cure(&failure, -EIO, text);
    (void)failure_prefix(&failure, -EIO, "%s", text);
    assert_int_equal(strlen(failure.message), sizeof failure.message - 1);
}

static void test_negative_errno_is_never_success(void **unused) {
    (void)unused;
    errno = 0;
    assert_int_equal(negative_errno(), -EIO);
    errno = EPERM;
    assert_int_equal(negative_errno(), -EPERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_errno_in_the_text),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_cure),
        cmocka_unit_test(test_too_long_is_cut),
        cmocka_unit_test(test_negative_errno_is_never_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
