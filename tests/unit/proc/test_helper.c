#include "proc/helper.h"

#include "base/cleanup.h"
#include "tests/unit/folder.h"
#include "tests/unit/proc/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/timerfd.h>

static Folder folder;
static sd_event *event;
static Helper *helper;
static bool ended;
static struct {
    char lines[256 * 1024]; /* each line with a '|' behind it */
    size_t used;
    unsigned count;
    size_t longest;
    unsigned cancel_at; /* cancels the helper from within this line; 0 = never */
    HelperResult result;
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

static void on_line(const char *line, void *userdata) {
    size_t length = strlen(line);
    assert_ptr_equal(userdata, &got);
    assert_false(ended);
    got.count++;
    got.longest = length > got.longest ? length : got.longest;
    if (got.used + length + 2 < sizeof got.lines)
        got.used += (size_t)snprintf(got.lines + got.used, sizeof got.lines - got.used, "%s|", line);
    if (got.count == got.cancel_at) {
        helper = helper_cancel(helper);
        ended = true;
    }
}

static void on_end(const HelperResult *result, void *userdata) {
    assert_ptr_equal(userdata, &got);
    assert_false(ended);
    ended = true;
    got.result = *result;
}

static void start(HelperRequest request) {
    Failure failure = {0};
    unsigned cancel_at = got.cancel_at;
    memset(&got, 0, sizeof got);
    got.cancel_at = cancel_at;
    ended = false;
    assert_int_equal(helper_start(event, &request, on_line, on_end, &got, &helper, &failure), 0);
    assert_non_null(helper);
}

static void start_shell(const char *script, HelperRequest request) {
    const char *arguments[] = {"-c", script, "sh", folder.path, NULL};
    request.path = "/bin/sh";
    request.arguments = arguments;
    if (request.silence_usec == 0)
        request.silence_usec = 20 * USEC_PER_SEC;
    start(request);
}

static void run(const char *script) {
    start_shell(script, (HelperRequest){0});
    loop_until(event, &ended);
}

static void test_lines_come_whole_and_in_order(void **unused) {
    (void)unused;
    run("printf 'one\\ntw'; printf 'o\\n\\n'; echo three; printf 'no line'");
    assert_string_equal(got.lines, "one|two||three|");
    assert_int_equal(got.result.result, 0);
    assert_string_equal(got.result.summary, "");
    run("true");
    assert_int_equal(got.count, 0);
    assert_int_equal(got.result.result, 0);
}

static void test_many_lines_and_what_is_left_at_the_end(void **unused) {
    (void)unused;
    run("i=0; while [ $i -lt 3000 ]; do echo \"line number $i\"; i=$((i+1)); done");
    assert_int_equal(got.count, 3000);
    assert_non_null(strstr(got.lines, "line number 2999|"));
    /* Gone before anybody has read a line: nearly a whole pipe is left. */
    start_shell("head -c 60000 /dev/zero | tr '\\0' '\\n' > \"$1/lines\"; cat \"$1/lines\"", (HelperRequest){0});
    loop_until(event, &ended);
    assert_int_equal(got.count, 60000);
}

static void test_a_nul_ends_a_line_early(void **unused) {
    (void)unused;
    run("printf 'abc\\000def\\nnext\\n'");
    assert_string_equal(got.lines, "abc|next|");
}

static void test_the_longest_line(void **unused) {
    (void)unused;
    run("echo first; head -c 16384 /dev/zero | tr '\\0' x; echo; echo last");
    assert_int_equal(got.result.result, 0);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.longest, HELPER_LINE_MAX);
    run("echo first; head -c 16385 /dev/zero | tr '\\0' x; echo; echo last; sleep 1000");
    assert_int_equal(got.result.result, -EMSGSIZE);
    assert_string_equal(got.lines, "first|");
    assert_non_null(strstr(got.result.summary, "a line of more than 16384 bytes"));
    run("tr '\\0' x < /dev/zero");
    assert_int_equal(got.result.result, -EMSGSIZE);
    run("head -c 20000 /dev/zero | tr '\\0' x; exit 0"); /* gone before anybody has read it */
    assert_int_equal(got.result.result, -EMSGSIZE);
}

static void test_bad_ends(void **unused) {
    (void)unused;
    run("echo told; printf 'what \\033[1m\\nhappened\\n\\nwhere\\nno more\\n' >&2; exit 7");
    assert_string_equal(got.lines, "told|");
    assert_int_equal(got.result.result, -ECHILD);
    assert_int_equal(got.result.end.number, 7);
    assert_string_equal(got.result.summary, "/bin/sh exited with code 7: what ?[1m; happened; where");
    run("ulimit -c 0; kill -SEGV $$");
    assert_int_equal(got.result.result, -ECHILD);
    assert_non_null(strstr(got.result.summary, "was killed by SIGSEGV"));

    static const char *const NONE[] = {NULL};
    start((HelperRequest){.path = "/nowhere/helper", .arguments = NONE, .silence_usec = USEC_PER_SEC});
    loop_until(event, &ended);
    assert_int_equal(got.result.result, -ECHILD);
    assert_int_equal(got.result.end.exec_errno, ENOENT);
    assert_non_null(strstr(got.result.summary, "/nowhere/helper could not be executed"));
}

static void test_a_loud_standard_error_blocks_nothing(void **unused) {
    (void)unused;
    run("echo the first >&2; yes 'and so on' | head -n 100000 >&2; echo done; exit 1");
    assert_string_equal(got.lines, "done|");
    assert_int_equal(got.result.result, -ECHILD);
    assert_non_null(strstr(got.result.summary, "code 1: the first; and so on; and so on"));
    run("head -c 200000 /dev/zero >&2; exit 1"); /* not even a newline */
    assert_int_equal(got.result.result, -ECHILD);
}

