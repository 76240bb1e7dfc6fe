/*
 * `visor reexec`: the binary that lies at Visor's path now is asked to show that it can take over, and then this
 * process becomes it. Pid, children, locks and blocked signals stay; what the new binary must know lies on the disk
 * (home/state.h, home/process_record.h), where it would be after a crash as well.
 */
#include "base/cleanup.h"
#include "base/fail_point.h"
#include "build_info.h"
#include "home/inheritance.h"
#include "home/visor_record.h"
#include "supervisor/shell.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { REHEARSAL_TIMEOUT_USEC = 10 * 1000 * 1000 };

static void tell(Supervisor *supervisor, ReexecOutcome outcome, const char *text) {
    VisorRecord record = {.token = supervisor->reexec.token, .outcome = outcome};
    (void)snprintf(record.version, sizeof record.version, "%s (%s)", VISOR_VERSION, VISOR_COMMIT);
    (void)snprintf(record.text, sizeof record.text, "%s", text);
    int r = visor_record_write(supervisor->lock_fd, &record);
    if (r < 0)
        log_warning("supervisor", "the outcome of reexec cannot be written for who asked", field_errno(r));
}

static void refuse(Supervisor *supervisor, const char *why) {
    log_error("supervisor", "the new binary does not take over", field_string("error", why));
    tell(supervisor, REEXEC_REFUSED, why);
}

void reexec_asked(Supervisor *supervisor, int token) {
    supervisor->reexec.token = token;
    supervisor_dispatch(supervisor, (Event){.type = EVENT_REEXEC_ASKED});
    if (supervisor->reexec.rehearsal)
        tell(supervisor, REEXEC_TRYING, "");
    else if (supervisor->core.handover.asked)
        tell(supervisor, REEXEC_WAITING, "");
}

static void on_rehearsed(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    supervisor->reexec.rehearsal = NULL;
    if (result->result < 0)
        refuse(supervisor, result->summary);
    supervisor_dispatch(supervisor, (Event){.type = EVENT_REHEARSED, .done = {.ok = result->result >= 0}});
    if (result->result >= 0 && supervisor->core.handover.asked)
        tell(supervisor, REEXEC_WAITING, "");
}

void reexec_rehearse(Supervisor *supervisor) {
    Reexec *reexec = &supervisor->reexec;
    const char *arguments[] = {"rehearse", "--home", supervisor->home->path, NULL};
    ToolRequest request = {
        .path = reexec->program, .arguments = arguments, .timeout_usec = REHEARSAL_TIMEOUT_USEC, .lock_fd = -1};
    Failure failure = {0};

    int r = reexec->program
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
    char *arguments[] = {reexec->program, (char[]){"run"}, (char[]){"--home"}, supervisor->home->path, NULL};

    /* Once more, whatever was cleared up since: the new binary knows no node but what is written there. */
    processes_keep_private(supervisor);
    int r = processes_write_again(supervisor, &failure);
    if (r < 0) {
        refuse(supervisor, failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_REEXEC_FAILED});
        return;
    }
    tell(supervisor, REEXEC_TRYING, "");
    r = inheritance_leave(supervisor->home, supervisor->lock_fd, reexec->token);
    if (r >= 0) {
        FAIL_POINT(REEXEC_LEFT);
        (void)execv(reexec->program, arguments);
        r = negative_errno();
        inheritance_take_back(supervisor->home, supervisor->lock_fd);
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

void reexec_begin(Supervisor *supervisor) {
    if (!supervisor->handed_over) {
        tell(supervisor, REEXEC_NONE, "");
        return;
    }
    FAIL_POINT(REEXEC_BEGUN);
    reap_tools(supervisor);
    NodePhase phase = supervisor->core.node.phase;
    if (phase == NODE_ENDED || phase == NODE_IDLE)
        tell(supervisor, REEXEC_REFUSED, "the new visor has taken over, and then had to leave: see its log");
    else
        tell(supervisor, REEXEC_DONE, "");
}

void reexec_free(Reexec *reexec) {
    reexec->rehearsal = tool_cancel(reexec->rehearsal);
    free(reexec->program);
}
