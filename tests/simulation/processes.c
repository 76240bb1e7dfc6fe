#include "tests/simulation/processes.h"

#include "tests/simulation/world.h"

static uint64_t after(const World *world, uint64_t delay_usec) {
    return usec_add(world->now_usec, delay_usec);
}

static void ends_by(NodeProcess *process, uint64_t due_usec) {
    if (due_usec < process->ends_usec)
        process->ends_usec = due_usec;
}

static void choose_life(World *world, ProcessName name, NodeProcess *process) {
    Choices *choices = &world->choices;
    process->answers_usec = after(world, choice_spread(choices, MSEC(20), SEC(8)));
    switch (fault_below(world, 24)) {
    case 1:
        fault(world, FAULT_CRASH_AT_START);
        process->failed = true;
        ends_by(process, after(world, choice_spread(choices, 0, SEC(20))));
        break;
    case 2:
        fault(world, FAULT_SLOW_START);
        process->answers_usec = after(world, choice_spread(choices, SEC(1), HOURS(3)));
        break;
    case 3:
        fault(world, FAULT_NEVER_ANSWERS);
        process->answers_usec = USEC_NEVER;
        break;
    case 4:
        fault(world, FAULT_HANG);
        process->hangs_usec = after(world, choice_spread(choices, SEC(1), HOURS(5)));
        break;
    case 5:
        fault(world, name == PROCESS_VEGA ? FAULT_NODE_CRASH : FAULT_DATA_NODE_CRASH);
        process->failed = true;
        ends_by(process, after(world, choice_spread(choices, SEC(1), DAYS(30))));
        break;
    case 6:
        fault(world, FAULT_RECORD_LOST);
        process->known_usec = USEC_NEVER;
        break;
    default:
        break;
    }
}

void processes_start(World *world, ProcessName name, int release, uint64_t height_blocks) {
    NodeProcess *process = &world->processes[name];
    NodeNote note = process->note;
    *process = (NodeProcess){
        .alive = true,
        .pid = ++world->pids,
        .release = release,
        .height_blocks = height_blocks,
        .started_usec = world->now_usec,
        .hangs_usec = USEC_NEVER,
        .ends_usec = USEC_NEVER,
        .descendants_end_usec = USEC_NEVER,
        .known_usec = world->now_usec,
        .note = note,
    };
    choose_life(world, name, process);
}

/* The manner of a stop is chosen when it begins. */
void processes_terminate(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    Choices *choices = &world->choices;
    if (!process->alive || process->terminated)
        return;
    process->terminated = true;
    process->terminated_usec = world->now_usec;
    switch (fault_below(world, 8)) {
    case 1:
        fault(world, FAULT_SLOW_STOP);
        ends_by(process, after(world, choice_spread(choices, SEC(1), HOURS(2))));
        break;
    case 2:
        fault(world, FAULT_IGNORES_TERM);
        break;
    default:
        ends_by(process, after(world, choice_spread(choices, MSEC(5), SEC(4))));
        break;
    }
}

void processes_terminate_group(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    if (!process->descendants)
        return;
    uint64_t due_usec = after(world, choice_spread(&world->choices, MSEC(5), SEC(10)));
    if (due_usec < process->descendants_end_usec && fault_below(world, 3) == 0)
        process->descendants_end_usec = due_usec;
}

void processes_kill(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    uint64_t end_usec = after(world, MSEC(1));
    if (!process->killed && fault_one_in(world, 12)) {
        fault(world, FAULT_UNKILLABLE);
        process->unkillable_until_usec = after(world, choice_spread(&world->choices, MSEC(1), MINUTES(20)));
    }
    process->killed = true;
    if (end_usec < process->unkillable_until_usec)
        end_usec = process->unkillable_until_usec;
    ends_by(process, end_usec);
    if (!process->descendants)
        return;
    if (fault_one_in(world, 3)) { /* one of them has forked at that moment, or they are too many */
        fault(world, FAULT_MISSED);
        process->descendants_end_usec = USEC_NEVER;
    } else if (end_usec < process->descendants_end_usec) {
        process->descendants_end_usec = end_usec;
    }
}

void processes_crash(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    process->failed = !process->terminated && !process->killed;
    ends_by(process, world->now_usec);
}

uint64_t processes_due_usec(const World *world, ProcessName name) {
    const NodeProcess *process = &world->processes[name];
    uint64_t due_usec = process->alive ? process->ends_usec : USEC_NEVER;
    if (process->descendants && process->descendants_end_usec < due_usec)
        due_usec = process->descendants_end_usec;
    return due_usec;
}

static void end(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    network_node_ends(world);
    process->alive = false;
    if (!process->killed && fault_one_in(world, 10)) {
        fault(world, FAULT_DESCENDANTS);
        process->descendants = true;
        process->descendants_end_usec = after(world, choice_spread(&world->choices, MSEC(2), HOURS(1)));
    }
    say(world, "the %s process of %s ends%s%s", PROCESS_NAME[name], release_tag(process->release),
        process->failed ? " by itself" : "", process->descendants ? ", others hold its lock" : "");
    visor_process_ended(world, name);
}

void processes_advance(World *world, ProcessName name) {
    NodeProcess *process = &world->processes[name];
    if (process->descendants && world->now_usec >= process->descendants_end_usec) {
        process->descendants = false;
        process->descendants_end_usec = USEC_NEVER;
        say(world, "the lock of %s is free", PROCESS_NAME[name]);
    }
    if (process->alive && world->now_usec >= process->ends_usec)
        end(world, name);
}

bool process_holds_lock(const World *world, ProcessName name) {
    return world->processes[name].alive || world->processes[name].descendants;
}

bool process_answers(const World *world, ProcessName name) {
    const NodeProcess *process = &world->processes[name];
    return process->alive && world->now_usec >= process->answers_usec && world->now_usec < process->hangs_usec;
}

void processes_vanish(World *world) {
    network_node_ends(world);
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        world->processes[name].alive = false;
        world->processes[name].descendants = false;
    }
}

/* Those that Visor has under its hands are its own affair. */
static bool is_watched(const World *world, ProcessName name) {
    return world->visor.alive && world->visor.core.processes[name].state != PROCESS_DOWN;
}

static bool is_drained(const World *world, ProcessName name) {
    return is_watched(world, name) && world->visor.core.processes[name].state == PROCESS_DRAINING;
}

void processes_heal(World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        NodeProcess *process = &world->processes[name];
        bool hangs = process->hangs_usec != USEC_NEVER || process->answers_usec > after(world, MINUTES(1));
        bool unknown = process->known_usec == USEC_NEVER && !(process->unwritten && is_watched(world, name));
        if (process->alive && (hangs || unknown)) {
            process->failed = true;
            ends_by(process, after(world, SEC(5)));
        }
        if (process->descendants && !is_drained(world, name) &&
            process->descendants_end_usec > after(world, SEC(10)))
            process->descendants_end_usec = after(world, SEC(10));
        if (process->alive && process->killed)
            ends_by(process, after(world, SEC(10)));
    }
}
