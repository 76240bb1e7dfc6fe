/* The upgrade's facts: how they come about, and what the step that they call for demands. */
#include "core/step.h"

#include <string.h>

enum {
    EXAMINE_USEC = 10 * 1000 * 1000, /* a release that is not proven is looked at at least so often */
    SETTLE_USEC = 50 * 1000,         /* a folder that changes is given so long to come to rest */
    CHECK_USEC = 60 * 1000 * 1000,   /* one that is proven, so often */
};

/* What follows from the tag and the running release together. */
static void compare_releases(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    const ReleaseRecord *record = &step->core->node.record;
    bool known = upgrade->facts.running_known && upgrade->running[0];
    /* A binary that does not tell is at least what was switched to. */
    bool recorded = !known && record->tag[0] && record->stage != STAGE_DECIDED;
    TagOrder order = tag_compare(upgrade->tag, recorded ? record->tag : upgrade->running);
    upgrade->facts.installed = known && order == TAG_EQUAL;
    upgrade->facts.usable = tag_is_plain(upgrade->tag) && !((known || recorded) && order == TAG_OLDER);
}

void upgrade_forget(Upgrade *upgrade) {
    upgrade->facts.accepted = false;
    upgrade->facts.usable = false;
    upgrade->facts.installed = false;
    upgrade->facts.absent = false;
    upgrade->facts.proven = false;
    upgrade->facts.ready = false;
    upgrade->examining = false;
    upgrade->examined = false;
    upgrade->placing = false;
    upgrade->tag[0] = '\0';
    upgrade->height_blocks = 0;
}

static void retract(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (!upgrade->facts.accepted)
        return;
    if (!upgrade->facts.installed) {
        tag_copy(&upgrade->former, upgrade->tag);
        step_report(step, (Report){.kind = REPORT_RETRACTED, .tag = upgrade->former});
        if (upgrade->facts.proven)
            step_report(step, (Report){.kind = REPORT_KEPT, .tag = upgrade->former});
    }
    upgrade_forget(upgrade);
}

static void accept(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;

    upgrade->facts.accepted = true;
    upgrade->step = UPGRADE_NONE; /* what was announced of another tag was not said of this one */
    upgrade->examine_due_usec = step->now_usec;
    upgrade->retry_due_usec = step->now_usec;
    upgrade->height_blocks = event->poll.height_blocks;
    tag_copy(&upgrade->tag, event->poll.tag);
    compare_releases(step);
    fetch_plan_begin(step);
    if (!upgrade->facts.installed)
        step_report(
            step, (Report){.kind = REPORT_ACCEPTED, .tag = upgrade->tag, .height_blocks = upgrade->height_blocks});
}

static void move(Step *step, uint64_t height_blocks) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->height_blocks = height_blocks;
    if (!upgrade->facts.installed)
        step_report(step, (Report){.kind = REPORT_MOVED, .tag = upgrade->tag, .height_blocks = height_blocks});
}

static void observe_no_release(Step *step, bool ready) {
    Upgrade *upgrade = &step->core->upgrade;
    if (ready && step->now_usec >= upgrade->nothing_due_usec) {
        upgrade->nothing_due_usec = usec_add(step->now_usec, UPGRADE_ALARM_USEC);
        step_report(step, (Report){.kind = REPORT_READY_FOR_NOTHING});
    }
    retract(step);
}

void upgrade_observe(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;

    if (upgrade->facts.committed) /* decided; what the old node says no longer matters */
        return;
    if (!event->poll.has_release) {
        observe_no_release(step, event->poll.ready);
        return;
    }
    if (upgrade->facts.accepted && strcmp(upgrade->tag, event->poll.tag) != 0)
        retract(step);
    if (!upgrade->facts.accepted)
        accept(step, event);
    else if (upgrade->height_blocks != event->poll.height_blocks)
        move(step, event->poll.height_blocks);

    if (event->poll.ready && !upgrade->facts.ready) {
        upgrade->ready_usec = step->now_usec;
        upgrade->alarm_due_usec = step->now_usec; /* what was said of it hours ago matters now */
        fetch_plan_hurry(step);
    }
    upgrade->facts.ready = event->poll.ready;
}

