/*
 * `visor reexec`: the binary that lies at Visor's path now is asked to show that it can take over, and then this
 * process becomes it. Pid, children, locks and blocked signals stay; what the new binary must know lies on the disk
 * (home/state.h, home/process_record.h), where it would be after a crash as well.
 */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/invocation.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "build_info.h"
#include "home/inheritance.h"
#include "home/lock.h"
#include "home/visor_record.h"
#include "supervisor/shell.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
    REHEARSAL_TIMEOUT_USEC = 10 * 1000 * 1000,
    WAITING_USEC = 1000 * 1000, /* by then what ended in the moment of the exec was looked at once more */
};

static void complain(Supervisor *supervisor, const char *why) {
    if (throttle_pass(&supervisor->reexec.complaints, why, clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_warning(
            "supervisor", "what visor does cannot be written into HOME/.visor/lock", field_string("error", why));
}

void reexec_keep_told(Supervisor *supervisor) {
    int r = lock_sign(supervisor->inheritance->lock_fd);
    if (r >= 0)
        r = visor_record_write(supervisor->inheritance->lock_fd, &supervisor->reexec.told);
    if (r < 0)
        complain(supervisor, strerror(-r));
    supervisor->reexec.unwritten = r < 0;
}

/* Whoever removed the file, or the folder, gets it back: an answer in a file without a name would reach nobody. */
void reexec_write_again(Supervisor *supervisor) {
    Failure failure = {0};
    records_keep_private(supervisor);
    int r = inheritance_keep(supervisor->home, supervisor->inheritance, &failure);
    if (r < 0)
        complain(supervisor, failure.message);
    reexec_keep_told(supervisor);
}

static void tell(Supervisor *supervisor, ReexecOutcome outcome, const char *text) {
    VisorRecord *told = &supervisor->reexec.told;
    told->outcome = outcome;
    (void)snprintf(told->version, sizeof told->version, "%s (%s)", VISOR_VERSION, VISOR_COMMIT);
    (void)string_printable(told->text, sizeof told->text, text);
    reexec_write_again(supervisor);
}

static void settle(Supervisor *supervisor, ReexecOutcome outcome, const char *text) {
    supervisor->reexec.pending = supervisor->reexec.arriving = false;
    tell(supervisor, outcome, text);
}

static void refuse(Supervisor *supervisor, const char *why) {
    log_error("supervisor", "the new binary does not take over", field_string("error", why));
    settle(supervisor, REEXEC_REFUSED, why);
}

void reexec_asked(Supervisor *supervisor, int token) {
    Reexec *reexec = &supervisor->reexec;
    if (visor_record_has(&reexec->told, token)) { /* asked again, since it found no answer */
        reexec_write_again(supervisor);
        return;
    }
    if (!reexec->pending)
        reexec->told.token_count = 0;
    visor_record_add(&reexec->told, token);
    reexec->pending = true;
    supervisor_dispatch(supervisor, (Event){.type = EVENT_REEXEC_ASKED});
    if (reexec->pending)
        tell(supervisor, reexec->rehearsal ? REEXEC_TRYING : REEXEC_WAITING, "");
}

static void on_rehearsed(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    supervisor->reexec.rehearsal = NULL;
    if (result->result < 0)
        refuse(supervisor, result->summary);
    supervisor_dispatch(supervisor, (Event){.type = EVENT_REHEARSED, .done = {.ok = result->result >= 0}});
    if (supervisor->reexec.pending)
        tell(supervisor, REEXEC_WAITING, "");
}

void reexec_rehearse(Supervisor *supervisor) {
    Reexec *reexec = &supervisor->reexec;
    const char *arguments[] = {"rehearse", "--home", supervisor->home->path, NULL};
    ToolRequest request = {
        .path = reexec->path, .arguments = arguments, .timeout_usec = REHEARSAL_TIMEOUT_USEC, .lock_fd = -1};
    Failure failure = {0};

    records_keep_private(supervisor); /* it looks at what the new binary would find after the exec */
    int r = records_write_again(supervisor, &failure);
    if (r >= 0)
        r = reexec->path
                ? tool_start(supervisor->event, &request, on_rehearsed, supervisor, &reexec->rehearsal, &failure)
                : failure_set(&failure, -ENOENT, "the path of this visor's own binary is not known");
    if (r < 0) {
        refuse(supervisor, failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_REHEARSED, .done = {.ok = false}});
    }
}

void reexec_reexec(Supervisor *supervisor) {
    const Reexec *reexec = &supervisor->reexec;
    Failure failure = {0};
    char *arguments[] = {reexec->path, (char[]){"run"}, (char[]){"--home"}, supervisor->home->path, NULL};

    /* Once more, whatever was cleared up since: the new binary knows no node but what is written there. */
    records_keep_private(supervisor);
    int r = records_write_again(supervisor, &failure);
    if (r < 0) {
        refuse(supervisor, failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_REEXEC_FAILED});
        return;
    }
    tell(supervisor, REEXEC_TRYING, "");
    int lock_fd = supervisor->inheritance->lock_fd;
    r = inheritance_leave(supervisor->home, lock_fd, visor_record_last(&reexec->told));
    if (r >= 0) {
        FAIL_POINT(REEXEC_LEFT);
        (void)execv(reexec->path, arguments); /* which tells it its path: base/invocation.h */
        r = negative_errno();
        inheritance_take_back(supervisor->home, lock_fd);
    }
    refuse(supervisor, strerror(-r));
    supervisor_answer(supervisor, (Event){.type = EVENT_REEXEC_FAILED});
}

