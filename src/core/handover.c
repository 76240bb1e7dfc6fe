#include "core/handover.h"

#include "core/step.h"

/* A stop or a switch is brought to its end first: it takes no longer than it takes anyway. */
static bool is_fit(const Core *core) {
    const UpgradeFacts *facts = &core->upgrade.facts;
    bool is_up = core->node.phase == NODE_UP && core->processes[PROCESS_VEGA].state == PROCESS_RUNNING;
    return core->node.phase == NODE_WAITING || (is_up && (!facts->committed || facts->switched));
}

static void refuse(Step *step, const char *why) {
    step->core->handover.asked = false; /* a rehearsal under way is still answered */
    step_report(step, (Report){.kind = REPORT_REEXEC_REFUSED, .detail = why});
}

void handover_asked(Step *step) {
    Handover *handover = &step->core->handover;
    if (step->core->node.exit_wanted) {
        refuse(step, "visor is leaving");
        return;
    }
    handover->asked = true;
    if (!is_fit(step->core))
        step_report(step, (Report){.kind = REPORT_REEXEC_WAITS, .detail = NODE_PHASE_NAME[step->core->node.phase]});
}

/* Nobody has to answer any more; what was asked is asked again in its time, by whichever binary that is. */
static void interrupt(Step *step) {
    Node *node = &step->core->node;
    node->polling = false;
    step_do(step, ACTION_CANCEL_POLL);
    blocks_unasked(step);
    upgrade_interrupted(step);
    fetch_plan_interrupted(step);
    if (!step->core->upgrade.facts.running_known)
        node->ask_due_usec = step->now_usec;
    step_do(step, ACTION_CANCEL_TOOLS);
}

static void become(Step *step) {
    step->core->handover = (Handover){0};
    step_report(step, (Report){.kind = REPORT_REEXEC});
    interrupt(step);
    step_do(step, ACTION_REEXEC);
}

void handover_rehearsed(Step *step, bool ok) {
    Handover *handover = &step->core->handover;
    if (!handover->rehearsing) {
        step_impossible(step, EVENT_NAME[EVENT_REHEARSED]);
        return;
    }
    handover->rehearsing = false;
    if (!ok)
        refuse(step, "the new binary cannot take over");
    else if (handover->asked && is_fit(step->core))
        become(step);
}

void handover_failed(Step *step) {
    refuse(step, "the new binary could not be executed");
}

void handover_advance(Step *step) {
    Handover *handover = &step->core->handover;
    if (!handover->asked || handover->rehearsing || !is_fit(step->core))
        return;
    handover->rehearsing = true;
    step_do(step, ACTION_REHEARSE);
}
