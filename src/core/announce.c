/* What is said when the upgrade comes to another step. */
#include "core/step.h"

static void announce_refusal(Step *step) {
    const Upgrade *upgrade = &step->core->upgrade;
    bool plain = tag_is_plain(upgrade->tag);
    step_report(
        step, (Report){
                  .kind = plain ? REPORT_REFUSED_OLDER : REPORT_REFUSED_NAME,
                  .tag = upgrade->tag,
                  .from = upgrade->running});
}

static void announce_ready(Step *step, UpgradeStep before) {
    const Upgrade *upgrade = &step->core->upgrade;
    uint64_t delay_usec = usec_since(upgrade_stop_due_usec(step->core), step->now_usec);
    step_report(
        step, (Report){
                  .kind = before == UPGRADE_BLOCKED ? REPORT_PREPARED : REPORT_READY,
                  .tag = upgrade->tag,
                  .height_blocks = upgrade->height_blocks});
    if (delay_usec > 0)
        step_report(step, (Report){.kind = REPORT_DELAYED, .delay_usec = delay_usec});
}

void upgrade_announce_blocked(Step *step) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->alarm_due_usec = usec_add(step->now_usec, UPGRADE_ALARM_USEC);
    step_report(
        step, (Report){.kind = REPORT_BLOCKED, .tag = upgrade->tag, .height_blocks = upgrade->height_blocks});
}

void upgrade_announce(Step *step, UpgradeStep before) {
    Upgrade *upgrade = &step->core->upgrade;
    upgrade->alarm_due_usec = step->now_usec;
    switch (upgrade->step) {
    case UPGRADE_REFUSED:
        upgrade->alarm_due_usec = usec_add(step->now_usec, UPGRADE_ALARM_USEC);
        announce_refusal(step);
        break;
    case UPGRADE_INSTALLED:
        upgrade->alarm_due_usec = usec_add(step->now_usec, UPGRADE_ALARM_USEC);
        step_report(
            step,
            (Report){
                .kind = upgrade->facts.ready ? REPORT_READY_FOR_ITSELF : REPORT_INSTALLED, .tag = upgrade->tag});
        break;
    case UPGRADE_PREPARED:
        step_report(
            step, (Report){.kind = REPORT_PREPARED, .tag = upgrade->tag, .height_blocks = upgrade->height_blocks});
        break;
    case UPGRADE_DELAYING:
        announce_ready(step, before);
        break;
    case UPGRADE_FETCHING:
        if (!step->core->fetch.begun)
            step_report(
                step, (Report){
                          .kind = REPORT_FETCH_PLANNED,
                          .tag = upgrade->tag,
                          .delay_usec = usec_since(step->core->fetch.due_usec, step->now_usec)});
        break;
    case UPGRADE_BLOCKED: /* said when it is known that there is something to say: the first look may cure it */
    case UPGRADE_NONE:
    case UPGRADE_ASKING:
    case UPGRADE_EXAMINING:
    case UPGRADE_STOPPING:
    case UPGRADE_SWITCHING:
    case UPGRADE_STARTING:
    case UPGRADE_STEP_COUNT:
        break;
    }
}
