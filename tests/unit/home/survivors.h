/* Processes that have outlived who started them, as real ones, with the records of them in a home. */
#pragma once

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "home/lock.h"
#include "home/survivor.h"
#include "tests/unit/children.h"
#include "tests/unit/home/home.h"

static const char LOCK[] = "vega.lock";

static char own_path[512];

static inline int find_own_path(void **unused) {
    (void)unused;
    return readlink("/proc/self/exe", own_path, sizeof own_path - 1) <= 0;
}

/* Takes the lock, so that what is forked next has it. */
static inline int take(void) {
    pid_t holder = 0;
    int fd = -1;
    assert_int_equal(lock_take(home.private_fd, LOCK, &fd, &holder, NULL), 0);
    return fd;
}

/* A node has its lock as its descriptor 3. */
static inline pid_t start_with_lock(void) {
    int fd = take();
    int pipe_fds[2];
    char done = 0;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int told_fd = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 4);
        if (fd != 3 && dup3(fd, 3, O_CLOEXEC) < 0)
            _exit(99);
        tell(told_fd, &done, 1);
        hold_still();
    }
    hear(pipe_fds[0], &done, 1);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
    (void)close(fd);
    return pid;
}

static inline uint64_t start_of(pid_t pid) {
    ProcessStat stat;
    return pid > 0 && process_stat(pid, &stat) == 0 ? stat.start_ticks : 0;
}

static inline void sign(int fd, pid_t pid) {
    assert_int_equal(lock_sign_for(fd, pid, start_of(pid)), 0);
}

/* It is a copy of this test, so it runs the same executable. */
static inline void record(pid_t pid, const char *binary, const char *executable) {
    Failure failure = {0};
    ProcessRecord record = {
        .pid = pid,
        .folder = (char[]){"/srv/v1"},
        .binary = (char *)(uintptr_t)binary,
        .executable = (char *)(uintptr_t)executable,
        .note = {.started_usec = 77}};
    record.start_ticks = start_of(pid);
    assert_int_equal(home_identity(&home, &record.home), 0);
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
}

static Failure why;

static inline Alive look(void) {
    ProcessRecord record;
    why = (Failure){0};
    Alive alive = survivor_look(&home, PROCESS_VEGA, &record, &why);
    if (alive == ALIVE_ADOPTED)
        assert_true(record.pid > 0 && record.start_ticks > 0 && record.note.started_usec == 77);
    if (alive == ALIVE_UNKNOWN) {
        assert_non_null(strstr(why.message, ".visor/vega.lock"));
        assert_non_null(strstr(why.message, home.path));
    }
    process_record_clear(&record);
    return alive;
}

static inline void check_why(const char *text) {
    if (!strstr(why.message, text))
        fail_msg("'%s' does not say '%s'", why.message, text);
}
