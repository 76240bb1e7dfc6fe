#include "fetch/unpacker.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "fetch/archive_tree.h"
#include "fetch/sandbox.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often the process tells how far it is, and how often that goes on to the caller, who wants at least one word
 * a second, whatever the disk does. */
#define REPORT_INTERVAL_USEC (UINT64_C(100) * USEC_PER_MSEC)
#define PROGRESS_INTERVAL_USEC (UINT64_C(250) * USEC_PER_MSEC)
#define HEARTBEAT_USEC (UINT64_C(500) * USEC_PER_MSEC)

/* What goes over the pipe, always whole. The process that writes it may be in a stranger's hands. */
typedef struct Report {
    uint32_t finished; /* not 0: the last one: `result` and what follows it count */
    UnpackPhase phase;
    uint64_t bytes;
    uint64_t of_bytes;
    int result; /* of unpack() */
    UnpackResult unpacked;
    Failure failure;
} Report;

/* ---- in the further process ---- */

typedef struct Reporter {
    int pipe_fd;
    uint64_t reported_usec;
} Reporter;

static int write_report(int pipe_fd, const Report *report) {
    const char *bytes = (const char *)report;
    for (size_t written = 0; written < sizeof *report;) {
        ssize_t count = write(pipe_fd, bytes + written, sizeof *report - written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        written += (size_t)count;
    }
    return 0;
}

static void report_progress(UnpackPhase phase, uint64_t bytes, uint64_t of_bytes, void *userdata) {
    Reporter *reporter = userdata;
    uint64_t now = clock_monotonic_usec();
    if (usec_since(now, reporter->reported_usec) < REPORT_INTERVAL_USEC)
        return;
    reporter->reported_usec = now;
    const Report report = {.phase = phase, .bytes = bytes, .of_bytes = of_bytes};
    (void)write_report(reporter->pipe_fd, &report); /* nobody reads: then SIGPIPE ends this process */
}

/* Whatever visor-fetch handles, ignores or blocks is none of this process's business. */
static void reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The events of visor-fetch go to its standard output: nothing that happens here may get between them. */
static int leave_standard_streams(void) {
    _cleanup_fd_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(null_fd, STDOUT_FILENO) < 0)
        return negative_errno();
    return 0;
}

/* unpack() wants it, but then the files of the locale can no longer be opened. Kept until the end. */
static void use_utf8(void) {
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8)
        (void)uselocale(utf8);
}

