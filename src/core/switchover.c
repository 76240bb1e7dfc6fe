/* The moment between two releases: the old node is gone, the new one not yet there. */
#include "core/step.h"

void upgrade_stopped(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->facts.stopped = true;
    upgrade->stopped_usec = step->now_usec;
    upgrade->retry_due_usec = step->now_usec;
}

/* Not even now is the proof taken for granted: the old node's stop may have taken minutes. */
void upgrade_switch_when_due(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (step->core->node.phase != NODE_SWITCHING || step->now_usec < upgrade->retry_due_usec)
        return;
    upgrade->retry_due_usec = USEC_NEVER;
    upgrade->checking = true;
    step_do(step, ACTION_CHECK_PROOF)->tag = upgrade->tag;
}

/* What was proven is gone. Nothing was switched yet, so the old release comes back and the upgrade waits. */
static void abort_upgrade(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->facts.committed = false;
    upgrade->facts.stopped = false;
    upgrade->facts.ready = false;
    upgrade->retry_due_usec = step->now_usec;
    step_report(step, (Report){.kind = REPORT_ABORTED, .tag = upgrade->tag, .from = upgrade->former});
    if (step->core->node.exit_wanted)
        node_leave(step);
    else
        node_start(step, NODE_START_RESTART);
}

void upgrade_switch_or_abort(Step *step, bool proven) {
    if (proven)
        step_do(step, ACTION_SWITCH)->tag = step->core->upgrade.tag;
    else
        abort_upgrade(step);
}

void upgrade_switched(Step *step, bool ok) {
    Upgrade *upgrade = &step->core->upgrade;
    Node *node = &step->core->node;

    if (upgrade->step != UPGRADE_SWITCHING || upgrade->retry_due_usec != USEC_NEVER) {
        step_impossible(step, EVENT_NAME[EVENT_SWITCHED]);
        return;
    }
    if (!ok) {
        upgrade_try_again(step, REPORT_NOT_SWITCHED);
        if (node->exit_wanted)
            node_leave(step);
        return;
    }
    upgrade->facts.switched = true;
    upgrade->started_usec = step->now_usec; /* until its processes are there: a failed start is its own time */
    upgrade->facts.running_known = true;
    tag_copy(&upgrade->running, upgrade->tag);
    tag_copy(&node->unanswered_tag, upgrade->tag);
    node->unanswered_height_blocks = upgrade->height_blocks;
    node->restarts_used = 0; /* the new release has its own budget */
    node_switched(step);
    step_report(
        step, (Report){
                  .kind = REPORT_SWITCHED,
                  .tag = upgrade->tag,
                  .took_usec = usec_since(step->now_usec, upgrade->stopped_usec)});
}

void upgrade_started(Step *step) {
    step->core->upgrade.started_usec = step->now_usec;
}

void upgrade_completed(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;

    if (!upgrade->facts.switched) /* another Visor made the switch, and it knew the times */
        return;
    Report completed = {
        .kind = REPORT_COMPLETED,
        .tag = step->core->node.answered_tag, /* what runs may have failed to report it since */
        .from = upgrade->former,
        .height_blocks = upgrade->height_blocks,
        .times =
            {
                .ready_to_stop_usec = usec_since(upgrade->committed_usec, upgrade->ready_usec),
                .stop_usec = usec_since(upgrade->stopped_usec, upgrade->committed_usec),
                .switch_usec = usec_since(upgrade->started_usec, upgrade->stopped_usec),
                .start_usec = usec_since(step->now_usec, upgrade->started_usec),
            },
    };
    if (step->core->node.has_statistics)
        blocks_watch(step, &completed);
    else
        step_report(step, completed);
    upgrade_forget(upgrade);
    step_do(step, ACTION_TIDY)->tag = "";
    upgrade->facts.committed = false;
    upgrade->facts.stopped = false;
    upgrade->facts.switched = false;
}
