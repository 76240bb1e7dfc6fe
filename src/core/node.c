#include "core/step.h"

const char *const NODE_PHASE_NAME[NODE_PHASE_COUNT] = {
#define X(phase, name, meaning) [phase] = name,
    NODE_PHASES(X)
#undef X
};

const char *const NODE_REASON_NAME[NODE_REASON_COUNT] = {
#define X(reason, name) [reason] = name,
    NODE_REASONS(X)
#undef X
};

const char *const NODE_START_NAME[NODE_START_COUNT] = {
#define X(start, name) [start] = name,
    NODE_STARTS(X)
#undef X
};

enum {
    EAGER_USEC = 60 * 1000 * 1000, /* a node that just started is asked often, so that its first answer is seen */
    ASK_AGAIN_USEC = 60 * 1000 * 1000,
};

void node_enter(Step *step, NodePhase phase) {
    step->core->node.phase = phase;
    step->core->node.phase_since_usec = step->now_usec;
}

static void leave(Step *step, ExitCode code) {
    record_save_at_last(step);
    node_enter(step, NODE_ENDED);
    step_do(step, ACTION_CANCEL_TOOLS);
    step_do(step, ACTION_EXIT)->exit_code = code;
}

void node_leave(Step *step) {
    leave(step, EXIT_CODE_OK);
}

void node_start(Step *step, NodeStart start) {
    Node *node = &step->core->node;
    node->start = start;
    node->reason = NODE_REASON_NONE;
    node_enter(step, NODE_INSPECTING);
    step_do(step, ACTION_INSPECT);
}

/* The core first; the data node follows when it is there (node_spawned), in the same instant. */
static void spawn(Step *step, uint64_t height_blocks) {
    Node *node = &step->core->node;
    node->spawn_height_blocks = height_blocks;
    node->polling = false;
    node->ask_due_usec = USEC_NEVER;
    node->poll_began_usec = step->now_usec;
    node->answering_since_usec = USEC_NEVER;
    node_enter(step, NODE_UP);
    node->started_usec = step->now_usec;
    node_note(step);
    step_report(step, (Report){.kind = REPORT_STARTING, .height_blocks = height_blocks});
    Action *action = step_do(step, ACTION_SPAWN);
    action->spawn.name = PROCESS_VEGA;
    action->spawn.height_blocks = height_blocks;
}

static void start_failed(Step *step) {
    step_report(step, (Report){.kind = REPORT_START_FAILED});
    node_failed(step);
}

/* Nothing of the node is alive. */
static void start_as_inspected(Step *step) {
    Node *node = &step->core->node;
    upgrade_restore(step);
    if (node->operator_height) {
        spawn(step, 0);
    } else if (node->start == NODE_START_RESTART && node->has_data_node) {
        node_enter(step, NODE_QUERYING);
        step_do(step, ACTION_QUERY_SEGMENT);
    } else {
        spawn(step, node->unanswered_height_blocks);
    }
}

void node_inspected(Step *step, const Event *event) {
    Node *node = &step->core->node;
    if (node->phase != NODE_INSPECTING) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    if (event->inspected.result == EXIT_CODE_OK) {
        node->has_data_node = event->inspected.has_data_node;
        node->has_statistics = event->inspected.has_statistics;
        node->operator_height = event->inspected.operator_height;
    }
    if (adoption_inspected(step, event))
        return;
    if (step->core->upgrade.decided && event->inspected.result != EXIT_CODE_NODE_ALIVE) {
        upgrade_resume(step, NODE_SWITCHING); /* whatever is wrong with the old release, it is not started again */
    } else if (event->inspected.result == EXIT_CODE_OK) {
        blocks_inspected(step, event);
        start_as_inspected(step);
    } else if (node->start == NODE_START_FIRST) {
        /* Nothing has run yet, so there is nothing to supervise: the operator is there and reads the error. */
        leave(step, event->inspected.result);
    } else {
        start_failed(step);
    }
}

void node_segment(Step *step, const Event *event) {
    if (step->core->node.phase != NODE_QUERYING) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    switch (event->segment.result) {
    case SEGMENT_FOUND:
        spawn(step, event->segment.height_blocks);
        break;
    case SEGMENT_NONE:
        spawn(step, 0);
        break;
    case SEGMENT_FAILED:
        start_failed(step);
        break;
    }
}

void node_spawned(Step *step, ProcessName name) {
    Node *node = &step->core->node;
    if (name == PROCESS_VEGA && node->has_data_node) {
        step_do(step, ACTION_SPAWN)->spawn.name = PROCESS_DATA_NODE;
        return;
    }
    node_complete(step);
}

