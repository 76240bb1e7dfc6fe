/* Processes that somebody else has started, under watch. */
#include "base/cleanup.h"
#include "base/process_stat.h"
#include "proc/child.h"
#include "tests/unit/children.h"
#include "tests/unit/proc/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static sd_event *event;
static bool ended;
static ChildEnd how;

static int make(void **unused) {
    (void)unused;
    ended = false;
    return sd_event_new(&event) < 0;
}

static int clear(void **unused) {
    (void)unused;
    (void)sd_event_unref(event);
    return 0;
}

#define adopt_test(function) cmocka_unit_test_setup_teardown(function, make, clear)

static void on_end(Child *child, const ChildEnd *end, void *userdata) {
    (void)child;
    (void)userdata;
    assert_false(ended);
    ended = true;
    how = *end;
}

static uint64_t start_of(pid_t pid) {
    ProcessStat stat;
    assert_int_equal(process_stat(pid, &stat), 0);
    return stat.start_ticks;
}

static int try_to_adopt(pid_t pid, uint64_t start_ticks, Child **ret) {
    Failure failure = {0};
    int r = child_adopt(event, pid, start_ticks, on_end, NULL, ret, &failure);
    assert_int_equal(*failure.message != '\0', r != 0);
    return r;
}

static Child *adopt(pid_t pid) {
    Child *child = NULL;
    assert_int_equal(try_to_adopt(pid, start_of(pid), &child), 0);
    assert_int_equal(child_pid(child), pid);
    return child;
}

static bool is_there(pid_t pid) {
    ProcessStat stat;
    return process_stat(pid, &stat) == 0 && !stat.is_dead;
}

static bool is_ours(pid_t pid) {
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* As after an exec of Visor: whom it started before is its child still. */
static void test_child_of_ours(void **unused) {
    (void)unused;
    pid_t pid = fork_still();
    Child *child = adopt(pid);
    child_signal_group(child, 0); /* it has no group of its own here: nobody is met */
    child_signal(child, SIGTERM);
    loop_until(event, &ended);
    assert_false(how.unknown);
    assert_true(how.by_signal);
    assert_int_equal(how.number, SIGTERM);
    assert_int_equal(how.exec_errno, 0);
    assert_true(is_ours(pid)); /* its number is its own until it is freed */
    assert_null(child_free(child));
    assert_false(is_ours(pid));
}

static void test_child_of_ours_that_has_ended(void **unused) {
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    await_end_unreaped(pid);
    Child *child = adopt(pid);
    loop_until(event, &ended);
    assert_false(how.unknown || how.by_signal);
    assert_int_equal(how.number, 7);
    (void)child_free(child);
    assert_false(is_ours(pid));
}

static void test_who_is_not_there(void **unused) {
    Child *child = NULL;
    (void)unused;
    pid_t pid = fork_still();
    uint64_t start_ticks = start_of(pid);
    assert_int_equal(try_to_adopt(pid, start_ticks + 1, &child), 1); /* another with the same number */
    assert_int_equal(try_to_adopt(pid, start_ticks - 1, &child), 1);
    assert_int_equal(try_to_adopt(pid, 0, &child), 1);
    assert_true(is_there(pid));
    kill_and_reap(pid);
    assert_int_equal(try_to_adopt(pid, start_ticks, &child), 1);
    assert_int_equal(try_to_adopt(0, 0, &child), -EINVAL);
    assert_null(child);
    assert_false(ended);
}

static void test_the_living_are_left_alone(void **unused) {
    (void)unused;
    pid_t pid = fork_still();
    (void)child_free(adopt(pid));
    assert_true(is_there(pid));
    kill_and_reap(pid);
    assert_false(ended);
}

/* A process of somebody else's: of the keeper, which reaps it, or does not. It leads a group with one more member.
 */
typedef struct Stranger {
    pid_t keeper, pid, member;
    int pid_fd;
} Stranger;

/* Blocked, what they are sent can be counted, and does not end them. */
__attribute__((__noreturn__)) static void be_signalled(void) {
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    hold_still();
}

static pid_t fork_member(pid_t group) {
    pid_t pid = fork();
    if (pid == 0)
        be_signalled();
    (void)setpgid(pid, group ? group : pid);
    return pid;
}

__attribute__((__noreturn__)) static void keep(int fd, bool reaps) {
    pid_t pids[2];
    sigset_t blocked;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1); /* before the forks: none of them is ever without */
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    pids[0] = fork_member(0);
    pids[1] = fork_member(pids[0]);
    tell(fd, pids, sizeof pids);
    if (reaps)
        (void)waitpid(pids[0], NULL, 0);
    for (;;)
        (void)pause();
}

static Stranger start_stranger(bool reaps) {
    Stranger stranger;
    pid_t pids[2];
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    stranger.keeper = fork();
    if (stranger.keeper == 0)
        keep(pipe_fds[1], reaps);
    (void)close(pipe_fds[1]);
    hear(pipe_fds[0], pids, sizeof pids);
    (void)close(pipe_fds[0]);
    stranger.pid = pids[0];
    stranger.member = pids[1];
    stranger.pid_fd = (int)syscall(SYS_pidfd_open, stranger.member, 0);
    return stranger;
}

