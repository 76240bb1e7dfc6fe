#include "tests/simulation/visor.h"

#include "tests/simulation/invariant.h"
#include "tests/simulation/world.h"

#include <string.h>

uint64_t monotonic_usec(const World *world) {
    return world->now_usec - world->boot_usec;
}

uint64_t from_monotonic_usec(const World *world, uint64_t usec) {
    return usec_add(usec, usec == USEC_NEVER ? 0 : world->boot_usec);
}

void visor_answer(World *world, Event event) {
    Visor *visor = &world->visor;
    if (visor->queued == QUEUE_MAX) {
        violate(world, VIOLATION_SENSELESS, "more than %d answers wait", (int)QUEUE_MAX);
        return;
    }
    visor->queue[visor->queued++] = event;
}

void visor_cancel_tools(World *world) {
    Visor *visor = &world->visor;
    Tool *tools[] = {&visor->version, &visor->segment, &visor->examine, &visor->fetch};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        *tools[i] = (Tool){0};
}

static void plan_death(World *world) {
    Visor *visor = &world->visor;
    visor->actions_to_death = 0;
    if ((world->mishaps.mask & 1) == 0 || fault_below(world, 3) == 0)
        return;
    visor->actions_to_death = (uint32_t)choice_spread(&world->choices, 1, 100);
    visor->death = (Death)choice_below(&world->choices, 3);
}

/* A new image of Visor: @anew with a new pid, or in the place of the old one. */
void visor_become(World *world, bool anew) {
    Visor *visor = &world->visor;
    *visor = (Visor){
        .alive = true,
        .pid = anew ? ++world->pids : visor->pid,
        .life = visor->life + 1,
        .stop_asked = !anew && visor->stop_asked,
        .restart_usec = USEC_NEVER,
        .running = RELEASE_NONE,
        .recorded = RELEASE_NONE,
        .proven = RELEASE_NONE,
        .watched = RELEASE_NONE,
        .told = RELEASE_NONE,
        .folder_notice_usec = USEC_NEVER,
        .put_back_usec = USEC_NEVER,
        .copy_unsynced = true,
        .exit_notice_usec = {USEC_NEVER, USEC_NEVER},
        .answering_since_usec = USEC_NEVER,
        .ready_since_usec = USEC_NEVER,
        .restarting_usec = USEC_NEVER,
    };
    core_init(&visor->core, &world->settings);
    plan_death(world);
    visor_answer(world, visor_begin_event(world));
}

static void drain_queue(World *world);

void visor_start(World *world) {
    Visor *visor = &world->visor;
    if (visor->alive) { /* the home is locked */
        fault(world, FAULT_SECOND_VISOR);
        return;
    }
    visor_become(world, true);
    say(world, "Visor %u starts", visor->pid);
    drain_queue(world);
}

/* The tool that asks for the segment keeps the data node's lock, also when its Visor dies. */
static void orphan_segment_tool(World *world) {
    NodeProcess *process = &world->processes[PROCESS_DATA_NODE];
    if (!world->visor.segment.running || choice_below(&world->choices, 2) == 0)
        return;
    process->descendants = true;
    process->descendants_end_usec = world->visor.segment.due_usec;
}

static void signal_by_death(World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT && world->stop_on_death; name++) {
        NodeProcess *process = &world->processes[name];
        if (!process->alive || process->spawner_pid != world->visor.pid)
            continue;
        process->ending = true;
        processes_terminate(world, name);
    }
}

void visor_die(World *world) {
    Visor *visor = &world->visor;
    if (!visor->alive)
        return;
    say(world, "Visor %u is killed", visor->pid);
    visor->alive = false;
    disk_look_at_copy(&world->disk); /* it was perhaps in the middle of something */
    visor->queued = 0;
    visor->restart_usec = usec_add(world->now_usec, SEC(1));
    orphan_segment_tool(world);
    signal_by_death(world);
}

void visor_leave(World *world, ExitCode code) {
    Visor *visor = &world->visor;
    say(world, "Visor %u leaves with %d", visor->pid, (int)code);
    visor->alive = false;
    visor->queued = 0;
    disk_look_at_copy(&world->disk);
    bool hopeless = code == EXIT_CODE_CONFIG || code == EXIT_CODE_NODE_ALIVE;
    visor->restart_usec =
        world->mishaps.down_wanted ? USEC_NEVER : usec_add(world->now_usec, hopeless ? MINUTES(5) : SEC(5));
}

/* Only actions that change something outside of Visor are worth dying at. */
static bool counts(ActionType type) {
    return type != ACTION_REPORT && type != ACTION_POLL && type != ACTION_CHECK_PROOF &&
           type != ACTION_CHECK_LOCK && type != ACTION_ASK_HEIGHT && type != ACTION_WARM;
}

/* Does @action, unless Visor is killed before, within or after it. */
static void do_action(World *world, const Action *action) {
    Visor *visor = &world->visor;
    bool fatal = counts(action->type) && visor->actions_to_death > 0 && --visor->actions_to_death == 0;
    bool within = fatal && visor->death == DEATH_WITHIN;
    if (fatal) {
        fault(world, within ? FAULT_VISOR_KILLED_WITHIN : FAULT_VISOR_KILLED_BETWEEN);
        say(world, "killed %s '%s'",
            within                         ? "within"
            : visor->death == DEATH_BEFORE ? "before"
                                           : "after",
            ACTION_NAME[action->type]);
    }
    if (!fatal || visor->death == DEATH_AFTER)
        perform(world, action);
    else if (within)
        perform_partly(world, action);
    if (fatal)
        visor_die(world);
}

static void one_step(World *world, Event event) {
    Visor *visor = &world->visor;
    Actions actions;

    unsigned life = visor->life;

    event.now_usec = monotonic_usec(world);
    invariant_before_step(world, &event);
    core_step(&visor->core, &event, &actions);
    if (actions.count > world->tally->actions_most)
        world->tally->actions_most = actions.count;
    for (size_t i = 0; i < actions.count && visor->alive && visor->life == life && !violated(world); i++)
        do_action(world, &actions.items[i]);
    if (visor->alive && visor->life == life && !violated(world))
        invariant_after_step(world, &event);
}

static void drain_queue(World *world) {
    Visor *visor = &world->visor;
    while (visor->alive && visor->queued > 0 && !violated(world)) {
        Event event = visor->queue[0];
        visor->queued--;
        memmove(visor->queue, visor->queue + 1, visor->queued * sizeof *visor->queue);
        one_step(world, event);
    }
    if (visor->alive && !violated(world))
        invariant_at_rest(world);
}

void visor_dispatch(World *world, Event event) {
    if (!world->visor.alive)
        return;
    visor_answer(world, event);
    drain_queue(world);
}

void visor_process_ended(World *world, ProcessName name) {
    Visor *visor = &world->visor;
    visor->calm_steps = 0;
    if (!visor->alive || visor->core.processes[name].state == PROCESS_DOWN)
        return;
    visor->exit_notice_usec[name] = world->now_usec;
    if (name == PROCESS_VEGA && visor->poll.running && choice_below(&world->choices, 2) == 0)
        visor->poll.due_usec = world->now_usec; /* the connection breaks off */
}

void visor_folder_changed(World *world, int release) {
    Visor *visor = &world->visor;
    if (visor->alive && visor->watched == release && !fault_one_in(world, 4))
        visor->folder_notice_usec = usec_add(world->now_usec, choice_spread(&world->choices, 0, MSEC(20)));
}
