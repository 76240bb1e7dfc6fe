/* The contract of a child, seen from inside of real ones. */
#include "base/cleanup.h"
#include "proc/child.h"
#include "tests/unit/folder.h"
#include "tests/unit/proc/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>

static Folder folder;
static sd_event *event;
static bool ended;
static ChildEnd how;

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

static void on_end(Child *child, const ChildEnd *end, void *userdata) {
    (void)child;
    (void)userdata;
    assert_false(ended);
    ended = true;
    how = *end;
}

static Child *start(SpawnRequest request) {
    Child *child = NULL;
    Failure failure = {0};
    ended = false;
    assert_int_equal(child_start(event, &request, on_end, NULL, &child, &failure), 0);
    return child;
}

/* A shell that runs @script and is waited for; it can write to the file `out` of the folder. */
static void shell_with(const char *script, SpawnRequest request) {
    const char *arguments[] = {"-c", script, "sh", folder.path, NULL};
    request.path = "/bin/sh";
    request.arguments = arguments;
    Child *child = start(request);
    loop_until(event, &ended);
    (void)child_free(child);
}

static const SpawnRequest PLAIN = {.output_fd = -1, .error_fd = -1, .lock_fd = -1};

static const char *output(void) {
    static char text[8192];
    int fd = openat(folder.fd, "out", O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    (void)close_fd(fd);
    (void)unlinkat(folder.fd, "out", 0);
    text[count > 0 ? count : 0] = '\0';
    return text;
}

static void test_exit_codes_and_signals(void **unused) {
    (void)unused;
    static const struct {
        const char *script;
        bool by_signal;
        int number;
        const char *text;
    } CASES[] = {
        {"exit 0", false, 0, "exited with code 0"},
        {"exit 1", false, 1, "exited with code 1"},
        {"exit 255", false, 255, "exited with code 255"},
        {"kill -TERM $$", true, SIGTERM, "was killed by SIGTERM"},
        {"kill -KILL $$", true, SIGKILL, "was killed by SIGKILL"},
        {"kill -PIPE $$", true, SIGPIPE, "was killed by SIGPIPE"},
        {"ulimit -c 0; kill -SEGV $$", true, SIGSEGV, "was killed by SIGSEGV"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[128];
        shell_with(CASES[i].script, PLAIN);
        assert_int_equal(how.exec_errno, 0);
        assert_int_equal(how.by_signal, CASES[i].by_signal);
        assert_int_equal(how.number, CASES[i].number);
        how.core_dumped = false; /* where cores go to a pipe, the limit does not hold */
        assert_string_equal(child_end_describe(&how, text, sizeof text), CASES[i].text);
    }
}

static void test_descriptions(void **unused) {
    (void)unused;
    char text[128];
    ChildEnd dumped = {.by_signal = true, .number = SIGABRT, .core_dumped = true};
    assert_string_equal(child_end_describe(&dumped, text, sizeof text), "was killed by SIGABRT (core dumped)");
    ChildEnd real_time = {.by_signal = true, .number = SIGRTMIN + 1};
    assert_non_null(strstr(child_end_describe(&real_time, text, sizeof text), "was killed by signal "));
    ChildEnd never = {.exec_errno = ENOENT, .number = 127};
    assert_string_equal(
        child_end_describe(&never, text, sizeof text),
        "could not be executed: No such file or directory (the binary, or the interpreter it names)");
    assert_string_equal(child_end_describe(&never, text, 6), "could"); /* cut, not overrun */
}

static void check_exec_fails(const char *path, int expected) {
    static const char *const ARGUMENTS[] = {NULL};
    SpawnRequest request = PLAIN;
    request.path = path;
    request.arguments = ARGUMENTS;
    Child *child = start(request);
    loop_until(event, &ended);
    (void)child_free(child);
    assert_int_equal(how.exec_errno, expected);
}

static void test_exec_errors(void **unused) {
    (void)unused;
    folder_write_text(&folder, "data", "no program\n", 0755);
    folder_write_text(&folder, "not-executable", "#!/bin/sh\n", 0644);
    folder_write_text(&folder, "no-interpreter", "#!/nowhere/sh\n", 0755);
    folder_write_text(&folder, "empty", "", 0755);
    check_exec_fails("/nowhere/at/all", ENOENT);
    check_exec_fails(folder_path(&folder, "data"), ENOEXEC); /* never handed to a shell */
    check_exec_fails(folder_path(&folder, "empty"), ENOEXEC);
    check_exec_fails(folder_path(&folder, "not-executable"), EACCES);
    check_exec_fails(folder_path(&folder, "no-interpreter"), ENOENT);
    check_exec_fails(folder.path, EACCES);
    check_exec_fails("sh", ENOENT); /* no search along PATH */
}

static void test_arguments(void **unused) {
    (void)unused;
    static const char *const ARGUMENTS[] = {"-c", "printf '[%s]' \"$@\" > \"$0\"", NULL, "a b", "", "*", NULL};
    const char *arguments[8];
    memcpy(arguments, ARGUMENTS, sizeof ARGUMENTS);
    arguments[2] = folder_path(&folder, "out");
    SpawnRequest request = PLAIN;
    request.path = "/bin/sh";
    request.arguments = arguments;
    request.last_name = "--height";
    request.last_value = "7";
    Child *child = start(request);
    loop_until(event, &ended);
    (void)child_free(child);
    assert_string_equal(output(), "[a b][][*][--height][7]");
}

/* One line of /proc/PID/status of a child that then ends. */
static uint64_t status_mask(const char *key) {
    char script[128];
    (void)snprintf(script, sizeof script, "grep ^%s: /proc/self/status | cut -f2 > \"$1/out\"", key);
    shell_with(script, PLAIN);
    const char *text = output();
    assert_int_equal(strlen(text), 17);
    return strtoull(text, NULL, 16);
}

static void test_signals_are_default_and_unblocked(void **unused) {
    (void)unused;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_pipe, old_usr1;
    sigset_t blocked, old_mask;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigaddset(&blocked, SIGINT);
    (void)sigaddset(&blocked, SIGRTMIN + 3);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &old_mask), 0);
    assert_int_equal(sigaction(SIGPIPE, &ignore, &old_pipe), 0);
    assert_int_equal(sigaction(SIGUSR1, &ignore, &old_usr1), 0);
    assert_int_equal(status_mask("SigBlk"), 0);
    assert_int_equal(status_mask("SigIgn"), 0);
    assert_int_equal(sigaction(SIGPIPE, &old_pipe, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &old_usr1, NULL), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &old_mask, NULL), 0);
}