void upgrade_running(Step *step, const char *tag) {
    Upgrade *upgrade = &step->core->upgrade;
    bool asked_in_vain = upgrade->facts.running_known && !upgrade->running[0];
    bool news = !tag || strcmp(upgrade->running, tag) != 0;

    if (!tag)
        node_ask_again(step);
    if (!tag && asked_in_vain)
        return;
    upgrade->facts.running_known = true;
    tag_copy(&upgrade->running, tag ? tag : "");
    if (news)
        step_report(step, (Report){.kind = tag ? REPORT_RELEASE : REPORT_RELEASE_UNKNOWN, .tag = upgrade->running});
    if (!upgrade->facts.accepted || upgrade->facts.committed)
        return;
    compare_releases(step);
    if (!tag) { /* whether the accepted release is the running one, only a new look at its folder can tell */
        upgrade->facts.proven = false;
        upgrade->examine_due_usec = step->now_usec;
    }
}

static void check_proof(Step *step) {
    step->core->upgrade.checking = true;
    step_do(step, ACTION_CHECK_PROOF)->tag = step->core->upgrade.tag;
}

static void place(Step *step) {
    step->core->upgrade.placing = true;
    step_do(step, ACTION_PLACE)->tag = step->core->upgrade.tag;
}

void upgrade_interrupted(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (upgrade->examining)
        upgrade->examine_due_usec = step->now_usec;
    upgrade->examining = false;
}

void upgrade_examined(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;

    if (!upgrade->examining || strcmp(event->examined.tag, upgrade->tag) != 0)
        return; /* of a release that was retracted meanwhile */
    upgrade->examining = false;
    if (upgrade->facts.committed) {
        if (!upgrade->facts.proven && !upgrade->facts.switched)
            upgrade_examined_anew(step, event);
        return;
    }
    /* Without the running binary's word, the folder it was started from has to tell: never restart it for itself.
     */
    if (event->examined.is_current && upgrade->facts.running_known && !upgrade->running[0])
        upgrade->facts.installed = true;
    bool changed_meanwhile = upgrade->examine_due_usec != USEC_NEVER;
    upgrade->examined = true;
    upgrade->facts.absent = event->examined.found == FOUND_ABSENT || event->examined.found == FOUND_USELESS;
    bool in_place = event->examined.proven && event->examined.found == FOUND_IN_PLACE;
    if (in_place && !upgrade->facts.proven) /* however it came there: what was staged is not needed any more */
        step_do(step, ACTION_TIDY)->tag = "";
    upgrade->facts.proven = in_place;
    if (event->examined.found == FOUND_USELESS)
        step_do(step, ACTION_DISCARD)->tag = upgrade->tag;
    if (event->examined.found == FOUND_STAGED && event->examined.proven && step->core->settings.fetch_enabled)
        place(step);
    upgrade->check_due_usec = usec_add(step->now_usec, CHECK_USEC);
    if (upgrade->facts.proven && changed_meanwhile)
        check_proof(step);
    else if (!changed_meanwhile)
        upgrade->examine_due_usec = usec_add(step->now_usec, EXAMINE_USEC);
}

void upgrade_placed(Step *step, const Event *event) {
    Upgrade *upgrade = &step->core->upgrade;
    if (!upgrade->placing) {
        step_impossible(step, EVENT_NAME[event->type]);
        return;
    }
    upgrade->placing = false;
    if (!event->placed.ok) {
        upgrade_try_again(step, REPORT_NOT_PLACED);
        upgrade->examine_due_usec = usec_add(step->now_usec, UPGRADE_RETRY_USEC);
        return;
    }
    upgrade->facts.absent = false;
    upgrade->facts.proven = event->placed.proven;
    upgrade->examine_due_usec = event->placed.proven ? usec_add(step->now_usec, EXAMINE_USEC) : step->now_usec;
    step_report(step, (Report){.kind = REPORT_PLACED, .tag = upgrade->tag});
    step_do(step, ACTION_TIDY)->tag = "";
}

