/* `visor reexec`: asks the running visor to become the binary now at its path, and waits for what comes of it. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "build_info.h"
#include "cli/error.h"
#include "cli/options.h"
#include "home/holder.h"
#include "home/lock.h"
#include "home/visor_record.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum {
    LOOK_MS = 10,
    AGAIN_USEC = 1000 * 1000,        /* a signal that comes while another is pending is lost: signal(7) */
    SILENCE_USEC = 10 * 1000 * 1000, /* for one to be taken */
    DEADLINE_USEC = 600 * 1000 * 1000,
};

typedef struct Request {
    Home home;
    pid_t pid;
    int pid_fd;
    int token;
    uint64_t asked_usec;
    uint64_t heard_usec; /* that visor has the request; to begin with, when it was asked first */
    bool told_waiting;
} Request;

static ExitCode refuse(const char *why) {
    return error_report(EXIT_CODE_NOT_REEXECED, "%s", why);
}

/* The pidfd first, the look at who holds the home after it: then it is that process that is asked. */
static int find_visor(Request *request, Failure *failure) {
    pid_t pid = home_holder(&request->home);
    if (pid == 0)
        return failure_set(
            failure, -ESRCH,
            "no visor of yours is seen to run %s: ask as the user that runs it, or start it (it takes over a node "
            "that is alive)",
            request->home.path);
    request->pid = pid;
    request->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (request->pid_fd < 0 || home_holder(&request->home) != pid)
        return failure_set(
            failure, -ESRCH, "the visor of %s, pid %d, has just ended", request->home.path, (int)pid);
    return 0;
}

/* pidfd_send_signal(2) and sigqueue(3): the token tells the answer to this request from that to another. */
static int ask(Request *request, Failure *failure) {
    siginfo_t info = {0};
    request->asked_usec = clock_monotonic_usec();
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

/* Whoever asks after an update asks with the new binary; but that may lie where visor was not started from. */
static void tell_version(const Request *request, const VisorRecord *record) {
    static const char OWN[] = VISOR_VERSION " (" VISOR_COMMIT ")";
    _cleanup_free_ char *executable = process_executable(request->pid);
    printf("visor, pid %d, is %s now\n", (int)request->pid, record->version);
    if (!streq(record->version, OWN))
        (void)fprintf(
            stderr, "warning: this command is %s; visor was started from another place, where %s lies\n", OWN,
            executable ? executable : record->version);
}

/* Returns whether that is the end of it, with the exit code in @ret. */
static bool tell_outcome(Request *request, const VisorRecord *record, ExitCode *ret) {
    switch (record->outcome) {
    case REEXEC_DONE:
        tell_version(request, record);
        *ret = EXIT_CODE_OK;
        return true;
    case REEXEC_REFUSED:
        *ret = error_report(EXIT_CODE_NOT_REEXECED, "the old visor goes on: %s", record->text);
        return true;
    case REEXEC_FAILED:
        *ret = refuse(record->text);
        return true;
    case REEXEC_WAITING:
        tell_waiting(request);
        return false;
    case REEXEC_NONE:
    case REEXEC_TRYING:
    case REEXEC_OUTCOME_COUNT:
        break;
    }
    return false;
}

static ExitCode tell_end(const Request *request) {
    return error_report(
        EXIT_CODE_NOT_REEXECED,
        "visor, pid %d, has ended and has not told what became of it: see its log. Start it again: it takes over a "
        "node that lives, and starts one that does not",
        (int)request->pid);
}

static ExitCode tell_silence(const Request *request) {
    return error_report(
        EXIT_CODE_NOT_REEXECED,
        "visor, pid %d, has not answered within %d s; what becomes of it, its log tells. It may be too old for "
        "this request, or cannot write %s/" HOME_PRIVATE_FOLDER "/" HOME_LOCK_FILE " (is the disk full?)",
        (int)request->pid, SILENCE_USEC / (1000 * 1000), request->home.path);
}

static ExitCode await_outcome(Request *request) {
    uint64_t began_usec = clock_monotonic_usec();
    VisorRecord record;
    ExitCode code;
    bool ended = false;

    for (request->heard_usec = began_usec; !ended;) {
        ended = has_ended(request); /* and then what it has told before that counts */
        uint64_t now_usec = clock_monotonic_usec();
        if (load_outcome(request, &record) == 0 && visor_record_has(&record, request->token)) {
            request->heard_usec = now_usec;
            if (tell_outcome(request, &record, &code))
                return code;
        } else if (usec_since(now_usec, request->heard_usec) > SILENCE_USEC) {
            return tell_silence(request);
        } else if (usec_since(now_usec, request->asked_usec) > AGAIN_USEC && ask(request, NULL) < 0) {
            continue; /* it has ended, and that is seen next */
        }
        if (usec_since(now_usec, began_usec) > DEADLINE_USEC)
            return refuse("visor has not come to it within 10 minutes; it is still going to: see its log");
    }
    return tell_end(request);
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
