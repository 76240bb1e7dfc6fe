#include "proc/child.h"

#include "base/cleanup.h"
#include "base/process_stat.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct Child {
    pid_t pid;
    int pid_fd;
    int exec_fd;    /* -1 = adopted */
    bool is_ours;   /* to be reaped by us; until then its number stays its own */
    bool has_ended; /* and that was seen */
    sd_event_source *source;
    ChildHandler handler;
    void *userdata;
};

#ifndef P_PIDFD
#define P_PIDFD 3 /* waitid(2), Linux 5.4 */
#endif

/* ioctl_pidfd(2), Linux 6.13; the exit code since 6.15. Written out, since Debian 12's headers are older. */
typedef struct PidfdInfo {
    uint64_t mask;
    uint64_t cgroup_id;
    uint32_t ids[11]; /* pid, tgid, ppid, and the users and groups */
    int32_t exit_code;
} PidfdInfo;
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_REQUEST _IOWR(0xFF, 11, PidfdInfo)

/* Returns 0; 1 if the kernel does not know yet; -errno if it never tells. */
static int ask_exit(int pid_fd, PidfdInfo *ret) {
    *ret = (PidfdInfo){.mask = PIDFD_INFO_EXIT_BIT};
    if (ioctl(pid_fd, PIDFD_GET_INFO_REQUEST, ret) < 0)
        return negative_errno();
    return ret->mask & PIDFD_INFO_EXIT_BIT ? 0 : 1;
}

/* The kernel tells it once the process is reaped, which an init does at once; where none does, it stays unknown. */
static int read_end_of_stranger(const Child *child, ChildEnd *ret) {
    enum { REAPED_WITHIN_MS = 10 };
    struct pollfd reaped = {.fd = child->pid_fd};
    PidfdInfo info;

    int r = ask_exit(child->pid_fd, &info);
    if (r > 0) {
        (void)poll(&reaped, 1, REAPED_WITHIN_MS);
        r = ask_exit(child->pid_fd, &info);
    }
    if (r != 0)
        return -ECHILD;
    bool by_signal = WIFSIGNALED(info.exit_code);
    *ret = (ChildEnd){
        .by_signal = by_signal,
        .core_dumped = by_signal && WCOREDUMP(info.exit_code),
        .number = by_signal ? WTERMSIG(info.exit_code) : WEXITSTATUS(info.exit_code),
    };
    return 0;
}

static int read_end(const Child *child, ChildEnd *ret) {
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return errno == ECHILD ? read_end_of_stranger(child, ret) : negative_errno();
    if (info.si_pid == 0)
        return -EAGAIN;
    *ret = (ChildEnd){
        .by_signal = info.si_code != CLD_EXITED,
        .core_dumped = info.si_code == CLD_DUMPED,
        .number = info.si_status,
    };
    int error = 0;
    if (read(child->exec_fd, &error, sizeof error) == (ssize_t)sizeof error)
        ret->exec_errno = error;
    return 0;
}

static int on_pidfd(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Child *child = userdata;
    ChildEnd end;
    (void)fd;
    (void)events;

    int r = read_end(child, &end);
    if (r == -EAGAIN)
        return 0;
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    child->has_ended = true;
    if (r < 0)
        end = (ChildEnd){.unknown = true};
    child->handler(child, &end, child->userdata);
    return 0;
}

static int watch(sd_event *event, Child *child) {
    int r = sd_event_add_io(event, &child->source, child->pid_fd, EPOLLIN, on_pidfd, child);
    if (r < 0)
        return r;
    /* An end is news of the first rank: it goes before polls and timers of the same loop iteration. */
    return sd_event_source_set_priority(child->source, SD_EVENT_PRIORITY_IMPORTANT);
}

