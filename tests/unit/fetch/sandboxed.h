/* Children that confine themselves and then try what is forbidden. */
#pragma once

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * Each test forks: what a sandbox takes is never given back. The child tries the forbidden thing and counts what
 * went wrong, on standard error; its exit code is that number.
 */
static Folder folder; /* inside/ may be written, outside/ may not */
static int inside_fd;
static int wrong;

static inline int sandboxed_make(void **unused) {
    (void)unused;
    folder_make(&folder);
    assert_int_equal(mkdirat(folder.fd, "inside", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "outside", 0755), 0);
    folder_write_text(&folder, "outside/secret", "secret", 0644);
    inside_fd = openat(folder.fd, "inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return inside_fd < 0;
}

static inline int sandboxed_clear(void **unused) {
    (void)unused;
    (void)close(inside_fd);
    folder_remove(&folder);
    return 0;
}

static inline void expect(const char *what, bool good) {
    if (!good) {
        (void)fprintf(stderr, "not as expected: %s (errno: %s)\n", what, strerror(errno));
        wrong++;
    }
}

#define ALLOWED(call) (errno = 0, expect(#call, (call) >= 0))
#define DENIED(call, code) (errno = 0, expect(#call, (call) < 0 && errno == (code)))

static inline void in_child(void (*act)(void)) {
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        wrong = 0;
        act();
        _exit(wrong);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child ended with status 0x%x", status);
}

static inline bool kernel_has_landlock(void) {
    return syscall(444, NULL, 0, 1) > 0;
}

static inline void no_new_privileges(void) {
    ALLOWED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static inline int create(int folder_fd, const char *name) {
    return openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

#define sandbox_test(function) cmocka_unit_test_setup_teardown(function, sandboxed_make, sandboxed_clear)