void node_complete(Step *step) {
    Node *node = &step->core->node;
    if (node->start == NODE_START_UPGRADE) {
        upgrade_started(step);
    } else {
        step->core->upgrade.facts.running_known = false;
        step_do(step, ACTION_ASK_VERSION);
    }
    /* After the spawn, which it would only delay: until then `current` tells it as well. */
    if (node->unanswered_tag[0] && node->record.stage == STAGE_DECIDED)
        record_save(step, node->unanswered_tag, node->unanswered_height_blocks, STAGE_SWITCHED);
}

void node_stop(Step *step, NodeReason reason) {
    Node *node = &step->core->node;
    if (node->reason != NODE_REASON_NONE)
        return;
    node->reason = reason;
    node->answering_since_usec = USEC_NEVER;
    if (reason != NODE_REASON_UPGRADE)
        step->core->upgrade.facts.ready = false; /* the next copy of the node has to say so again */
    if (node->phase == NODE_UP) {
        node->polling = false;
        step_do(step, ACTION_CANCEL_POLL);
        blocks_unasked(step);
    }
    node_enter(step, NODE_STOPPING);
    node_note(step);
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_feed(step, name, PROCESS_EVENT_STOP);
    node_settle(step);
}

void node_failed(Step *step) {
    node_stop(step, NODE_REASON_FAILURE);
}

static void restart_or_give_up(Step *step) {
    Node *node = &step->core->node;
    uint64_t limit = step->core->settings.max_restarts;

    if (node->restarts_used >= limit) {
        step_report(step, (Report){.kind = REPORT_BUDGET_SPENT, .count = node->restarts_used, .limit = limit});
        leave(step, EXIT_CODE_NODE_FAILED);
        return;
    }
    node->restarts_used++;
    step_report(
        step, (Report){
                  .kind = REPORT_RESTARTING,
                  .count = node->restarts_used,
                  .limit = limit,
                  .delay_usec = step->core->settings.restarts_delay_usec});
    node_enter(step, NODE_DELAYING);
}

void node_settle(Step *step) {
    Node *node = &step->core->node;
    if (node->phase != NODE_STOPPING || !processes_down(step->core))
        return;
    switch (node->reason) {
    case NODE_REASON_FAILURE:
        if (node->exit_wanted)
            leave(step, EXIT_CODE_OK);
        else
            restart_or_give_up(step);
        break;
    case NODE_REASON_UPGRADE:
        node_enter(step, NODE_SWITCHING);
        upgrade_stopped(step);
        break;
    case NODE_REASON_GAVE_UP:
        leave(step, EXIT_CODE_NODE_FAILED);
        break;
    case NODE_REASON_RENEWED:
        if (node->exit_wanted)
            leave(step, EXIT_CODE_OK);
        else
            node_start(step, NODE_START_FIRST);
        break;
    case NODE_REASON_OPERATOR:
    case NODE_REASON_NONE:
    case NODE_REASON_COUNT:
        leave(step, EXIT_CODE_OK);
        break;
    }
}

static void hasten(Step *step) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_feed(step, name, PROCESS_EVENT_HASTEN);
}

void node_stop_asked(Step *step) {
    Node *node = &step->core->node;
    bool again = node->exit_wanted;

    node->exit_wanted = true;
    switch (node->phase) {
    case NODE_ENDED:
        break;
    case NODE_STOPPING: /* for a reason of its own, or because this was asked before */
        if (again)
            hasten(step);
        break;
    case NODE_UP:
        step_report(step, (Report){.kind = REPORT_STOPPING, .detail = NODE_REASON_NAME[NODE_REASON_OPERATOR]});
        node_stop(step, NODE_REASON_OPERATOR);
        break;
    case NODE_IDLE:
    case NODE_INSPECTING:
    case NODE_QUERYING:
    case NODE_DELAYING:
    case NODE_SWITCHING:
        leave(step, EXIT_CODE_OK);
        break;
    case NODE_WAITING: /* what is alive there is not this Visor's to stop */
        leave(step, EXIT_CODE_NODE_ALIVE);
        break;
    case NODE_PHASE_COUNT:
        break;
    }
}

void node_ask_again(Step *step) {
    step->core->node.ask_due_usec = usec_add(step->now_usec, ASK_AGAIN_USEC);
}

void node_answered(Step *step) {
    Node *node = &step->core->node;
    step_report(
        step, (Report){.kind = REPORT_ANSWERED, .took_usec = usec_since(step->now_usec, node->phase_since_usec)});
    if (node->unanswered_tag[0]) {
        /* From here on this release finds its own snapshots: a later restart must not go back to the upgrade's. */
        node->record.blocks_awaited = node->has_statistics;
        record_save(step, node->unanswered_tag, node->unanswered_height_blocks, STAGE_ANSWERED);
        node->unanswered_tag[0] = '\0';
        node->unanswered_height_blocks = 0;
        upgrade_completed(step);
    }
    node_note(step); /* after the record: a new Visor that reads this one relies on the other */
}