static void test_standard_input_is_null(void **unused) {
    (void)unused;
    shell_with("readlink /proc/self/fd/0 > \"$1/out\"", PLAIN);
    assert_string_equal(output(), "/dev/null\n");

    int kept = dup(STDIN_FILENO); /* a Visor that was started without one */
    (void)close(STDIN_FILENO);
    shell_with("readlink /proc/self/fd/0 > \"$1/out\"", PLAIN);
    if (kept >= 0) {
        (void)dup2(kept, STDIN_FILENO);
        (void)close(kept);
    }
    assert_string_equal(output(), "/dev/null\n");
}

/* What the child has open, found without opening anything. */
#define LIST_DESCRIPTORS                                                                                           \
    "i=0; while [ $i -lt 1024 ]; do [ -e /proc/$$/fd/$i ] && open=\"$open$i \"; i=$((i+1)); done; "                \
    "printf '%s' \"$open\" > \"$1/out\""

static void test_no_descriptors_but_its_own(void **unused) {
    (void)unused;
    _cleanup_fd_ int leaked = open("/dev/null", O_RDONLY); /* a parent's parent that forgot close-on-exec */
    _cleanup_fd_ int high = fcntl(leaked, F_DUPFD, 900);
    assert_true(leaked > 2 && high >= 900);
    shell_with(LIST_DESCRIPTORS, PLAIN);
    assert_string_equal(output(), "0 1 2 ");

    SpawnRequest request = PLAIN;
    request.lock_fd = openat(folder.fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    shell_with(LIST_DESCRIPTORS "; readlink /proc/$$/fd/3 >> \"$1/out\"", request);
    (void)close(request.lock_fd);
    char expected[512];
    (void)snprintf(expected, sizeof expected, "0 1 2 3 %s\n", folder_path(&folder, "lock"));
    assert_string_equal(output(), expected);
}

static void test_folder_and_environment_are_kept(void **unused) {
    (void)unused;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(folder.path), 0);
    assert_int_equal(setenv("VISOR_TEST", "kept as it is", 1), 0);
    shell_with("pwd > out; echo $VISOR_TEST >> out", PLAIN);
    assert_int_equal(unsetenv("VISOR_TEST"), 0);
    assert_int_equal(chdir(before), 0);
    free(before);
    char expected[512];
    (void)snprintf(expected, sizeof expected, "%s\nkept as it is\n", folder.path);
    assert_string_equal(output(), expected);
}

