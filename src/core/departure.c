/* What the cells of the process machine have done: signals, grace, and the wait for the lock. */
#include "core/step.h"

enum {
    LOCK_CHECK_FIRST_USEC = 5 * 1000,   /* a group that was killed is gone within a few ms */
    LOCK_CHECK_LAST_USEC = 1000 * 1000, /* a descendant that stays: once a second costs nothing */
    KILL_AGAIN_USEC = 1000 * 1000,
    ALARM_USEC = 60 * 1000 * 1000,
};

bool processes_down(const Core *core) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (core->processes[name].state != PROCESS_DOWN)
            return false;
    return true;
}

static void terminate(Step *step, ProcessName name) {
    step_do(step, ACTION_TERMINATE)->process = name;
    step_report(
        step,
        (Report){.kind = REPORT_TERMINATED, .process = name, .delay_usec = step->core->settings.stop_grace_usec});
}

/*
 * The process itself cannot miss SIGKILL. What it leaves behind can: who is found among many at one moment, and has
 * forked at the next, or was one too many. So that is killed again until nobody holds the lock. It is said once,
 * and then as the alarm.
 */
static void kill_group(Step *step, ProcessName name, ProcessEvent event) {
    Departure *departure = &step->core->departures[name];
    bool draining = step->core->processes[name].state == PROCESS_DRAINING;
    bool again = draining && departure->alarm_due_usec != USEC_NEVER && event == PROCESS_EVENT_GRACE_OVER;
    departure->grace_due_usec = usec_add(step->now_usec, KILL_AGAIN_USEC);
    departure->check_due_usec = usec_add(step->now_usec, LOCK_CHECK_FIRST_USEC); /* it should be over soon */
    step_do(step, ACTION_KILL)->process = name;
    if (again)
        return;
    departure->alarm_due_usec = usec_add(step->now_usec, ALARM_USEC);
    step_report(
        step,
        (Report){
            .kind = REPORT_KILLED,
            .process = name,
            .detail = event == PROCESS_EVENT_HASTEN ? "asked twice to stop" : "stopSignalTimeoutSeconds are over"});
}

static void drain(Step *step, ProcessName name) {
    step->core->departures[name] = (Departure){
        .grace_due_usec = USEC_NEVER,
        .check_due_usec = USEC_NEVER,
        .check_delay_usec = LOCK_CHECK_FIRST_USEC,
        .alarm_due_usec = USEC_NEVER,
    };
    step_do(step, ACTION_CHECK_LOCK)->process = name;
}

/* The process has ended, others of its group go on. They get what it would have got: SIGTERM, the grace, SIGKILL.
 */
static void wait_for_lock(Step *step, ProcessName name) {
    Departure *departure = &step->core->departures[name];
    bool first = departure->check_delay_usec == LOCK_CHECK_FIRST_USEC;

    departure->check_due_usec = usec_add(step->now_usec, departure->check_delay_usec);
    departure->check_delay_usec *= 2;
    if (departure->check_delay_usec > LOCK_CHECK_LAST_USEC)
        departure->check_delay_usec = LOCK_CHECK_LAST_USEC;
    if (first) {
        departure->grace_due_usec = usec_add(step->now_usec, step->core->settings.stop_grace_usec);
        step_do(step, ACTION_TERMINATE_GROUP)->process = name;
        step_report(step, (Report){.kind = REPORT_LINGERS, .process = name});
    }
}

void process_feed(Step *step, ProcessName name, ProcessEvent event) {
    ProcessEffect effect = process_step(&step->core->processes[name], event, step->now_usec);
    switch (effect) {
    case PROCESS_EFFECT_NONE:
    case PROCESS_EFFECT_COUNT:
        break;
    case PROCESS_EFFECT_READY:
        blocks_expected(step);
        break;
    case PROCESS_EFFECT_FAIL:
        step_report(step, (Report){.kind = REPORT_START_FAILED});
        node_failed(step);
        break;
    case PROCESS_EFFECT_TERMINATE:
        terminate(step, name);
        break;
    case PROCESS_EFFECT_KILL:
        kill_group(step, name, event);
        break;
    case PROCESS_EFFECT_DRAIN:
        drain(step, name);
        break;
    case PROCESS_EFFECT_WAIT:
        wait_for_lock(step, name);
        break;
    case PROCESS_EFFECT_DOWN:
        node_settle(step);
        break;
    case PROCESS_EFFECT_IMPOSSIBLE:
        step_report(
            step, (Report){.kind = REPORT_IMPOSSIBLE, .process = name, .detail = PROCESS_EVENT_NAME[event]});
        break;
    }
}

void process_lock(Step *step, ProcessName name, bool held) {
    process_feed(step, name, held ? PROCESS_EVENT_LOCK_HELD : PROCESS_EVENT_LOCK_FREE);
}

static uint64_t grace_due_usec(const Core *core, ProcessName name) {
    const Process *process = &core->processes[name];
    switch (process->state) {
    case PROCESS_TERMINATING: /* from the settings of now: a changed config counts */
        return usec_add(process->since_usec, core->settings.stop_grace_usec);
    case PROCESS_DRAINING:
        return core->departures[name].grace_due_usec;
    case PROCESS_DOWN:
    case PROCESS_RUNNING:
    case PROCESS_KILLING:
    case PROCESS_STATE_COUNT:
        break;
    }
    return USEC_NEVER;
}

static bool leaving(const Process *process) {
    return process->state == PROCESS_KILLING || process->state == PROCESS_DRAINING;
}

static void process_deadline(Step *step, ProcessName name) {
    const Process *process = &step->core->processes[name];
    Departure *departure = &step->core->departures[name];

    if (step->now_usec >= grace_due_usec(step->core, name))
        process_feed(step, name, PROCESS_EVENT_GRACE_OVER);
    if (process->state == PROCESS_DRAINING && step->now_usec >= departure->check_due_usec) {
        departure->check_due_usec = USEC_NEVER;
        step_do(step, ACTION_CHECK_LOCK)->process = name;
    }
    if (leaving(process) && step->now_usec >= departure->alarm_due_usec) {
        departure->alarm_due_usec = usec_add(step->now_usec, ALARM_USEC);
        step_report(
            step, (Report){
                      .kind = REPORT_UNKILLABLE,
                      .process = name,
                      .took_usec = usec_since(step->now_usec, process->since_usec)});
    }
}

void processes_deadline(Step *step) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_deadline(step, name);
}

uint64_t processes_deadline_usec(const Core *core) {
    uint64_t due_usec = USEC_NEVER;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        const Process *process = &core->processes[name];
        const Departure *departure = &core->departures[name];
        uint64_t candidates_usec[] = {
            grace_due_usec(core, name),
            process->state == PROCESS_DRAINING ? departure->check_due_usec : USEC_NEVER,
            leaving(process) ? departure->alarm_due_usec : USEC_NEVER,
        };
        for (size_t i = 0; i < sizeof candidates_usec / sizeof *candidates_usec; i++)
            if (candidates_usec[i] < due_usec)
                due_usec = candidates_usec[i];
    }
    return due_usec;
}
