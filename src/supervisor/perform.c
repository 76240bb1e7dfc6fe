/* Each action of the core, done. */
#include "base/fail_point.h"
#include "supervisor/shell.h"

#include <signal.h>
#include <string.h>

static void poll_status(Supervisor *supervisor) {
    int r = rpc_client_call(supervisor->rpc, supervisor->config->rpc.timeout_ms);
    if (r < 0) {
        log_error("rpc", "cannot ask the node", field_errno(r));
        supervisor_answer(supervisor, (Event){.type = EVENT_POLL_FAILED});
    }
}

static void ask_height(Supervisor *supervisor) {
    int r = statistics_client_call(
        supervisor->statistics, supervisor->running->run_config->statistics_url,
        supervisor->config->rpc.timeout_ms);
    if (r < 0) {
        log_error("statistics", "cannot ask the node", field_errno(r));
        supervisor_answer(supervisor, (Event){.type = EVENT_HEIGHT});
    }
}

static void leave(Supervisor *supervisor, ExitCode code) {
    reexec_leave(supervisor, code);
    supervisor->exit_code = code;
    (void)sd_event_exit(supervisor->event, 0);
}

void perform(Supervisor *supervisor, const Action *action) {
    switch (action->type) {
    case ACTION_INSPECT:
        inspect(supervisor);
        break;
    case ACTION_QUERY_SEGMENT:
        tools_query_segment(supervisor);
        break;
    case ACTION_NOTE:
        records_note(supervisor, &action->note);
        break;
    case ACTION_SPAWN:
        processes_spawn(supervisor, action->spawn.name, action->spawn.height_blocks);
        break;
    case ACTION_TERMINATE:
        child_signal(supervisor->children[action->process], SIGTERM);
        FAIL_POINT(TERMINATED);
        break;
    case ACTION_TERMINATE_GROUP:
        processes_signal_all(supervisor, action->process, SIGTERM);
        break;
    case ACTION_KILL:
        processes_signal_all(supervisor, action->process, SIGKILL);
        break;
    case ACTION_CHECK_LOCK:
        processes_check_lock(supervisor, action->process);
        break;
    case ACTION_POLL:
        poll_status(supervisor);
        break;
    case ACTION_CANCEL_POLL:
        rpc_client_cancel(supervisor->rpc);
        statistics_client_cancel(supervisor->statistics);
        break;
    case ACTION_ASK_HEIGHT:
        ask_height(supervisor);
        break;
    case ACTION_ASK_VERSION:
        tools_ask_version(supervisor);
        break;
    case ACTION_EXAMINE:
        examination_start(supervisor, action->tag);
        break;
    case ACTION_FETCH:
        fetching_start(supervisor, action->tag);
        break;
    case ACTION_CANCEL_FETCH:
        fetching_cancel(supervisor);
        break;
    case ACTION_PLACE:
        staged_place(supervisor, action->tag);
        break;
    case ACTION_DISCARD:
        staged_discard(supervisor, action->tag);
        break;
    case ACTION_TIDY:
        tidying_clear(supervisor, action->tag);
        break;
    case ACTION_WARM:
        tidying_warm(supervisor, action->tag);
        break;
    case ACTION_CHECK_PROOF:
        examination_watch(supervisor, action->tag);
        supervisor_answer(
            supervisor, (Event){.type = EVENT_PROOF, .done = {.ok = examination_stands(supervisor, action->tag)}});
        break;
    case ACTION_CANCEL_TOOLS:
        tools_cancel(supervisor);
        break;
    case ACTION_SAVE:
        save(supervisor, action->save);
        break;
    case ACTION_SWITCH:
        switch_release(supervisor, action->tag);
        break;
    case ACTION_REHEARSE:
        reexec_rehearse(supervisor);
        break;
    case ACTION_REEXEC:
        reexec_reexec(supervisor);
        break;
    case ACTION_REPORT:
        report(supervisor, &action->report);
        break;
    case ACTION_EXIT:
        leave(supervisor, action->exit_code);
        break;
    case ACTION_TYPE_COUNT:
        break;
    }
}
