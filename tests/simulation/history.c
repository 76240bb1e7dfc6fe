#include "tests/simulation/history.h"

#include "tests/simulation/invariant.h"

enum {
    STEPS_MAX = 400000,
    LIVELY_STEPS = 10, /* so many polls and deadlines on their time after anything happened, before Visor dozes */
    EXACT_STEPS = 48,  /* and all other deadlines for so many */
};

/* When the network, the operator, the machine, the disk or a process next does something. */
static uint64_t outside_due_usec(const World *world) {
    uint64_t candidates_usec[] = {
        processes_due_usec(world, PROCESS_VEGA),
        processes_due_usec(world, PROCESS_DATA_NODE),
        network_due_usec(world),
        mishaps_due_usec(world),
        world->healed ? world->end_usec : world->faults_end_usec,
        disk_is_full(world) ? world->disk.full_until_usec : USEC_NEVER,
    };
    uint64_t due_usec = USEC_NEVER;
    for (size_t i = 0; i < sizeof candidates_usec / sizeof *candidates_usec; i++)
        if (candidates_usec[i] < due_usec)
            due_usec = candidates_usec[i];
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        const NodeProcess *process = &world->processes[name];
        if (process->alive && process->answers_usec > world->now_usec && process->answers_usec < due_usec)
            due_usec = process->answers_usec;
    }
    return due_usec;
}

/* All that the core waits for by itself, but its next poll. */
static uint64_t other_deadline_usec(const World *world) {
    Core core = world->visor.core;
    core.node.polling = true;
    return from_monotonic_usec(world, core_deadline_usec(&core));
}

/* What is due at these steps is either rare or only said again: some of it may be late without harm. */
static bool may_oversleep(const World *world) {
    const Visor *visor = &world->visor;
    switch (visor->core.upgrade.step) {
    case UPGRADE_NONE:
    case UPGRADE_REFUSED:
    case UPGRADE_ASKING:
    case UPGRADE_INSTALLED:
    case UPGRADE_EXAMINING:
    case UPGRADE_FETCHING:
    case UPGRADE_PREPARED:
        return !world->healed && visor->calm_steps > EXACT_STEPS && visor->core.processes[PROCESS_VEGA].ready;
    case UPGRADE_BLOCKED:
    case UPGRADE_DELAYING:
        return !world->healed && visor->calm_steps > 4 * EXACT_STEPS && visor->core.processes[PROCESS_VEGA].ready;
    case UPGRADE_STOPPING:
    case UPGRADE_SWITCHING:
    case UPGRADE_STARTING:
    case UPGRADE_STEP_COUNT:
        break;
    }
    return false;
}

static uint64_t earlier(uint64_t left_usec, uint64_t right_usec) {
    return left_usec < right_usec ? left_usec : right_usec;
}

/*
 * A Visor to which nothing happens polls its node, for months, and nobody learns anything from that. So it dozes
 * off, as one that is frozen would, and is awake again a moment before something happens. Once all faults have
 * stopped it sleeps through nothing but its polls.
 */
static void doze(World *world, uint64_t outside_usec) {
    Visor *visor = &world->visor;
    const Node *node = &visor->core.node;
    bool calm = visor->alive && !visor->poll.running && !visor->height.running &&
                (node->phase == NODE_UP || node->phase == NODE_WAITING) && visor->calm_steps > LIVELY_STEPS &&
                visor->thaw_usec <= world->now_usec;
    if (!calm)
        return;
    uint64_t interval_usec =
        visor->core.upgrade.step == UPGRADE_NONE || visor->core.upgrade.step == UPGRADE_INSTALLED
            ? visor->core.settings.poll_interval_usec
            : earlier(visor->core.settings.accepted_poll_interval_usec, visor->core.settings.poll_interval_usec);
    uint64_t until_usec = earlier(outside_usec, visor_calm_until_usec(world));
    if (node->phase == NODE_UP && !may_oversleep(world))
        until_usec = earlier(until_usec, other_deadline_usec(world));
    uint64_t gives_up_usec = visor->up_since_usec + visor->core.settings.first_connection_usec;
    if (node->phase == NODE_WAITING)
        interval_usec = SEC(1);
    else if (!visor->core.processes[PROCESS_VEGA].ready && gives_up_usec > world->now_usec)
        until_usec = earlier(until_usec, gives_up_usec);
    if (until_usec != USEC_NEVER && until_usec > world->now_usec + 6 * interval_usec)
        visor->thaw_usec = until_usec - 3 * interval_usec;
}

