/* The moment between two releases: the old node is gone, the new one not yet there. */
#include "core/step.h"

void upgrade_stopped(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->facts.stopped = true;
    upgrade->stopped_usec = step->now_usec;
    upgrade->retry_due_usec = step->now_usec;
    if (!upgrade->facts.proven && !upgrade->examining) /* resumed: this is the moment that it has to be right */
        upgrade->examine_due_usec = step->now_usec;
}

static void take_up(Step *step, const ReleaseRecord *record) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->resumed = true;
    upgrade->facts.accepted = true;
    upgrade->facts.usable = true;
    upgrade->facts.committed = true;
    upgrade->former[0] = '\0';
    tag_copy(&upgrade->tag, record->tag);
    upgrade->height_blocks = record->height_blocks;
    upgrade->ready_usec = upgrade->committed_usec = upgrade->stopped_usec = step->now_usec;
}

void upgrade_restore(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    const Node *node = &step->core->node;
    if (!node->unanswered_tag[0] || upgrade->facts.committed)
        return;
    take_up(step, &node->record);
    upgrade->facts.stopped = true;
    upgrade->facts.switched = true;
    upgrade->started_usec = step->now_usec;
}

void upgrade_resume(Step *step, NodePhase phase) {
    Upgrade *upgrade = &step->core->upgrade;
    take_up(step, &step->core->node.record);
    upgrade->decided = false;
    upgrade->doubted = false;
    upgrade->examine_due_usec = step->now_usec;
    step_report(
        step, (Report){.kind = REPORT_RESUMED, .tag = upgrade->tag, .height_blocks = upgrade->height_blocks});
    if (phase == NODE_STOPPING) {
        node_stop(step, NODE_REASON_UPGRADE);
    } else {
        node_enter(step, NODE_SWITCHING);
        step->core->node.reason = NODE_REASON_UPGRADE;
        upgrade_stopped(step);
    }
}

/* Not even now is the proof taken for granted: the old node's stop may have taken minutes. */
void upgrade_switch_when_due(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (step->core->node.phase != NODE_SWITCHING)
        return;
    if (!upgrade->facts.proven) {
        upgrade_examine_when_due(step);
        return;
    }
    if (step->now_usec < upgrade->retry_due_usec)
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
    upgrade->resumed = false;
    upgrade->examine_due_usec = usec_add(step->now_usec, upgrade->examine_gap_usec);
    step_report(step, (Report){.kind = REPORT_ABORTED, .tag = upgrade->tag, .from = upgrade->former});
    /* Or a new Visor would go on with the upgrade instead of starting what the network still runs. */
    record_save(step, upgrade->former, 0, STAGE_ANSWERED);
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

/* Resumed, it is proven anew while the old node goes down. */
void upgrade_examined_anew(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->facts.proven = event->examined.proven && event->examined.found == FOUND_IN_PLACE;
    upgrade->examine_due_usec = usec_add(step->now_usec, UPGRADE_RETRY_USEC);
    if (upgrade->facts.proven || upgrade->step != UPGRADE_SWITCHING)
        return;
    if (upgrade->doubted) {
        upgrade_switch_or_abort(step, false);
    } else { /* the old release would have to be started only to be stopped again: one more look is worth it */
        upgrade->doubted = true;
        upgrade->examine_due_usec = step->now_usec;
    }
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

    Report completed = {
        .kind = upgrade->resumed ? REPORT_COMPLETED_LATER : REPORT_COMPLETED,
        .tag = step->core->node.record.tag, /* what runs may have failed to report it since */
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
    upgrade->resumed = false;
}