int child_start(
    sd_event *event, const SpawnRequest *request, ChildHandler handler, void *userdata, Child **ret,
    Failure *failure) {
    _cleanup_child_ Child *child = calloc(1, sizeof *child);
    Spawned spawned;
    int r;

    if (!child)
        return failure_set(failure, -ENOMEM, "cannot start %s: out of memory", request->path);
    *child = (Child){.pid_fd = -1, .exec_fd = -1, .is_ours = true, .handler = handler, .userdata = userdata};
    r = process_spawn(request, &spawned, failure);
    if (r < 0)
        return r;
    child->pid = spawned.pid;
    child->pid_fd = spawned.pid_fd;
    child->exec_fd = spawned.exec_fd;

    r = watch(event, child);
    if (r < 0) {
        siginfo_t info;
        child_signal_group(child, SIGKILL); /* unwatched, it would be a node that nobody supervises */
        while (waitid((idtype_t)P_PIDFD, (id_t)child->pid_fd, &info, WEXITED) < 0 && errno == EINTR)
            ;
        return failure_set(failure, r, "cannot watch %s: %s", request->path, strerror(-r));
    }
    *ret = TAKE_PTR(child);
    return 0;
}

static bool is_child_of_ours(int pid_fd) {
    siginfo_t info;
    return waitid((idtype_t)P_PIDFD, (id_t)pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The pidfd first, the look at the start time after it: then what is watched is the process that was looked at. */
int child_adopt(
    sd_event *event, pid_t pid, uint64_t start_ticks, ChildHandler handler, void *userdata, Child **ret,
    Failure *failure) {
    _cleanup_child_ Child *child = calloc(1, sizeof *child);
    ProcessStat stat;

    if (!child)
        return failure_set(failure, -ENOMEM, "cannot watch pid %d: out of memory", (int)pid);
    *child = (Child){
        .pid = pid,
        .pid_fd = (int)syscall(SYS_pidfd_open, pid, 0),
        .exec_fd = -1,
        .handler = handler,
        .userdata = userdata};
    if (child->pid_fd < 0 && errno != ESRCH)
        return failure_set(failure, negative_errno(), "cannot watch pid %d: pidfd_open: %m", (int)pid);
    if (child->pid_fd < 0 || process_stat(pid, &stat) < 0 || stat.start_ticks != start_ticks)
        return failure_set(failure, 1, "pid %d has ended", (int)pid);
    child->is_ours = is_child_of_ours(child->pid_fd);
    int r = watch(event, child);
    if (r < 0)
        return failure_set(failure, r, "cannot watch pid %d: %s", (int)pid, strerror(-r));
    *ret = TAKE_PTR(child);
    return 0;
}

Child *child_free(Child *child) {
    siginfo_t info;
    if (!child)
        return NULL;
    if (child->is_ours && child->pid_fd >= 0)
        (void)waitid((idtype_t)P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG);
    (void)sd_event_source_disable_unref(child->source);
    child->pid_fd = close_fd(child->pid_fd);
    child->exec_fd = close_fd(child->exec_fd);
    free(child);
    return NULL;
}

pid_t child_pid(const Child *child) {
    return child->pid;
}

void child_signal(const Child *child, int signal_number) {
    (void)syscall(SYS_pidfd_send_signal, child->pid_fd, signal_number, NULL, 0);
}

/* Safe as long as the child is not reaped, that is, as long as it is not freed: see child.h. */
void child_signal_group(const Child *child, int signal_number) {
    if (child->has_ended && !child->is_ours)
        return;
    if (signal_number == SIGKILL) /* a child that was just forked has no group yet */
        child_signal(child, signal_number);
    (void)kill(-child->pid, signal_number);
}

void child_await_end(const Child *child, int timeout_ms) {
    struct pollfd end = {.fd = child->pid_fd, .events = POLLIN};
    (void)poll(&end, 1, timeout_ms);
}

const char *child_end_describe(const ChildEnd *end, char *buffer, size_t size_bytes) {
    const char *name = end->by_signal ? sigabbrev_np(end->number) : NULL;
    if (end->unknown)
        (void)snprintf(buffer, size_bytes, "ended; its exit status is not known");
    else if (end->exec_errno > 0)
        (void)snprintf(
            buffer, size_bytes, "could not be executed: %s%s", strerror(end->exec_errno),
            end->exec_errno == ENOENT ? " (the binary, or the interpreter it names)" : "");
    else if (!end->by_signal)
        (void)snprintf(buffer, size_bytes, "exited with code %d", end->number);
    else if (name)
        (void)snprintf(buffer, size_bytes, "was killed by SIG%s%s", name, end->core_dumped ? " (core dumped)" : "");
    else
        (void)snprintf(
            buffer, size_bytes, "was killed by signal %d%s", end->number, end->core_dumped ? " (core dumped)" : "");
    return buffer;
}
