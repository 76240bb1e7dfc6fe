/* Real processes for tests: forked children that hold still, and pipes to hear of them. */
#pragma once

#include "tests/unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/** Reads exactly @length bytes, within 20 s: otherwise the test fails. */
static inline void hear(int fd, void *bytes, size_t length) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 20000), 1);
    assert_int_equal(read(fd, bytes, length), (ssize_t)length);
}

/** For a child: tells its parent of @length bytes, or ends. */
static inline void tell(int fd, const void *bytes, size_t length) {
    if (write(fd, bytes, length) != (ssize_t)length)
        _exit(99);
}

/** For a child: lives until it is killed, and no longer than its parent. */
__attribute__((__noreturn__)) static inline void hold_still(void) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        (void)pause();
}

/** For a process that is to outlive its parent: lives until it is killed, and not for ever. */
__attribute__((__noreturn__)) static inline void hold_still_alone(void) {
    (void)alarm(60);
    for (;;)
        (void)pause();
}

/** A child that holds still, with every descriptor of the test. */
static inline pid_t fork_still(void) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        hold_still();
    return pid;
}

/** Waits for the end of a child and leaves it to be reaped. */
static inline void await_end_unreaped(pid_t pid) {
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static inline void kill_and_reap(pid_t pid) {
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}
