#include "base/process_stat.h"

#include "tests/unit/children.h"
#include "tests/unit/folder.h"

/* Field by field: between them there may be anything. */
static void check_same(const ProcessStat *left, const ProcessStat *right) {
    assert_int_equal(left->is_dead, right->is_dead);
    assert_int_equal(left->parent, right->parent);
    assert_true(left->start_ticks == right->start_ticks);
}

static void test_of_the_caller(void **unused) {
    ProcessStat own, by_pid;
    (void)unused;
    assert_int_equal(process_stat(0, &own), 0);
    assert_false(own.is_dead);
    assert_int_equal(own.parent, getppid());
    assert_true(own.start_ticks > 0);
    assert_int_equal(process_stat(getpid(), &by_pid), 0);
    check_same(&own, &by_pid);
}

/* The start time is that of the process, not of the moment: it stays the same over an exec, too. */
static void test_of_a_child(void **unused) {
    ProcessStat living, dead;
    (void)unused;
    pid_t pid = fork_still();
    assert_int_equal(process_stat(pid, &living), 0);
    assert_false(living.is_dead);
    assert_int_equal(living.parent, getpid());

    assert_int_equal(kill(pid, SIGKILL), 0);
    await_end_unreaped(pid);
    assert_int_equal(process_stat(pid, &dead), 0);
    assert_true(dead.is_dead);
    assert_int_equal(dead.parent, getpid());
    assert_true(dead.start_ticks == living.start_ticks);

    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(process_stat(pid, &dead), -ESRCH);
    assert_false(dead.is_dead);
    assert_int_equal(dead.parent, 0);
    assert_true(dead.start_ticks == 0);
}

static void test_no_such_process(void **unused) {
    ProcessStat stat = {.is_dead = true, .parent = 7, .start_ticks = 7};
    (void)unused;
    assert_int_equal(process_stat(2147483647, &stat), -ESRCH);
    assert_false(stat.is_dead);
    assert_int_equal(stat.parent, 0);
    assert_true(stat.start_ticks == 0);
    assert_null(process_executable(2147483647));
}

/* The name stands in the middle of the line, as it is. */
static void test_names_that_look_like_fields(void **unused) {
    static const char *const NAMES[] = {"",    " ",      "a b c", ")", "))))", ") Z 7 7 7", "x) Z (1) 2 3",
                                        "(((", "\n) Z 1"};
    ProcessStat before, after;
    char name[16];
    (void)unused;
    assert_int_equal(prctl(PR_GET_NAME, name), 0);
    assert_int_equal(process_stat(0, &before), 0);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(prctl(PR_SET_NAME, NAMES[i]), 0);
        assert_int_equal(process_stat(0, &after), 0);
        check_same(&after, &before);
    }
    assert_int_equal(prctl(PR_SET_NAME, name), 0);
}

static void test_executable(void **unused) {
    char own[4096] = "";
    (void)unused;
    assert_true(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
    char *found = process_executable(getpid());
    assert_string_equal(found, own);
    free(found);

    pid_t pid = fork_still();
    assert_int_equal(kill(pid, SIGKILL), 0);
    await_end_unreaped(pid);
    assert_null(process_executable(pid)); /* the dead run nothing */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void copy_program(const char *from, const char *to) {
    char buffer[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t count; (count = read(in, buffer, sizeof buffer)) > 0;)
        assert_int_equal(write(out, buffer, (size_t)count), count);
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

/* An upgrade of a package replaces the binary of what runs: it is still the same program. */
static void test_executable_of_a_deleted_file(void **unused) {
    Folder folder;
    int pipe_fds[2];
    char nothing;
    (void)unused;
    folder_make(&folder);
    const char *program = folder_path(&folder, "program");
    copy_program("/bin/sleep", program);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl(program, program, "1000", (char *)NULL);
        _exit(99);
    }
    assert_int_equal(close(pipe_fds[1]), 0);
    assert_int_equal(read(pipe_fds[0], &nothing, 1), 0); /* its end of the pipe was closed by the exec */
    assert_int_equal(close(pipe_fds[0]), 0);

    for (int deleted = 0; deleted < 2; deleted++) {
        char *found = process_executable(pid);
        assert_string_equal(found, program);
        free(found);
        if (!deleted)
            assert_int_equal(unlink(program), 0);
    }
    kill_and_reap(pid);
    folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_the_caller),   cmocka_unit_test(test_of_a_child),
        cmocka_unit_test(test_no_such_process), cmocka_unit_test(test_names_that_look_like_fields),
        cmocka_unit_test(test_executable),      cmocka_unit_test(test_executable_of_a_deleted_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
