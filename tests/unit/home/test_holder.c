/* The test is the Visor that holds the home; its child holds it, too. */
#include "home/holder.h"

#include "home/lock.h"
#include "tests/unit/children.h"
#include "tests/unit/home/home.h"

#include <linux/sched.h>
#include <sys/syscall.h>

static void test_nobody(void **unused) {
    (void)unused;
    assert_int_equal(home_holder(&home), 0);
}

static void test_the_caller(void **unused) {
    (void)unused;
    assert_int_equal(lock_folder(home.fd), 0);
    assert_int_equal(home_holder(&home), getpid());
}

/* As where the numbers of processes have begun anew. Who may not choose one gets the next. */
static pid_t fork_below(pid_t highest) {
    for (pid_t pid = highest; pid > 1; pid--) {
        struct clone_args arguments = {
            .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&pid, .set_tid_size = 1};
        long child = syscall(SYS_clone3, &arguments, sizeof arguments);
        if (child == 0)
            hold_still();
        if (child > 0)
            return (pid_t)child;
        if (errno != EEXIST)
            break;
    }
    return fork_still();
}

static void test_a_child_before_its_exec(void **unused) {
    (void)unused;
    assert_int_equal(lock_folder(home.fd), 0);
    pid_t above = fork_still();
    pid_t below = fork_below(getpid() - 1);
    assert_int_equal(home_holder(&home), getpid());
    kill_and_reap(above);
    kill_and_reap(below);
}

/* Its Visor was killed in that moment: it is all there is. */
static void test_a_child_that_is_left(void **unused) {
    (void)unused;
    assert_int_equal(lock_folder(home.fd), 0);
    pid_t child = fork_still();
    (void)close(home.fd);
    home.fd = open(home.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(home_holder(&home), child);
    kill_and_reap(child);
    assert_int_equal(home_holder(&home), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_nobody),
        home_test(test_the_caller),
        home_test(test_a_child_before_its_exec),
        home_test(test_a_child_that_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