void node_switched(Step *step) {
    if (step->core->node.exit_wanted)
        leave(step, EXIT_CODE_OK);
    else
        node_start(step, NODE_START_UPGRADE);
}

static uint64_t connection_due_usec(const Core *core) {
    const Node *node = &core->node;
    if (node->phase != NODE_UP || core->processes[PROCESS_VEGA].ready)
        return USEC_NEVER;
    return usec_add(
        node->phase_since_usec, node->start == NODE_START_RESTART ? core->settings.restart_connection_usec
                                                                  : core->settings.first_connection_usec);
}

void node_unanswered(Step *step) {
    const Node *node = &step->core->node;
    if (node->poll_began_usec < connection_due_usec(step->core))
        return;
    step_report(
        step,
        (Report){.kind = REPORT_NEVER_ANSWERED, .took_usec = usec_since(step->now_usec, node->phase_since_usec)});
    node_stop(step, NODE_REASON_GAVE_UP);
}

static bool wants_news(const Core *core) {
    bool just_started = !core->processes[PROCESS_VEGA].ready &&
                        usec_since(core->node.poll_began_usec, core->node.phase_since_usec) < EAGER_USEC;
    bool upgrade_pending = core->upgrade.step != UPGRADE_NONE && core->upgrade.step != UPGRADE_INSTALLED &&
                           core->upgrade.step != UPGRADE_REFUSED;
    return just_started || upgrade_pending;
}

static uint64_t poll_due_usec(const Core *core) {
    const Settings *settings = &core->settings;
    if (core->node.phase != NODE_UP || core->node.polling)
        return USEC_NEVER;
    uint64_t interval_usec = settings->poll_interval_usec;
    if (wants_news(core) && settings->accepted_poll_interval_usec < interval_usec)
        interval_usec = settings->accepted_poll_interval_usec;
    return usec_add(core->node.poll_began_usec, interval_usec);
}

static uint64_t restart_due_usec(const Core *core) {
    return core->node.phase == NODE_DELAYING
               ? usec_add(core->node.phase_since_usec, core->settings.restarts_delay_usec)
               : USEC_NEVER;
}

static uint64_t budget_due_usec(const Core *core) {
    bool refills = core->node.restarts_used > 0 && core->settings.restarts_budget_reset_usec > 0;
    return refills ? usec_add(core->node.answering_since_usec, core->settings.restarts_budget_reset_usec)
                   : USEC_NEVER;
}

static uint64_t version_due_usec(const Core *core) {
    return core->node.phase == NODE_UP ? core->node.ask_due_usec : USEC_NEVER;
}

static uint64_t inspect_due_usec(const Core *core) {
    return core->node.phase == NODE_WAITING ? core->node.inspect_due_usec : USEC_NEVER;
}

void node_deadline(Step *step) {
    Node *node = &step->core->node;

    if (step->now_usec >= budget_due_usec(step->core)) {
        node->restarts_used = 0;
        node_note(step);
        step_report(
            step,
            (Report){
                .kind = REPORT_BUDGET_FULL, .took_usec = usec_since(step->now_usec, node->answering_since_usec)});
    }
    if (step->now_usec >= version_due_usec(step->core)) {
        node->ask_due_usec = USEC_NEVER;
        step_do(step, ACTION_ASK_VERSION);
    }
    record_save_when_due(step);
    node_note_when_due(step);
    if (node->phase == NODE_WAITING && step->now_usec >= node->inspect_due_usec)
        node_start(step, node->start);
    if (step->now_usec >= restart_due_usec(step->core))
        node_start(step, NODE_START_RESTART);
    if (step->now_usec >= poll_due_usec(step->core)) {
        node->polling = true;
        node->poll_began_usec = step->now_usec;
        step_do(step, ACTION_POLL);
    }
}

uint64_t node_deadline_usec(const Core *core) {
    uint64_t candidates_usec[] = {
        poll_due_usec(core),    restart_due_usec(core), budget_due_usec(core),    core->node.save_due_usec,
        version_due_usec(core), inspect_due_usec(core), node_note_due_usec(core),
    };
    uint64_t due_usec = USEC_NEVER;
    for (size_t i = 0; i < sizeof candidates_usec / sizeof *candidates_usec; i++)
        if (candidates_usec[i] < due_usec)
            due_usec = candidates_usec[i];
    return due_usec;
}