static void test_group_of_its_own(void **unused) {
    (void)unused;
    /* proc(5): the fifth word of stat is the group; the second, the name, has no blank here */
    shell_with("read pid name state parent group rest < /proc/$$/stat; echo $$ $group > \"$1/out\"", PLAIN);
    const char *text = output();
    char *rest = NULL;
    long pid = strtol(text, &rest, 10);
    assert_int_equal(strtol(rest, NULL, 10), pid);
    assert_int_not_equal(pid, getpgrp());
}

static void test_output_goes_where_it_is_sent(void **unused) {
    (void)unused;
    SpawnRequest request = PLAIN;
    request.output_fd = openat(folder.fd, "out", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    request.error_fd = openat(folder.fd, "err", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    shell_with("echo to output; echo to error >&2", request);
    (void)close(request.output_fd);
    (void)close(request.error_fd);
    assert_string_equal(output(), "to output\n");
    assert_int_equal(renameat(folder.fd, "err", folder.fd, "out"), 0);
    assert_string_equal(output(), "to error\n");
}

/* Is the lock free now? */
static bool is_free(void) {
    _cleanup_fd_ int fd = openat(folder.fd, "node.lock", O_RDWR | O_CLOEXEC);
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* Waits for the end of whatever holds the other end of @fd open. */
static void await_end_of(int fd) {
    struct pollfd end = {.fd = fd};
    assert_int_equal(poll(&end, 1, 20000), 1);
}

static void test_lock_lives_as_long_as_its_last_holder(void **unused) {
    (void)unused;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    SpawnRequest request = PLAIN;
    request.output_fd = pipe_fds[1];
    request.lock_fd = openat(folder.fd, "node.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(request.lock_fd, LOCK_EX | LOCK_NB), 0);

    /* The node goes, a descendant of its group stays. */
    const char *arguments[] = {"-c", "sleep 1000 & exit 3", NULL};
    request.path = "/bin/sh";
    request.arguments = arguments;
    Child *child = start(request);
    (void)close(request.lock_fd);
    (void)close(pipe_fds[1]);
    loop_until(event, &ended);
    assert_int_equal(how.number, 3);
    assert_false(is_free());

    char text[32] = "", expected[64];
    int fd = openat(folder.fd, "node.lock", O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    (void)close(fd);
    (void)snprintf(expected, sizeof expected, "%-10d ", (int)child_pid(child));
    assert_memory_equal(text, expected, strlen(expected));
    assert_true(strtoull(text + strlen(expected), NULL, 10) > 0); /* its start time */

    child_signal_group(child, SIGKILL); /* its number cannot be a stranger's: it is not reaped yet */
    await_end_of(pipe_fds[0]);
    (void)close(pipe_fds[0]);
    assert_true(is_free());
    (void)child_free(child);
}

static void test_signals_of_visor(void **unused) {
    (void)unused;
    static const char *const ARGUMENTS[] = {"1000", NULL};
    SpawnRequest request = PLAIN;
    request.path = "/bin/sleep";
    request.arguments = ARGUMENTS;
    Child *child = start(request);
    child_signal(child, SIGTERM);
    loop_until(event, &ended);
    assert_true(how.by_signal);
    assert_int_equal(how.number, SIGTERM);
    child_signal(child, SIGTERM); /* gone already: no error, nobody else is met */
    child_signal_group(child, SIGTERM);
    child_await_end(child, 0);
    assert_null(child_free(child));
    assert_null(child_free(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes_and_signals),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_exec_errors),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_signals_are_default_and_unblocked),
        cmocka_unit_test(test_standard_input_is_null),
        cmocka_unit_test(test_no_descriptors_but_its_own),
        cmocka_unit_test(test_folder_and_environment_are_kept),
        cmocka_unit_test(test_group_of_its_own),
        cmocka_unit_test(test_output_goes_where_it_is_sent),
        cmocka_unit_test(test_lock_lives_as_long_as_its_last_holder),
        cmocka_unit_test(test_signals_of_visor),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
