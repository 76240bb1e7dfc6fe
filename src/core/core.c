#include "core/core.h"

#include "core/step.h"

#include <assert.h>

const char *const EVENT_NAME[EVENT_TYPE_COUNT] = {
#define X(event, name, meaning) [event] = name,
    EVENTS(X)
#undef X
};

const char *const ACTION_NAME[ACTION_TYPE_COUNT] = {
#define X(action, name, meaning) [action] = name,
    ACTIONS(X)
#undef X
};

Action *step_do(Step *step, ActionType type) {
    assert(step->actions->count < ACTIONS_MAX);
    Action *action = &step->actions->items[step->actions->count++];
    *action = (Action){.type = type};
    return action;
}

void step_report(Step *step, Report report) {
    step_do(step, ACTION_REPORT)->report = report;
}

void step_impossible(Step *step, const char *detail) {
    step_report(step, (Report){.kind = REPORT_IMPOSSIBLE, .detail = detail});
}

void core_init(Core *core, const Settings *settings) {
    *core = (Core){
        .settings = *settings,
        .node =
            {.phase = NODE_IDLE,
             .answering_since_usec = USEC_NEVER,
             .ask_due_usec = USEC_NEVER,
             .save_due_usec = USEC_NEVER,
             .note_due_usec = USEC_NEVER,
             .inspect_due_usec = USEC_NEVER},
        .upgrade = {.step = UPGRADE_NONE, .alarm_due_usec = USEC_NEVER},
    };
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        core->departures[name] = (Departure){USEC_NEVER, USEC_NEVER, 0, USEC_NEVER};
}

static void begin(Step *step, const Event *event) {
    Node *node = &step->core->node;
    if (node->phase != NODE_IDLE) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    if (event->begin.record) {
        node->record = *event->begin.record;
        bool unanswered = node->record.stage != STAGE_ANSWERED;
        if (unanswered && event->begin.is_current) {
            tag_copy(&node->unanswered_tag, node->record.tag);
            node->unanswered_height_blocks = node->record.height_blocks;
        }
        /* A record that says "switched" while `current` names another release: the operator went back. */
        step->core->upgrade.decided = node->record.stage == STAGE_DECIDED && !event->begin.is_current;
        if (node->record.blocks_awaited && !unanswered && event->begin.is_current)
            blocks_resume(step);
    }
    step->core->fetch.random = event->begin.seed;
    node_start(step, NODE_START_FIRST);
}

static void change_settings(Step *step, const Settings *settings) {
    Settings before = step->core->settings;
    step->core->settings = *settings;
    fetch_plan_settings_changed(step, &before);
}

static void exited(Step *step, const Event *event) {
    ProcessName name = event->process.name;
    bool running = step->core->processes[name].state == PROCESS_RUNNING;
    bool wanted = step->core->node.phase == NODE_UP && running;

    process_feed(step, name, PROCESS_EVENT_EXITED);
    if (wanted) {
        step_report(step, (Report){.kind = REPORT_FAILED, .process = name});
        node_failed(step);
    }
}

/* Only for the moment between ACTION_SPAWN and its answer: the data node is spawned when the core is there. */
static bool is_being_spawned(const Core *core, ProcessName name) {
    bool core_is_there = core->processes[PROCESS_VEGA].state == PROCESS_RUNNING;
    return core->node.phase == NODE_UP && core->processes[name].state == PROCESS_DOWN &&
           (name == PROCESS_VEGA || (core_is_there && core->node.has_data_node));
}

static void spawned(Step *step, const Event *event) {
    ProcessName name = event->process.name;
    if (!is_being_spawned(step->core, name)) {
        step_impossible(step, EVENT_NAME[event->type]);
    } else if (event->type == EVENT_SPAWNED) {
        process_feed(step, name, PROCESS_EVENT_SPAWNED);
        node_spawned(step, name);
    } else {
        process_feed(step, name, PROCESS_EVENT_SPAWN_FAILED);
    }
}

