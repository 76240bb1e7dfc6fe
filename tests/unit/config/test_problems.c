#include "config/problems.h"

#include "tests/unit/config/workspace.h"

#include <sys/socket.h>
#include <unistd.h>

static void test_counts_errors_only(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    problems_add(&problems, PROBLEM_WARNING, 1, 2, "one");
    problems_add(&problems, PROBLEM_ERROR, 3, 4, "%s %d", "number", 2);
    assert_int_equal(problems.count, 2);
    assert_int_equal(problems.error_count, 1);
    assert_findings(&problems, "warning 1:2 one\nerror 3:4 number 2\n");
}

static void test_text_is_made_printable(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "a\nb\x1b[31m\xff%s", "caf\xc3\xa9");
    assert_findings(&problems, "error 0:0 a?b?[31m?caf\xc3\xa9\n");
}

static void test_long_text_is_cut(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "%s", text);
    assert_true(strlen(problems.items[0].text) < 1024);
    assert_int_equal(strlen(PRINTABLE(text)), 80);
}

static void test_sorts_stably(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    problems_add(&problems, PROBLEM_ERROR, 9, 1, "f");
    problems_add(&problems, PROBLEM_ERROR, 2, 7, "d");
    problems_add(&problems, PROBLEM_WARNING, 2, 7, "e");
    problems_add(&problems, PROBLEM_ERROR, 2, 3, "b");
    problems_add(&problems, PROBLEM_WARNING, 2, 3, "c");
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "a");
    problems_sort(&problems);
    assert_findings(
        &problems, "error 0:0 a\nerror 2:3 b\nwarning 2:3 c\nerror 2:7 d\nwarning 2:7 e\nerror 9:1 f\n");
}

static void test_number_of_findings_is_bounded(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    for (unsigned i = 0; i < 10 * PROBLEMS_MAX; i++)
        problems_add(&problems, PROBLEM_ERROR, 10 * PROBLEMS_MAX - i, 1, "number %u", i);
    problems_sort(&problems);
    assert_int_equal(problems.error_count, 10 * PROBLEMS_MAX);
    assert_int_equal(problems.count, PROBLEMS_MAX + 1);
    assert_int_equal(problems.items[PROBLEMS_MAX].severity, PROBLEM_ERROR);
    assert_non_null(strstr(problems.items[PROBLEMS_MAX].text, "more"));
}

static void test_error_is_never_hidden_by_warnings(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    for (unsigned i = 1; i <= 2 * PROBLEMS_MAX; i++)
        problems_add(&problems, PROBLEM_WARNING, i, 1, "warning %u", i);
    problems_add(&problems, PROBLEM_ERROR, 5, 1, "the error");
    problems_sort(&problems);
    assert_int_equal(problems.count, PROBLEMS_MAX + 1);
    assert_string_equal(problems.items[5].text, "the error");
    assert_int_equal(problems.items[PROBLEMS_MAX].severity, PROBLEM_WARNING);

    for (unsigned i = 0; i < PROBLEMS_MAX; i++)
        problems_add(&problems, PROBLEM_ERROR, 500, 1, "late error");
    assert_int_equal(problems.error_count, PROBLEMS_MAX + 1);
    assert_int_equal(problems.items[PROBLEMS_MAX].severity, PROBLEM_ERROR);
    for (unsigned i = 0; i < PROBLEMS_MAX; i++)
        assert_int_equal(problems.items[i].severity, PROBLEM_ERROR);
}

static void test_cleared_list_can_be_used_again(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    problems_add(&problems, PROBLEM_ERROR, 1, 1, "old");
    problems_clear(&problems);
    problems_clear(&problems);
    problems_add(&problems, PROBLEM_WARNING, 1, 1, "new");
    assert_int_equal(problems.error_count, 0);
    assert_findings(&problems, "warning 1:1 new\n");
}

/* What problems_log writes to standard error. That is no pipe: the log would open it once more, and keep it. */
static void captured_log(const Problems *problems, char *buffer, size_t size_bytes) {
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    problems_log(problems, "config", "/home/config.toml");
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(ends[1]);
    ssize_t length = read(ends[0], buffer, size_bytes - 1);
    assert_true(length >= 0);
    buffer[length] = '\0';
    (void)close(ends[0]);
}

static void test_log_names_the_place(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    char text[4096];
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "whole file");
    problems_add(&problems, PROBLEM_WARNING, 7, 0, "whole line");
    problems_add(&problems, PROBLEM_ERROR, 7, 3, "one place");
    captured_log(&problems, text, sizeof text);
    assert_non_null(strstr(text, "ERROR config: whole file  file=/home/config.toml\n"));
    assert_non_null(strstr(text, "WARN  config: whole line  file=/home/config.toml:7\n"));
    assert_non_null(strstr(text, "ERROR config: one place  file=/home/config.toml:7:3\n"));
}

static void test_described_in_one_line(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    Failure failure = {0};
    problems_add(&problems, PROBLEM_WARNING, 1, 1, "not this");
    problems_add(&problems, PROBLEM_ERROR, 3, 7, "one");
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "two");
    assert_int_equal(problems_describe(&problems, "/x.toml", -EBADMSG, &failure), -EBADMSG);
    assert_string_equal(failure.message, "/x.toml: 3:7: one; two;");
    for (int i = 0; i < PROBLEMS_MAX; i++)
        problems_add(&problems, PROBLEM_ERROR, 0, 0, "what is wrong in many words, so that not all of it fits");
    assert_int_equal(problems_describe(&problems, "/x.toml", -EBADMSG, &failure), -EBADMSG);
    size_t length = strlen(failure.message);
    assert_string_equal(failure.message + length - strlen("fits; and more"), "fits; and more");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_errors_only),
        cmocka_unit_test(test_text_is_made_printable),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_sorts_stably),
        cmocka_unit_test(test_number_of_findings_is_bounded),
        cmocka_unit_test(test_error_is_never_hidden_by_warnings),
        cmocka_unit_test(test_cleared_list_can_be_used_again),
        cmocka_unit_test(test_log_names_the_place),
        cmocka_unit_test(test_described_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