static void test_silence(void **unused) {
    (void)unused;
    start_shell(
        "trap '' TERM; echo up; echo still >&2; while :; do echo noise >&2; sleep 0.01; done",
        (HelperRequest){.silence_usec = 100 * USEC_PER_MSEC});
    loop_until(event, &ended);
    assert_string_equal(got.lines, "up|");
    assert_int_equal(got.result.result, -ETIMEDOUT);
    assert_true(got.result.end.by_signal);
    assert_int_equal(got.result.end.number, SIGKILL);
    assert_non_null(strstr(got.result.summary, "/bin/sh was silent for 0 s and was killed: still"));
}

static void test_who_speaks_lives_longer_than_its_silence(void **unused) {
    (void)unused;
    uint64_t began_usec = clock_monotonic_usec();
    start_shell(
        "i=0; while [ $i -lt 12 ]; do echo $i; sleep 0.1; i=$((i+1)); done",
        (HelperRequest){.silence_usec = 1000 * USEC_PER_MSEC});
    loop_until(event, &ended);
    assert_int_equal(got.result.result, 0);
    assert_int_equal(got.count, 12);
    assert_true(clock_monotonic_usec() - began_usec > 1000 * USEC_PER_MSEC);
}

/* Until a deadline that was armed before has surely passed. */
static void await_deadline(long after_ms) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec when = {.it_value = {.tv_nsec = after_ms * 1000 * 1000}};
    uint64_t expirations = 0;
    assert_int_equal(timerfd_settime(timer, 0, &when, NULL), 0);
    assert_int_equal(read(timer, &expirations, sizeof expirations), sizeof expirations);
    (void)close(timer);
}

/* Visor stood still, not the helper: what it said lies in the pipe when the deadline is looked at. */
static void test_a_pause_of_our_own_is_no_silence(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char script[256];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    (void)snprintf(
        script, sizeof script,
        "echo said; exec 3>/proc/%d/fd/%d; echo up >&3; exec 3>&-; read go < \"$1/go\"; exit 0", (int)getpid(),
        pipe_fds[1]);
    assert_int_equal(mkfifoat(folder.fd, "go", 0600), 0);
    start_shell(script, (HelperRequest){.silence_usec = 400 * USEC_PER_MSEC});
    struct pollfd said = {.fd = pipe_fds[0], .events = POLLIN};
    assert_int_equal(poll(&said, 1, 20000), 1);
    (void)close(pipe_fds[1]);
    (void)close(pipe_fds[0]);
    await_deadline(400); /* and the loop is not run */
    int go = openat(folder.fd, "go", O_RDWR | O_CLOEXEC);
    assert_int_equal(write(go, "\n", 1), 1);
    loop_until(event, &ended);
    (void)close(go);
    assert_int_equal(got.result.result, 0);
    assert_string_equal(got.lines, "said|");
}

static void await_end_of(int fd) {
    struct pollfd end = {.fd = fd};
    assert_int_equal(poll(&end, 1, 20000), 1);
    assert_true(end.revents & POLLHUP);
}

static void test_cancel(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char script[256];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    (void)snprintf(
        script, sizeof script, "trap '' TERM; exec 3>/proc/%d/fd/%d; echo up >&3; echo line; sleep 1000 & wait",
        (int)getpid(), pipe_fds[1]);
    start_shell(script, (HelperRequest){0});
    char text[8] = "";
    assert_int_equal(read(pipe_fds[0], text, 3), 3);
    (void)close(pipe_fds[1]);
    assert_null(helper_cancel(helper));
    await_end_of(pipe_fds[0]); /* the whole group is gone */
    (void)close(pipe_fds[0]);
    assert_int_equal(sd_event_run(event, 0), 0); /* and nobody is told */
    assert_false(ended);
    assert_null(helper_cancel(NULL));
}

static void test_cancel_from_within(void **unused) {
    (void)unused;
    got.cancel_at = 2; /* while the helper lives and would go on */
    run("trap '' TERM; echo one; echo two; echo three; exec sleep 1000");
    assert_string_equal(got.lines, "one|two|");
    got.cancel_at = 2; /* among the lines that it left behind */
    run("printf 'one\\ntwo\\nthree\\n'; exit 1");
    assert_string_equal(got.lines, "one|two|");
    got.cancel_at = 0;
    assert_int_equal(sd_event_run(event, 0), 0);
}

static void test_what_it_leaves_behind_is_killed(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char script[256];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    (void)snprintf(
        script, sizeof script, "exec 3>/proc/%d/fd/%d; sleep 1000 & echo bye; exit 0", (int)getpid(), pipe_fds[1]);
    run(script);
    assert_string_equal(got.lines, "bye|");
    assert_int_equal(got.result.result, 0);
    (void)close(pipe_fds[1]);
    await_end_of(pipe_fds[0]);
    (void)close(pipe_fds[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_come_whole_and_in_order),
        cmocka_unit_test(test_many_lines_and_what_is_left_at_the_end),
        cmocka_unit_test(test_a_nul_ends_a_line_early),
        cmocka_unit_test(test_the_longest_line),
        cmocka_unit_test(test_bad_ends),
        cmocka_unit_test(test_a_loud_standard_error_blocks_nothing),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_who_speaks_lives_longer_than_its_silence),
        cmocka_unit_test(test_a_pause_of_our_own_is_no_silence),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_from_within),
        cmocka_unit_test(test_what_it_leaves_behind_is_killed),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
