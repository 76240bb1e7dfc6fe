/*
 * What a new Visor finds alive. A node outlives its Visor; the next one takes it over as it is, and goes on where
 * the last one was: supervising, stopping, or in the middle of an upgrade. What cannot be identified is left alone,
 * and nothing is started beside it.
 */
#include "core/step.h"

enum {
    INSPECT_AGAIN_USEC = 1000 * 1000,
    ALARM_USEC = 60 * 1000 * 1000,
};

static bool is_alive(const Event *event, Alive how) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (event->inspected.alive[name] == how)
            return true;
    return false;
}

static void wait_for_end(Step *step) {
    Node *node = &step->core->node;
    node_enter(step, NODE_WAITING);
    node->inspect_due_usec = usec_add(step->now_usec, INSPECT_AGAIN_USEC);
    if (step->now_usec < node->held_due_usec)
        return;
    node->held_due_usec = usec_add(step->now_usec, ALARM_USEC);
    step_report(step, (Report){.kind = REPORT_HELD});
}

static void take_over_note(Step *step, const NodeNote *note) {
    Node *node = &step->core->node;
    /* This Visor has made no switch: what the earlier one knew of the running release is asked for anew. */
    node->start = note->start == NODE_START_UPGRADE ? NODE_START_FIRST : note->start;
    node->started_usec = note->started_usec;
    node->spawn_height_blocks = note->height_blocks;
    node->restarts_used = note->restarts_used;
    node->polling = false;
    node->poll_began_usec = 0; /* it is asked at once */
    node->answering_since_usec = USEC_NEVER;
}

static void take_over_processes(Step *step, const Event *event) {
    Node *node = &step->core->node;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        if (event->inspected.alive[name] != ALIVE_ADOPTED)
            continue;
        process_feed(step, name, PROCESS_EVENT_ADOPTED);
        step_report(step, (Report){.kind = REPORT_ADOPTED, .process = name});
    }
    /* A release whose first answer is not on record has to answer once more: only then its height is forgotten. */
    bool answered = event->inspected.note.answered && !node->unanswered_tag[0];
    if (answered && step->core->processes[PROCESS_VEGA].state == PROCESS_RUNNING)
        process_feed(step, PROCESS_VEGA, PROCESS_EVENT_ANSWERED);
}

static void renew(Step *step) {
    step->core->node.restarts_used = 0; /* its end was asked for */
    step_report(step, (Report){.kind = REPORT_RENEWED});
    node_stop(step, NODE_REASON_RENEWED);
}

/* The other process is not there: it has ended unseen, or the last Visor had no time to start it. */
static void complete(Step *step, const Event *event) {
    const Node *node = &step->core->node;
    bool core_lives = event->inspected.alive[PROCESS_VEGA] == ALIVE_ADOPTED;
    bool lacks_data_node = node->has_data_node && event->inspected.alive[PROCESS_DATA_NODE] == ALIVE_NOTHING;

    if (!core_lives || (lacks_data_node && event->inspected.data_node_began)) {
        step_report(
            step, (Report){.kind = REPORT_FAILED, .process = core_lives ? PROCESS_DATA_NODE : PROCESS_VEGA});
        node_failed(step);
    } else if (lacks_data_node) {
        step_do(step, ACTION_SPAWN)->spawn.name = PROCESS_DATA_NODE;
    } else {
        node_complete(step);
    }
}

static void go_on(Step *step, const Event *event) {
    switch (event->inspected.note.stopping) {
    case NODE_REASON_NONE:
        if (event->inspected.ending) {
            renew(step);
        } else {
            node_note(step); /* a stop notes itself: nothing may say in between that the node is wanted */
            complete(step, event);
        }
        break;
    case NODE_REASON_UPGRADE:
        if (step->core->upgrade.decided)
            upgrade_resume(step, NODE_STOPPING);
        else
            renew(step);
        break;
    case NODE_REASON_FAILURE:
        node_failed(step);
        break;
    case NODE_REASON_OPERATOR:
    case NODE_REASON_GAVE_UP:
    case NODE_REASON_RENEWED:
    case NODE_REASON_COUNT:
        renew(step);
        break;
    }
}

static void adopt(Step *step, const Event *event) {
    node_enter(step, NODE_UP);
    step->core->node.reason = NODE_REASON_NONE;
    take_over_note(step, &event->inspected.note);
    take_over_processes(step, event);
    upgrade_restore(step);
    blocks_inspected(step, event);
    go_on(step, event);
    step->core->upgrade.decided = false; /* from here on, what the node says decides */
}

bool adoption_inspected(Step *step, const Event *event) {
    Node *node = &step->core->node;
    bool adopted = is_alive(event, ALIVE_ADOPTED);
    bool in_the_way = is_alive(event, ALIVE_UNKNOWN) || (adopted && event->inspected.result != EXIT_CODE_OK);

    if (in_the_way)
        wait_for_end(step);
    else if (adopted)
        adopt(step, event);
    if (!in_the_way)
        node->held_due_usec = 0;
    return in_the_way || adopted;
}