void upgrade_folder_changed(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    uint64_t due_usec = usec_add(step->now_usec, upgrade->examine_gap_usec);

    if (!upgrade->facts.accepted || upgrade->facts.committed)
        return;
    if (upgrade->facts.proven && !upgrade->checking && !upgrade->saving)
        check_proof(step);
    else if (due_usec < upgrade->examine_due_usec)
        upgrade->examine_due_usec = due_usec;
}

uint64_t upgrade_stop_due_usec(const Core *core) {
    const Upgrade *upgrade = &core->upgrade;
    uint64_t delay_over_usec = usec_add(upgrade->ready_usec, core->settings.stop_delay_usec);
    return delay_over_usec > upgrade->retry_due_usec ? delay_over_usec : upgrade->retry_due_usec;
}

void upgrade_proof(Step *step, bool stands) {
    Upgrade *upgrade = &step->core->upgrade;

    if (!upgrade->checking) {
        step_impossible(step, EVENT_NAME[EVENT_PROOF]);
        return;
    }
    upgrade->checking = false;
    if (!stands) {
        upgrade->facts.proven = false;
        upgrade->examine_due_usec = usec_add(step->now_usec, upgrade->examine_gap_usec);
        step_report(step, (Report){.kind = REPORT_UNPREPARED, .tag = upgrade->tag});
    }
    if (upgrade->step == UPGRADE_SWITCHING) {
        upgrade_switch_or_abort(step, stands);
    } else if (!stands) {
        return;
    } else if (upgrade->step == UPGRADE_DELAYING && step->now_usec >= upgrade_stop_due_usec(step->core)) {
        upgrade->saving = true;
        record_save(step, upgrade->tag, upgrade->height_blocks, STAGE_DECIDED);
    }
}

/* From here there is no way back: the old node goes down, and comes back as the new release. */
static void commit(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->facts.committed = true;
    blocks_forget(step);
    upgrade->committed_usec = step->now_usec;
    tag_copy(&upgrade->former, upgrade->running);
    node_stop(step, NODE_REASON_UPGRADE);
    step_do(step, ACTION_WARM)->tag = upgrade->tag; /* in the shadow of the stop, and after its signal */
    step_report(
        step, (Report){
                  .kind = REPORT_COMMITTED,
                  .tag = upgrade->tag,
                  .height_blocks = upgrade->height_blocks,
                  .took_usec = usec_since(step->now_usec, upgrade->ready_usec)});
}

/* A disk that refuses is asked again soon, and talked about once a minute. */
void upgrade_try_again(Step *step, ReportKind kind) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->retry_due_usec = usec_add(step->now_usec, UPGRADE_RETRY_USEC);
    if (step->now_usec < upgrade->alarm_due_usec)
        return;
    upgrade->alarm_due_usec = usec_add(step->now_usec, UPGRADE_ALARM_USEC);
    step_report(step, (Report){.kind = kind, .tag = upgrade->tag});
}

void upgrade_saved(Step *step, bool ok) {
    Upgrade *upgrade = &step->core->upgrade;
    if (!upgrade->saving) { /* how far the release has come since: nothing waits for it */
        if (!ok)
            record_not_saved(step);
        return;
    }
    upgrade->saving = false;
    if (upgrade->step != UPGRADE_DELAYING || step->core->node.phase != NODE_UP)
        return;
    if (ok)
        commit(step);
    else
        upgrade_try_again(step, REPORT_NOT_SAVED);
}

void upgrade_examine_when_due(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (upgrade->examining || step->now_usec < upgrade->examine_due_usec)
        return;
    /* A folder that never comes to rest, or a binary that writes into it when asked, is looked at ever more rarely.
     */
    bool again = usec_since(step->now_usec, upgrade->examined_usec) < EXAMINE_USEC;
    upgrade->examine_gap_usec = again ? upgrade->examine_gap_usec * 2 : SETTLE_USEC;
    if (upgrade->examine_gap_usec > EXAMINE_USEC)
        upgrade->examine_gap_usec = EXAMINE_USEC;
    upgrade->examined_usec = step->now_usec;
    upgrade->examining = true;
    upgrade->examine_due_usec = USEC_NEVER; /* a change while it is under way brings the next one forward */
    step_do(step, ACTION_EXAMINE)->tag = upgrade->tag;
}