static void heal(World *world) {
    say(world, "from here on nothing goes wrong any more");
    world->healed = true;
    world->severity = 0;
    world->network.lie = 0;
    world->network.lie_polls = 0;
    uint64_t last_usec = world->now_usec + HOURS(40);
    Network *network = &world->network;
    uint64_t height_blocks = network_height_blocks(world);
    int n = ++network->upgrade_count;
    network->milestones[n] = (Milestone){
        .announced_usec = last_usec - MINUTES(10),
        .reached_usec = last_usec,
        .height_blocks = height_blocks + HOURS(40) / network->block_usec + 2,
    };
    world->mishaps.supplied_usec[n] = USEC_NEVER;
    world->end_usec = last_usec + HOURS(30);
    world->choices.quiet = true;
    world->visor.calm_steps = 0;
    processes_heal(world);
    mishaps_heal(world);
}

/* The first thing that happens next, or the end. */
static void advance(World *world) {
    uint64_t outside_usec = outside_due_usec(world);
    doze(world, outside_usec);
    uint64_t visor_usec = visor_due_usec(world);
    uint64_t due_usec = visor_usec < outside_usec ? visor_usec : outside_usec;
    if (due_usec > world->now_usec)
        world->now_usec = due_usec;
    if (outside_usec <= world->now_usec)
        world->visor.calm_steps = 0;

    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (processes_due_usec(world, name) <= world->now_usec) {
            processes_advance(world, name);
            return;
        }
    if (mishaps_due_usec(world) <= world->now_usec)
        mishaps_advance(world);
    else if (!world->healed && world->faults_end_usec <= world->now_usec)
        heal(world);
    else if (visor_usec <= world->now_usec)
        visor_advance(world); /* or else only the time has come to look */
}

static void set_up(World *world) {
    Choices *choices = &world->choices;
    world->severity = choice_below(choices, 4);
    world->has_data_node = choice_below(choices, 3) == 2;
    world->operator_height = choice_below(choices, 12) == 11;
    world->has_statistics = choice_below(choices, 3) == 2;
    world->stop_on_death = choice_below(choices, 5) == 4;
    world->rpc_timeout_usec = choice_of(choices, 5000, 100, 600000) * MSEC(1);
    world->boot_usec = HISTORY_BEGINS_USEC - choice_spread(choices, SEC(1), DAYS(1));
    settings_choose(world);
    disk_init(&world->disk);
    network_init(world);
    mishaps_init(world);
    world->visor.restart_usec = world->now_usec;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        world->processes[name].ends_usec = world->processes[name].descendants_end_usec = USEC_NEVER;
}

void history_live(World *world, const Choices *choices, Tally *tally, FILE *trace) {
    *world = (World){
        .choices = *choices,
        .trace = trace,
        .hash = UINT64_C(0xcbf29ce484222325),
        .tally = tally,
        .violation = {.kind = VIOLATION_NONE},
        .now_usec = HISTORY_BEGINS_USEC,
        .end_usec = USEC_NEVER,
    };
    tally_watch_processes(tally);
    set_up(world);
    unsigned steps = 0;
    while (!violated(world) && world->now_usec < world->end_usec) {
        advance(world);
        if (++steps > STEPS_MAX)
            violate(world, VIOLATION_NO_END, "after %u steps", steps);
        if (world->healed &&
            world->now_usec + SEC(1) >= world->network.milestones[world->network.upgrade_count].announced_usec &&
            !world->well_before_last) {
            world->well_before_last = true;
            if (!violated(world))
                invariant_live(world);
        }
    }
    if (!violated(world))
        invariant_live(world);
    tally->histories++;
    tally->virtual_seconds += (world->now_usec - HISTORY_BEGINS_USEC) / SEC(1);
    tally->hash += world->hash;
}