static void end_stranger(Stranger *stranger) {
    (void)kill(-stranger->pid, SIGKILL); /* its member lives, so the group is still this one */
    kill_and_reap(stranger->keeper);
    struct pollfd end = {.fd = stranger->pid_fd, .events = POLLIN};
    assert_int_equal(poll(&end, 1, 20000), 1);
    stranger->pid_fd = close_fd(stranger->pid_fd);
}

/* Kernels before 6.15 do not tell strangers how a process ended. What is told is right. */
static void check_end(bool by_signal, int number) {
    if (how.unknown) {
        char text[128];
        assert_non_null(strstr(child_end_describe(&how, text, sizeof text), "not known"));
        assert_false(child_end_is_good(&how));
        return;
    }
    assert_int_equal(how.by_signal, by_signal);
    assert_int_equal(how.number, number);
}

static void test_stranger(void **unused) {
    (void)unused;
    for (int reaps = 0; reaps < 2; reaps++) {
        ended = false;
        how = (ChildEnd){0};
        Stranger stranger = start_stranger(reaps);
        Child *child = adopt(stranger.pid);
        assert_false(is_ours(stranger.pid));
        child_signal(child, SIGTERM);
        loop_until(event, &ended);
        check_end(true, SIGTERM);
        assert_int_equal(how.exec_errno, 0);
        (void)child_free(child);
        assert_true(is_there(stranger.keeper));
        end_stranger(&stranger);
    }
}

static bool kernel_tells(void) {
    struct utsname name;
    int major = 0, minor = 0;
    assert_int_equal(uname(&name), 0);
    assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 15);
}

/* Reaped before we look, as by an init that is quick. */
static void test_end_of_a_reaped_stranger(void **unused) {
    (void)unused;
    how = (ChildEnd){0};
    Stranger stranger = start_stranger(true);
    Child *child = adopt(stranger.pid);
    _cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, stranger.pid, 0);
    struct pollfd reaped = {.fd = pid_fd};
    assert_int_equal(kill(stranger.pid, SIGKILL), 0);
    if (kernel_tells())
        assert_int_equal(poll(&reaped, 1, 20000), 1);
    loop_until(event, &ended);
    check_end(true, SIGKILL);
    assert_false(how.unknown && kernel_tells());
    (void)child_free(child);
    end_stranger(&stranger);
}

/* proc(5): the signals that wait for the process, as a mask. */
static bool was_signalled(pid_t pid) {
    char path[64], line[256];
    uint64_t waiting = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "ShdPnd:", 7) == 0)
            waiting = strtoull(line + 7, NULL, 16);
    (void)fclose(file);
    return waiting >> (SIGUSR1 - 1) & 1;
}

static void test_group_of_a_living_stranger(void **unused) {
    (void)unused;
    Stranger stranger = start_stranger(true);
    Child *child = adopt(stranger.pid);
    child_signal(child, SIGUSR1);
    assert_true(was_signalled(stranger.pid));
    assert_false(was_signalled(stranger.member));
    child_signal_group(child, SIGUSR1);
    assert_true(was_signalled(stranger.member));
    (void)child_free(child);
    assert_true(is_there(stranger.pid));
    end_stranger(&stranger);
}

/* It is not we who reap it, so its number may be given again at any time, also as that of a group. */
static void test_group_of_a_dead_stranger(void **unused) {
    (void)unused;
    Stranger stranger = start_stranger(true);
    Child *child = adopt(stranger.pid);
    child_signal(child, SIGKILL);
    loop_until(event, &ended);
    check_end(true, SIGKILL);
    child_signal_group(child, SIGUSR1);
    child_signal(child, SIGUSR1);
    assert_false(was_signalled(stranger.member));
    assert_int_equal(kill(-stranger.pid, SIGUSR1), 0); /* there is somebody whom that would have met */
    assert_true(was_signalled(stranger.member));
    (void)child_free(child);
    end_stranger(&stranger);
}

/* When its parent dies, somebody becomes the new one: here it is we, and then nothing is lost. */
static void test_stranger_that_becomes_ours(void **unused) {
    pid_t pids[2];
    int pipe_fds[2];
    (void)unused;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pids[0] = fork();
    if (pids[0] == 0) {
        pids[1] = fork();
        if (pids[1] == 0)
            hold_still_alone();
        tell(pipe_fds[1], &pids[1], sizeof pids[1]);
        hold_still();
    }
    (void)close(pipe_fds[1]);
    hear(pipe_fds[0], &pids[1], sizeof pids[1]);
    (void)close(pipe_fds[0]);
    kill_and_reap(pids[0]);

    Child *child = adopt(pids[1]);
    child_signal(child, SIGKILL);
    loop_until(event, &ended);
    assert_true(!how.unknown && how.by_signal);
    assert_int_equal(how.number, SIGKILL);
    (void)child_free(child);
    assert_false(is_ours(pids[1]));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        adopt_test(test_child_of_ours),
        adopt_test(test_child_of_ours_that_has_ended),
        adopt_test(test_who_is_not_there),
        adopt_test(test_the_living_are_left_alone),
        adopt_test(test_stranger),
        adopt_test(test_end_of_a_reaped_stranger),
        adopt_test(test_group_of_a_living_stranger),
        adopt_test(test_group_of_a_dead_stranger),
        adopt_test(test_stranger_that_becomes_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