/* Tools that were killed in the last moment have had nobody to wait for them. The node's own are left: their end is
 * for the supervision to see. */
static void reap_tools(const Supervisor *supervisor) {
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        for (ProcessName name = 0; name < PROCESS_COUNT; name++)
            if (supervisor->records[name].pid == info.si_pid)
                return;
        if (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG) < 0)
            return;
        info = (siginfo_t){0};
    }
}

void reexec_receive(Supervisor *supervisor, const char *program) {
    Reexec *reexec = &supervisor->reexec;
    const Inheritance *inheritance = supervisor->inheritance;
    reexec->program = process_executable(getpid());
    reexec->path = invocation_path(program, getenv("PATH"));
    if (!reexec->path && reexec->program)
        reexec->path = strdup(reexec->program);
    if (!inheritance->received) {
        tell(supervisor, REEXEC_NONE, "");
        return;
    }
    if (visor_record_load(supervisor->home, &reexec->told) != 0)
        reexec->told = (VisorRecord){0};
    visor_record_add(&reexec->told, inheritance->token);
    reexec->waited = reexec->told.waits[0];
    reexec->pending = true;
}

void reexec_begin(Supervisor *supervisor) {
    Reexec *reexec = &supervisor->reexec;
    if (!supervisor->inheritance->received)
        return;
    FAIL_POINT(REEXEC_BEGUN);
    reap_tools(supervisor);
    reexec->arriving = reexec->pending;
    reexec->arrived_usec = clock_monotonic_usec();
    reexec_follow(supervisor);
}

/* Done is what leaves the node no worse supervised than it was. */
static void answer_arrival(Supervisor *supervisor) {
    const Reexec *reexec = &supervisor->reexec;
    Failure why = supervisor->held;
    if (supervisor->core.node.phase != NODE_WAITING || reexec->waited)
        settle(supervisor, REEXEC_DONE, "");
    else if (usec_since(clock_monotonic_usec(), reexec->arrived_usec) >= WAITING_USEC)
        settle(
            supervisor, REEXEC_FAILED,
            (failure_prefix(&why, 0, "the new visor has the home, but waits beside the node"), why.message));
}

static void tell_waiting(Supervisor *supervisor) {
    VisorRecord *told = &supervisor->reexec.told;
    char waits[sizeof told->waits];
    (void)string_printable(
        waits, sizeof waits, supervisor->core.node.phase == NODE_WAITING ? supervisor->held.message : "");
    if (streq(waits, told->waits))
        return;
    memcpy(told->waits, waits, sizeof waits);
    reexec_write_again(supervisor);
}

void reexec_follow(Supervisor *supervisor) {
    const Reexec *reexec = &supervisor->reexec;
    tell_waiting(supervisor);
    if (reexec->unwritten) /* whoever asked waits for it */
        reexec_write_again(supervisor);
    if (reexec->pending && supervisor->core.node.exit_wanted)
        settle(supervisor, REEXEC_FAILED, "refused: visor is leaving, as it was asked to");
    else if (reexec->arriving)
        answer_arrival(supervisor);
}

void reexec_leave(Supervisor *supervisor, ExitCode code) {
    char text[80];
    if (!supervisor->reexec.pending)
        return;
    (void)snprintf(text, sizeof text, "visor leaves with exit code %d: see its log", code);
    settle(supervisor, REEXEC_FAILED, text);
}

void reexec_free(Reexec *reexec) {
    reexec->rehearsal = tool_cancel(reexec->rehearsal);
    free(reexec->program);
    free(reexec->path);
}
