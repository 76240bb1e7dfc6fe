#include "proc/spawn.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILD_LOCK_FD = 3, /* where a node finds its lock; it need not know */
    CHILD_EXEC_FD = 4,
    CHILD_FIRST_FREE_FD = 5,
    EXEC_FAILED_CODE = 127, /* what a shell says of a command it cannot run */
};

static int open_pidfd(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by definition; pidfd_open(2) */
}

/* argv: the program's path, its arguments, and up to two more. Owned by the caller; the strings are borrowed. */
static const char **build_argv(const SpawnRequest *request) {
    size_t count = string_list_length(request->arguments);
    const char **argv = calloc(count + 4, sizeof *argv);
    size_t used = 0;
    if (!argv)
        return NULL;
    argv[used++] = request->path;
    for (size_t i = 0; i < count; i++)
        argv[used++] = request->arguments[i];
    if (request->last_name)
        argv[used++] = request->last_name;
    if (request->last_value)
        argv[used++] = request->last_value;
    return argv;
}

/*
 * Ignored signals survive exec: a node started by a Visor that ignores SIGPIPE would never know a dead peer. By
 * system call, since libc's functions leave out the two numbers that its threads use, and those are inherited all
 * the same.
 */
static void reset_signals(void) {
    static const unsigned long BY_DEFAULT[8]; /* the kernel's struct sigaction, all zeroes: SIG_DFL, no flags */
    static const uint64_t NONE;               /* the kernel's sigset_t */
    for (int number = 1; number < NSIG; number++)
        (void)syscall(SYS_rt_sigaction, number, BY_DEFAULT, NULL, sizeof NONE);
    (void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &NONE, NULL, sizeof NONE);
}

static int move_above(int fd, int least) {
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, least);
}

static int place(int fd, int target) {
    return fd < 0 ? 0 : dup2(fd, target);
}

/* Puts every descriptor where the child expects it and closes all others, those of Visor's own parents included. */
static int arrange_descriptors(const SpawnRequest *request, int *exec_fd) {
    /* Not close-on-exec: where Visor's own standard input is closed, it is opened right where it belongs. */
    int null_fd = open("/dev/null", O_RDWR);
    int lock_fd = move_above(request->lock_fd, CHILD_FIRST_FREE_FD);
    int output_fd = move_above(request->output_fd, CHILD_FIRST_FREE_FD);
    int error_fd = move_above(request->error_fd, CHILD_FIRST_FREE_FD);
    int kept_exec_fd = move_above(*exec_fd, CHILD_FIRST_FREE_FD);

    if (null_fd < 0 || kept_exec_fd < 0 || (lock_fd < 0) != (request->lock_fd < 0) ||
        (output_fd < 0) != (request->output_fd < 0) || (error_fd < 0) != (request->error_fd < 0))
        return -1;
    *exec_fd = kept_exec_fd;
    if (place(null_fd, STDIN_FILENO) < 0 || place(output_fd, STDOUT_FILENO) < 0 ||
        place(error_fd, STDERR_FILENO) < 0)
        return -1;
    if (lock_fd < 0)
        (void)close(CHILD_LOCK_FD);
    else if (place(lock_fd, CHILD_LOCK_FD) < 0)
        return -1;
    if (dup3(kept_exec_fd, CHILD_EXEC_FD, O_CLOEXEC) < 0)
        return -1;
    *exec_fd = CHILD_EXEC_FD;
    return (int)syscall(SYS_close_range, CHILD_FIRST_FREE_FD, ~0U, 0);
}

/* Whoever forked us may have died before we could ask to be told: its death is not told any more then. */
static int die_with(const SpawnRequest *request, pid_t visor) {
    if (request->death_signal == 0)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, request->death_signal) < 0)
        return -1;
    if (getppid() != visor)
        _exit(EXEC_FAILED_CODE);
    return 0;
}

static int become(const SpawnRequest *request, const char **argv, pid_t visor, int *exec_fd) {
    /* A session, not only a group: when Visor dies, the kernel sends SIGHUP to the groups of its own session that
     * have a stopped member (exit(3p)), and a node that is held for a moment must not die of that. */
    if (setsid() < 0)
        return -1;
    if (die_with(request, visor) < 0)
        return -1;
    if (arrange_descriptors(request, exec_fd) < 0)
        return -1;
    FAIL_POINT_IF(request->lock_fd >= 0, CHILD_UNSIGNED);
    if (request->lock_fd >= 0 && lock_sign(CHILD_LOCK_FD) < 0)
        return -1;
    FAIL_POINT_IF(request->lock_fd >= 0, CHILD_SIGNED);
    reset_signals();
    (void)execv(request->path, (char *const *)(uintptr_t)argv);
    return -1;
}

__attribute__((__noreturn__)) static void
run_child(const SpawnRequest *request, const char **argv, pid_t visor, int exec_fd) {
    (void)become(request, argv, visor, &exec_fd);
    int error = errno;
    ssize_t written = write(exec_fd, &error, sizeof error);
    _exit(written == (ssize_t)sizeof error ? EXEC_FAILED_CODE : EXEC_FAILED_CODE - 1);
}

static void undo(pid_t pid) {
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int process_spawn(const SpawnRequest *request, Spawned *ret, Failure *failure) {
    _cleanup_free_ const char **argv = NULL;
    _cleanup_fd_ int pid_fd = -1;
    _cleanup_fd_ int exec_read_fd = -1;
    _cleanup_fd_ int exec_write_fd = -1;
    int pipe_fds[2];

    argv = build_argv(request);
    if (!argv)
        return failure_set(failure, -ENOMEM, "cannot start %s: out of memory", request->path);
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return failure_set(failure, negative_errno(), "cannot start %s: pipe: %m", request->path);
    exec_read_fd = pipe_fds[0];
    exec_write_fd = pipe_fds[1];

    /* Signals that arrive between fork and exec must not meet Visor's handlers in the child; it has none (all are
     * read through signalfd), and its mask keeps them pending until the child has reset both. */
    pid_t visor = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return failure_set(failure, negative_errno(), "cannot start %s: fork: %m", request->path);
    if (pid == 0)
        run_child(request, argv, visor, exec_write_fd);

    FAIL_POINT_IF(request->lock_fd >= 0, FORKED);
    pid_fd = open_pidfd(pid);
    if (pid_fd < 0) {
        int r = negative_errno();
        undo(pid);
        return failure_set(failure, r, "cannot watch %s: pidfd_open: %s", request->path, strerror(-r));
    }
    *ret = (Spawned){.pid = pid, .pid_fd = TAKE_FD(pid_fd), .exec_fd = TAKE_FD(exec_read_fd)};
    return 0;
}