static void poll_answered(Step *step, const Event *event) {
    Node *node = &step->core->node;
    if (node->phase != NODE_UP || !node->polling) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    node->polling = false;
    if (node->answering_since_usec == USEC_NEVER)
        node->answering_since_usec = step->now_usec;
    if (!step->core->processes[PROCESS_VEGA].ready) {
        process_feed(step, PROCESS_VEGA, PROCESS_EVENT_ANSWERED);
        node_answered(step);
    }
    upgrade_observe(step, event);
}

static void poll_failed(Step *step, const Event *event) {
    Node *node = &step->core->node;
    if (node->phase != NODE_UP || !node->polling) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    node->polling = false;
    node->answering_since_usec = USEC_NEVER;
    node_unanswered(step);
    node->poll_began_usec = step->now_usec; /* a full interval of peace after a failure */
}

static void handle(Step *step, const Event *event) {
    switch (event->type) {
    case EVENT_BEGIN:
        begin(step, event);
        break;
    case EVENT_INSPECTED:
        node_inspected(step, event);
        break;
    case EVENT_SEGMENT:
        node_segment(step, event);
        break;
    case EVENT_SPAWNED:
    case EVENT_SPAWN_FAILED:
        spawned(step, event);
        break;
    case EVENT_EXITED:
        exited(step, event);
        break;
    case EVENT_LOCK:
        process_lock(step, event->lock.name, event->lock.held);
        break;
    case EVENT_POLL_ANSWERED:
        poll_answered(step, event);
        break;
    case EVENT_POLL_FAILED:
        poll_failed(step, event);
        break;
    case EVENT_HEIGHT:
        blocks_height(step, event->height.known, event->height.height_blocks);
        break;
    case EVENT_VERSION:
        upgrade_running(step, event->version.tag);
        break;
    case EVENT_EXAMINED:
        upgrade_examined(step, event);
        break;
    case EVENT_FETCHED:
        fetch_plan_ended(step, event);
        break;
    case EVENT_PLACED:
        upgrade_placed(step, event);
        break;
    case EVENT_PROOF:
        upgrade_proof(step, event->done.ok);
        break;
    case EVENT_SAVED:
        upgrade_saved(step, event->done.ok);
        break;
    case EVENT_NOT_NOTED:
        node_not_noted(step);
        break;
    case EVENT_SWITCHED:
        upgrade_switched(step, event->done.ok);
        break;
    case EVENT_FOLDER_CHANGED:
        upgrade_folder_changed(step);
        break;
    case EVENT_SETTINGS:
        change_settings(step, event->changed.settings);
        break;
    case EVENT_STOP_ASKED:
        node_stop_asked(step);
        break;
    case EVENT_REEXEC_ASKED:
        handover_asked(step);
        break;
    case EVENT_REHEARSED:
        handover_rehearsed(step, event->done.ok);
        break;
    case EVENT_REEXEC_FAILED:
        handover_failed(step);
        break;
    case EVENT_DEADLINE:
        processes_deadline(step);
        node_deadline(step);
        blocks_deadline(step);
        break;
    case EVENT_TYPE_COUNT:
        break;
    }
}

void core_step(Core *core, const Event *event, Actions *actions) {
    Step step = {.core = core, .now_usec = event->now_usec, .actions = actions};
    actions->count = 0;
    if (core->node.phase == NODE_ENDED) /* Visor leaves: nothing is left to decide */
        return;
    handle(&step, event);
    if (core->node.phase == NODE_ENDED)
        return;
    upgrade_advance(&step);
    handover_advance(&step);
}

static uint64_t earlier(uint64_t left_usec, uint64_t right_usec) {
    return left_usec < right_usec ? left_usec : right_usec;
}

uint64_t core_deadline_usec(const Core *core) {
    if (core->node.phase == NODE_ENDED)
        return USEC_NEVER;
    uint64_t due_usec = node_deadline_usec(core);
    due_usec = earlier(due_usec, processes_deadline_usec(core));
    due_usec = earlier(due_usec, blocks_deadline_usec(core));
    due_usec = earlier(due_usec, fetch_plan_deadline_usec(core));
    return earlier(due_usec, upgrade_deadline_usec(core));
}
