/* `visor reexec`: asks the running visor to become the binary now at its path, and waits for what comes of it. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/error.h"
#include "cli/options.h"
#include "home/lock.h"
#include "home/lock_holder.h"
#include "home/visor_record.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum {
    LOOK_MS = 10,
    SILENCE_USEC = 10 * 1000 * 1000, /* for the signal to be taken */
    DEADLINE_USEC = 600 * 1000 * 1000,
};

typedef struct Request {
    Home home;
    pid_t pid;
    int pid_fd;
    int token;
    bool told_waiting;
} Request;

static ExitCode refuse(const char *why) {
    return error_report(EXIT_CODE_NOT_REEXECED, "%s", why);
}

/* The pidfd first, the look at who holds the home after it: then it is that process that is asked. */
static int find_visor(Request *request, Failure *failure) {
    pid_t pid = 0, holder = 0;
    if (lock_holders(request->home.fd, ".", &pid, 1) == 0)
        return failure_set(
            failure, -ESRCH,
            "no visor of yours is seen to run %s: ask as the user that runs it, or start it (it takes over a node "
            "that is alive)",
            request->home.path);
    request->pid = pid;
    request->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (request->pid_fd < 0 || lock_holders(request->home.fd, ".", &holder, 1) == 0 || holder != pid)
        return failure_set(
            failure, -ESRCH, "the visor of %s, pid %d, has just ended", request->home.path, (int)pid);
    return 0;
}

/* pidfd_send_signal(2) and sigqueue(3): the token tells the answer to this request from that to another. */
static int ask(const Request *request, Failure *failure) {
    siginfo_t info = {0};
    info.si_signo = SIGUSR2;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = request->token;
    if (syscall(SYS_pidfd_send_signal, request->pid_fd, SIGUSR2, &info, 0) == 0)
        return 0;
    return failure_set(failure, negative_errno(), "cannot ask visor, pid %d: %m", (int)request->pid);
}

static bool has_ended(const Request *request) {
    struct pollfd end = {.fd = request->pid_fd, .events = POLLIN};
    return poll(&end, 1, LOOK_MS) > 0;
}

static void tell_waiting(Request *request) {
    if (!request->told_waiting)
        (void)fprintf(stderr, "the node is being stopped or started; visor becomes the new binary after that\n");
    request->told_waiting = true;
}

/* HOME/.visor is opened anew each time: somebody may replace it meanwhile, and visor writes into the new one. */
static int load_outcome(const Request *request, VisorRecord *ret) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    int r = home_look(request->home.path, &home, NULL);
    return r < 0 ? r : visor_record_load(&home, ret);
}

static ExitCode await_outcome(Request *request) {
    uint64_t began_usec = clock_monotonic_usec();
    VisorRecord record;

    while (!has_ended(request)) {
        uint64_t waited_usec = usec_since(clock_monotonic_usec(), began_usec);
        int r = load_outcome(request, &record);
        bool is_ours = r == 0 && record.token == request->token;
        if (is_ours && record.outcome == REEXEC_DONE) {
            printf("visor, pid %d, is %s now\n", (int)request->pid, record.version);
            return EXIT_CODE_OK;
        }
        if (is_ours && record.outcome == REEXEC_REFUSED)
            return error_report(EXIT_CODE_NOT_REEXECED, "the old visor goes on: %s", record.text);
        if (is_ours && record.outcome == REEXEC_WAITING)
            tell_waiting(request);
        if (!is_ours && waited_usec > SILENCE_USEC)
            return refuse("the running visor does not take the request; is it too old for it? See its log");
        if (waited_usec > DEADLINE_USEC)
            return refuse("visor has not come to it within 10 minutes; it is still going to: see its log");
    }
    return refuse(
        "visor has ended; the node lives on if it was not asked to stop: see its log, and start it again");
}

ExitCode command_reexec(const Options *options) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    Failure failure = {0};

    int r = home_look(options->home, &home, &failure);
    if (r < 0)
        return error_report_home(r, &failure);
    Request request = {.home = home, .pid_fd = -1};
    request.token = (int)((clock_realtime_usec() ^ (uint64_t)getpid() << 16) & 0x7fffffff) | 1;
    r = find_visor(&request, &failure);
    if (r >= 0)
        r = ask(&request, &failure);
    ExitCode code = r < 0 ? refuse(failure.message) : await_outcome(&request);
    request.pid_fd = close_fd(request.pid_fd);
    return code;
}
