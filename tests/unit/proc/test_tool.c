#include "proc/tool.h"

#include "tests/unit/folder.h"
#include "tests/unit/proc/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

static Folder folder;
static sd_event *event;
static bool answered;
static struct {
    int result;
    ChildEnd end;
    char output[TOOL_OUTPUT_MAX + 1];
    char error[TOOL_OUTPUT_MAX + 1];
    char summary[512];
} got;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    return sd_event_new(&event) < 0;
}

static int clear(void **unused) {
    (void)unused;
    (void)sd_event_unref(event);
    folder_remove(&folder);
    return 0;
}

static void on_result(const ToolResult *result, void *userdata) {
    assert_ptr_equal(userdata, &got);
    assert_false(answered);
    answered = true;
    got.result = result->result;
    got.end = result->end;
    (void)snprintf(got.output, sizeof got.output, "%s", result->output);
    (void)snprintf(got.error, sizeof got.error, "%s", result->error);
    (void)snprintf(got.summary, sizeof got.summary, "%s", result->summary);
}

static Tool *start(const char *path, const char *const *arguments, uint64_t timeout_usec) {
    Tool *tool = NULL;
    Failure failure = {0};
    ToolRequest request = {.path = path, .arguments = arguments, .timeout_usec = timeout_usec};
    answered = false;
    assert_int_equal(tool_start(event, &request, on_result, &got, &tool, &failure), 0);
    assert_non_null(tool);
    return tool;
}

static void run_within(const char *script, uint64_t timeout_usec) {
    const char *arguments[] = {"-c", script, "sh", folder.path, NULL};
    (void)start("/bin/sh", arguments, timeout_usec);
    loop_until(event, &answered);
}

static void run(const char *script) {
    run_within(script, 20 * USEC_PER_SEC);
}

static void test_output_of_a_good_tool(void **unused) {
    (void)unused;
    run("echo out; echo err >&2");
    assert_int_equal(got.result, 0);
    assert_string_equal(got.output, "out\n");
    assert_string_equal(got.error, "err\n");
    assert_string_equal(got.summary, "");
    run("true");
    assert_int_equal(got.result, 0);
    assert_string_equal(got.output, "");
}

static void test_failed_tool(void **unused) {
    (void)unused;
    run("echo fine; printf 'first \\033[31mline\\nsecond\\n' >&2; exit 7");
    assert_int_equal(got.result, -ECHILD);
    assert_int_equal(got.end.number, 7);
    assert_string_equal(strstr(got.summary, " exited with"), " exited with code 7: first ?[31mline");
    run("echo only on output; exit 1"); /* which then has to tell why */
    assert_non_null(strstr(got.summary, "exited with code 1: only on output"));
    run("kill -SEGV $$");
    assert_int_equal(got.result, -ECHILD);
    assert_non_null(strstr(got.summary, "was killed by SIGSEGV"));
}

static void test_tool_that_cannot_be_executed(void **unused) {
    (void)unused;
    static const char *const ARGUMENTS[] = {"version", NULL};
    (void)start("/nowhere/vega", ARGUMENTS, USEC_PER_SEC);
    loop_until(event, &answered);
    assert_int_equal(got.result, -ECHILD);
    assert_int_equal(got.end.exec_errno, ENOENT);
    assert_string_equal(
        got.summary,
        "'/nowhere/vega version' could not be executed: No such file or directory (the binary, or the interpreter it names)");
}

static void test_deadline(void **unused) {
    (void)unused;
    run_within("trap '' TERM; echo before; sleep 1000 & wait", 50 * USEC_PER_MSEC);
    assert_int_equal(got.result, -ETIMEDOUT);
    assert_true(got.end.by_signal);
    assert_int_equal(got.end.number, SIGKILL);
    assert_non_null(strstr(got.summary, "did not end within"));
}

static void test_too_much_output(void **unused) {
    (void)unused;
    run("yes");
    assert_int_equal(got.result, -EFBIG);
    assert_non_null(strstr(got.summary, "printed more than 65536 bytes"));
    run("yes >&2");
    assert_int_equal(got.result, -EFBIG);
    /* Too much by a little, and gone before anybody has read it. */
    run("head -c 65536 /dev/zero | tr '\\0' x; exit 0");
    assert_int_equal(got.result, -EFBIG);
    run("head -c 65535 /dev/zero | tr '\\0' x; exit 0");
    assert_int_equal(got.result, 0);
    assert_int_equal(strlen(got.output), 65535);
}

static void test_child_that_holds_the_pipe(void **unused) {
    (void)unused;
    run("echo result; sleep 1000 & exit 0"); /* its end is what counts, not that of the pipe */
    assert_int_equal(got.result, 0);
    assert_string_equal(got.output, "result\n");
}

static void test_what_it_leaves_behind_is_killed(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char path[64], script[256];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), pipe_fds[1]);
    (void)snprintf(script, sizeof script, "exec 3>%s; sleep 1000 & exit 0", path);
    run(script);
    (void)close(pipe_fds[1]);
    struct pollfd end = {.fd = pipe_fds[0]};
    assert_int_equal(poll(&end, 1, 20000), 1);
    assert_true(end.revents & POLLHUP);
    (void)close(pipe_fds[0]);
}

static void test_closed_output(void **unused) {
    (void)unused;
    run("exec >&- 2>&-; exit 5");
    assert_int_equal(got.result, -ECHILD);
    assert_int_equal(got.end.number, 5);
}

static void test_cancel(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char script[256];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    (void)snprintf(
        script, sizeof script, "trap '' TERM; exec 3>/proc/%d/fd/%d; echo up >&3; sleep 1000 & wait", (int)getpid(),
        pipe_fds[1]);
    const char *arguments[] = {"-c", script, NULL};
    Tool *tool = start("/bin/sh", arguments, 20 * USEC_PER_SEC);
    char text[8] = "";
    assert_int_equal(read(pipe_fds[0], text, 3), 3);
    (void)close(pipe_fds[1]);
    assert_null(tool_cancel(tool));
    struct pollfd end = {.fd = pipe_fds[0]};
    assert_int_equal(poll(&end, 1, 20000), 1); /* the whole group is gone */
    (void)close(pipe_fds[0]);
    assert_int_equal(sd_event_run(event, 0), 0); /* and nobody is told */
    assert_false(answered);
    assert_null(tool_cancel(NULL));
}

static void test_cancel_before_the_exec(void **unused) {
    (void)unused;
    static const char *const ARGUMENTS[] = {"1000", NULL};
    for (unsigned i = 0; i < 50; i++)
        assert_null(tool_cancel(start("/bin/sleep", ARGUMENTS, 20 * USEC_PER_SEC)));
}

static void test_long_command(void **unused) {
    (void)unused;
    static char word[300];
    memset(word, 'w', sizeof word - 1);
    const char *arguments[] = {"-c", "exit 1", word, word, word, NULL};
    (void)start("/bin/sh", arguments, 20 * USEC_PER_SEC);
    loop_until(event, &answered);
    assert_non_null(strstr(got.summary, "exited with code 1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_of_a_good_tool),
        cmocka_unit_test(test_failed_tool),
        cmocka_unit_test(test_tool_that_cannot_be_executed),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_too_much_output),
        cmocka_unit_test(test_child_that_holds_the_pipe),
        cmocka_unit_test(test_what_it_leaves_behind_is_killed),
        cmocka_unit_test(test_closed_output),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_before_the_exec),
        cmocka_unit_test(test_long_command),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