__attribute__((__noreturn__)) static void run_child(const UnpackRequest *request, int pipe_fd, pid_t parent) {
    Reporter reporter = {.pipe_fd = pipe_fd};
    Report report = {.finished = 1};
    SandboxReport sandbox;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    reset_signals();
    use_utf8();
    report.result = leave_standard_streams();
    if (report.result >= 0) {
        const int kept[] = {request->asset_fd, pipe_fd};
        /* What is missing here was missing for visor-fetch itself, which has reported it. */
        sandbox_narrow(request->folder_fd, kept, sizeof kept / sizeof *kept, request->max_unpacked_bytes, &sandbox);
        report.result = unpack(request, report_progress, &reporter, &report.unpacked, &report.failure);
    }
    _exit(write_report(pipe_fd, &report) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- in visor-fetch ---- */

typedef struct Unpacker {
    const UnpackRequest *request;
    UnpackProgress progress;
    void *userdata;
    pid_t pid;
    int pid_fd;
    int pipe_fd;
    uint64_t told_usec;
    size_t received;
    Report incoming; /* the first `received` bytes of it are there */
    Report last;
} Unpacker;

static void tell(Unpacker *unpacker, uint64_t interval_usec) {
    uint64_t now = clock_monotonic_usec();
    if (!unpacker->progress || usec_since(now, unpacker->told_usec) < interval_usec)
        return;
    unpacker->told_usec = now;
    UnpackPhase phase = unpacker->last.phase == UNPACK_PHASE_STORE ? UNPACK_PHASE_STORE : UNPACK_PHASE_UNPACK;
    unpacker->progress(phase, unpacker->last.bytes, unpacker->last.of_bytes, unpacker->userdata);
}

/* Waits until @fd can be read or a heartbeat is due. Returns 1 if it can be read; 0; -errno. */
static int wait_for(Unpacker *unpacker, int fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int r = poll(&poll_fd, 1, (int)(HEARTBEAT_USEC / USEC_PER_MSEC));
    if (r < 0 && errno != EINTR)
        return negative_errno();
    tell(unpacker, r > 0 ? PROGRESS_INTERVAL_USEC : HEARTBEAT_USEC / 2);
    return r > 0;
}

/* Reads what is in the pipe. Returns 0; 1 at its end; -errno. */
static int receive(Unpacker *unpacker) {
    char *bytes = (char *)&unpacker->incoming;
    ssize_t count =
        read(unpacker->pipe_fd, bytes + unpacker->received, sizeof unpacker->incoming - unpacker->received);
    if (count < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : negative_errno();
    if (count == 0)
        return 1;
    unpacker->received += (size_t)count;
    if (unpacker->received == sizeof unpacker->incoming && !unpacker->last.finished) {
        memcpy(&unpacker->last, &unpacker->incoming, sizeof unpacker->last);
        unpacker->received = 0;
    }
    return unpacker->received ==
           sizeof unpacker->incoming; /* more than the last report: nonsense, no more is read */
}

static int receive_all(Unpacker *unpacker) {
    for (;;) {
        int r = wait_for(unpacker, unpacker->pipe_fd);
        if (r > 0)
            r = receive(unpacker);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}

/* A process that is still there then dies of SIGPIPE, or with this one, which may not send signals. */
static void cleanup_unpacker(Unpacker *unpacker) {
    (void)close_fd(unpacker->pid_fd);
    (void)close_fd(unpacker->pipe_fd);
}

static int wait_for_end(Unpacker *unpacker, int *ret_status) {
    int r = 0;
    while (r == 0)
        r = wait_for(unpacker, unpacker->pid_fd);
    if (r < 0)
        return r;
    while (waitpid(unpacker->pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

static int describe_end(int status, Failure *failure) {
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (number == SIGKILL)
        return failure_set(
            failure, -ECHILD,
            "unpacking was killed, by somebody or because memory ran out: see `dmesg`, and make memory free");
    if (number == SIGXCPU)
        return failure_set(
            failure, -ECHILD,
            "unpacking took more than an hour of processor time: the archive is not an honest one");
    if (number > 0)
        return failure_set(
            failure, -ECHILD,
            "unpacking crashed with signal %d (%s): nothing was installed; the archive may be made to do that, so "
            "check where it comes from, and report it to the makers of visor",
            number, strsignal(number));
    return failure_set(failure, -ECHILD, "unpacking ended without a result (exit code %d)", WEXITSTATUS(status));
}

/* Is there a regular file where the process says that it put the program? */
static bool is_there(const UnpackRequest *request, const char *binary) {
    struct stat status;
    return fstatat(request->folder_fd, binary, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

/* The process may have been taken over by what it unpacked: its result must make sense in itself. */
static bool is_sensible(const Unpacker *unpacker) {
    const UnpackRequest *request = unpacker->request;
    const UnpackResult *unpacked = &unpacker->last.unpacked;
    const char *expected = *request->binary ? request->binary : request->asset;

    return unpacked->files > 0 && unpacked->files <= ARCHIVE_TREE_NAMES_MAX &&
           unpacked->unpacked_bytes <= request->max_unpacked_bytes &&
           strnlen(unpacked->binary, sizeof unpacked->binary) < sizeof unpacked->binary &&
           streq(unpacked->binary, expected) && is_there(request, expected);
}

static int take_result(Unpacker *unpacker, int status, UnpackResult *ret, Failure *failure) {
    Report *last = &unpacker->last;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS || !last->finished)
        return describe_end(status, failure);
    if (last->result < 0) {
        char printable[sizeof failure->message];
        last->failure.message[sizeof last->failure.message - 1] = '\0';
        return failure_set(
            failure, last->result, "%s",
            last->failure.message[0] ? string_printable(printable, sizeof printable, last->failure.message)
                                     : strerror(-last->result));
    }
    if (unpacker->received > 0 || last->result > 0 || !is_sensible(unpacker))
        return failure_set(
            failure, -ECHILD,
            "unpacking told nonsense about what it did: nothing was installed; check where the archive comes from, and "
            "report it to the makers of visor");
    *ret = last->unpacked;
    return 0;
}

static int start(Unpacker *unpacker) {
    _cleanup_fd_ int write_fd = -1;
    int pipe_fds[2];
    pid_t self = getpid();

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return negative_errno();
    unpacker->pipe_fd = pipe_fds[0];
    write_fd = pipe_fds[1];
    pid_t pid = fork();
    if (pid < 0)
        return negative_errno();
    if (pid == 0)
        run_child(unpacker->request, write_fd, self);
    unpacker->pid = pid;
    unpacker->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by definition */
    return unpacker->pid_fd < 0 ? negative_errno() : 0;
}

int unpacker_run(
    const UnpackRequest *request, UnpackProgress progress, void *userdata, UnpackResult *ret, Failure *failure) {
    _cleanup_(cleanup_unpacker) Unpacker unpacker = {
        .request = request, .progress = progress, .userdata = userdata, .pid_fd = -1, .pipe_fd = -1};
    struct stat asset;
    int status = 0;

    if (fstat(request->asset_fd, &asset) == 0)
        unpacker.last.of_bytes = (uint64_t)asset.st_size; /* for heartbeats before the first report */
    int r = start(&unpacker);
    if (r < 0)
        return failure_set(failure, r, "cannot start a process to unpack with: %s", strerror(-r));
    r = receive_all(&unpacker);
    if (r >= 0)
        r = wait_for_end(&unpacker, &status);
    if (r < 0)
        return failure_set(failure, r, "cannot wait for the process that unpacks: %s", strerror(-r));
    return take_result(&unpacker, status, ret, failure);
}