/* Only the folder itself is watched; a binary elsewhere, or deeper in it, is looked at now and then. */
static void check_when_due(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    if (upgrade->checking || step->now_usec < upgrade->check_due_usec)
        return;
    upgrade->check_due_usec = usec_add(step->now_usec, CHECK_USEC);
    check_proof(step);
}

static void stop_when_due(Step *step) {
    const Upgrade *upgrade = &step->core->upgrade;
    bool idle = !upgrade->checking && !upgrade->saving;
    if (idle && step->core->node.phase == NODE_UP && step->now_usec >= upgrade_stop_due_usec(step->core))
        check_proof(step);
}

void upgrade_advance(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    UpgradeStep before = upgrade->step;

    upgrade->facts.may_fetch =
        step->core->settings.fetch_enabled && (step->core->settings.fetch_early || upgrade->facts.ready);
    upgrade->step = upgrade_step(&upgrade->facts);
    if (upgrade->step != before)
        upgrade_announce(step, before);
    switch (upgrade->step) {
    case UPGRADE_BLOCKED:
        if (upgrade->examined && step->now_usec >= upgrade->alarm_due_usec)
            upgrade_announce_blocked(step);
        upgrade_examine_when_due(step);
        break;
    case UPGRADE_FETCHING:
    case UPGRADE_EXAMINING:
        upgrade_examine_when_due(step);
        break;
    case UPGRADE_REFUSED:
    case UPGRADE_INSTALLED:
        if (upgrade->facts.ready && step->now_usec >= upgrade->alarm_due_usec)
            upgrade_announce(step, before);
        break;
    case UPGRADE_PREPARED:
        check_when_due(step);
        break;
    case UPGRADE_DELAYING:
        stop_when_due(step);
        break;
    case UPGRADE_SWITCHING:
        upgrade_switch_when_due(step);
        break;
    case UPGRADE_STOPPING:
        if (!upgrade->facts.proven)
            upgrade_examine_when_due(step);
        break;
    case UPGRADE_NONE:
    case UPGRADE_ASKING:
    case UPGRADE_STARTING:
    case UPGRADE_STEP_COUNT:
        break;
    }
    fetch_plan_advance(step);
}

uint64_t upgrade_deadline_usec(const Core *core) {
    const Upgrade *upgrade = &core->upgrade;
    uint64_t examine_due_usec = upgrade->examining ? USEC_NEVER : upgrade->examine_due_usec;
    uint64_t alarm_due_usec = upgrade->examined ? upgrade->alarm_due_usec : USEC_NEVER;
    switch (upgrade->step) {
    case UPGRADE_FETCHING:
    case UPGRADE_EXAMINING:
        return examine_due_usec;
    case UPGRADE_BLOCKED:
        return examine_due_usec < alarm_due_usec ? examine_due_usec : alarm_due_usec;
    case UPGRADE_REFUSED:
    case UPGRADE_INSTALLED:
        return upgrade->facts.ready ? upgrade->alarm_due_usec : USEC_NEVER;
    case UPGRADE_PREPARED:
        return upgrade->checking ? USEC_NEVER : upgrade->check_due_usec;
    case UPGRADE_DELAYING:
        return core->node.phase == NODE_UP ? upgrade_stop_due_usec(core) : USEC_NEVER;
    case UPGRADE_SWITCHING:
        if (core->node.phase != NODE_SWITCHING)
            return USEC_NEVER;
        return upgrade->facts.proven ? upgrade->retry_due_usec : examine_due_usec;
    case UPGRADE_STOPPING:
        return upgrade->facts.proven ? USEC_NEVER : examine_due_usec;
    case UPGRADE_NONE:
    case UPGRADE_ASKING:
    case UPGRADE_STARTING:
    case UPGRADE_STEP_COUNT:
        break;
    }
    return USEC_NEVER;
}
