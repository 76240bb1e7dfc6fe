#include "fetch/progress.h"

#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int ends[2];

static int open_pipe(void **state) {
    (void)state;
    return pipe2(ends, O_CLOEXEC);
}

static int close_pipe(void **state) {
    (void)state;
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

static void check_told(const char *expected) {
    char text[EVENT_BYTES_MAX + 1];
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    assert_string_equal(text, expected);
}

static void test_progress(void **state) {
    Progress progress;
    (void)state;
    progress_init(&progress, ends[1]);
    assert_int_equal(progress_set(&progress, PHASE_DOWNLOAD, 1, BYTES_UNKNOWN), 0);
    check_told("{\"event\":\"progress\",\"phase\":\"download\",\"bytes\":1,\"of\":null}\n");
    assert_int_equal(progress_set(&progress, PHASE_DOWNLOAD, 2, 3), 0); /* too soon */
    assert_int_equal(progress_beat(&progress), 0);
    check_told("");
    assert_int_equal(progress_set(&progress, PHASE_STORE, 2, 3), 0); /* a new phase is told at once */
    check_told("{\"event\":\"progress\",\"phase\":\"store\",\"bytes\":2,\"of\":3}\n");
    progress.told_usec = 1; /* long ago */
    assert_int_equal(progress_beat(&progress), 0);
    check_told("{\"event\":\"progress\",\"phase\":\"store\",\"bytes\":2,\"of\":3}\n");
}

static void test_warning(void **state) {
    Progress progress;
    (void)state;
    progress_init(&progress, ends[1]);
    assert_int_equal(progress_warning(&progress, "a\n\xff\"b\""), 0);
    check_told("{\"event\":\"warning\",\"text\":\"a??\\\"b\\\"\"}\n");
    assert_int_equal(progress_event(&progress, NULL), -ENOMEM);
}

static void check_failed(Step step, int error, int expected_code, const char *expected) {
    Failed failed = {.step = step, .error = error};
    Progress progress;
    progress_init(&progress, ends[1]);
    (void)failure_set(&failed.failure, error, "why");
    assert_int_equal(progress_failed(&progress, &failed), expected_code);
    check_told(expected);
    assert_int_equal(progress_failed(&progress, &failed), expected_code); /* one ending only */
    check_told("");
}

#define FAILED(step)                                                                                               \
    "{\"event\":\"failed\",\"step\":\"" step                                                                       \
    "\",\"text\":\"why\",\"progressed\":false,\"retryAfterSeconds\":null}\n"

static void test_failed(void **state) {
    (void)state;
    check_failed(STEP_REQUEST, -EINVAL, 64, FAILED("request"));
    check_failed(STEP_REQUEST, -EIO, 64, FAILED("request"));
    check_failed(STEP_LOCK, -EWOULDBLOCK, 75, FAILED("lock"));
    check_failed(STEP_FIND, -ENOENT, 69, FAILED("find"));
    check_failed(STEP_DOWNLOAD, -ETIMEDOUT, 69, FAILED("download"));
    check_failed(STEP_DOWNLOAD, -ENOSPC, 74, FAILED("download"));
    check_failed(STEP_VERIFY, -EKEYREJECTED, 65, FAILED("verify"));
    check_failed(STEP_UNPACK, -EBADMSG, 65, FAILED("unpack"));
    check_failed(STEP_UNPACK, -EIO, 74, FAILED("unpack"));
    check_failed(STEP_STORE, -EACCES, 74, FAILED("store"));
}

static void test_the_longest_line_fits(void **state) {
    Failed failed = {.step = STEP_FIND, .progressed = true, .retry_after_seconds = 7};
    char text[EVENT_BYTES_MAX + 1];
    Progress progress;
    (void)state;
    (void)memset(failed.failure.message, '"', sizeof failed.failure.message - 1);
    progress_init(&progress, ends[1]);
    assert_int_equal(progress_failed(&progress, &failed), 69);
    ssize_t length = read(ends[0], text, sizeof text);
    assert_true(length > 4000 && text[length - 1] == '\n');
    assert_non_null(memmem(text, (size_t)length, "\"progressed\":true,\"retryAfterSeconds\":7}", 40));
}

static void test_a_reader_that_is_gone(void **state) {
    Progress progress;
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(ends[0]);
    progress_init(&progress, ends[1]);
    assert_int_equal(progress_warning(&progress, "x"), -EPIPE);
    assert_int_equal(progress_beat(&progress), -EPIPE);
    assert_int_equal(progress_set(&progress, PHASE_STORE, 0, 0), -EPIPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_progress, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_warning, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_failed, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_the_longest_line_fits, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_a_reader_that_is_gone, open_pipe, close_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
