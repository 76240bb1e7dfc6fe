#include "tests/simulation/fleet_home.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

#define OLD_TAG "v1.0.0"
#define NEW_TAG "v1.1.0"
#define HEIGHT_BLOCKS UINT64_C(1000)

static double uniform(uint64_t *random) {
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return (double)((*random * UINT64_C(0x2545f4914f6cdd1d)) >> 11) / 9007199254740992.0;
}

static uint64_t between(uint64_t *random, uint64_t low_usec, uint64_t high_usec) {
    return low_usec + (uint64_t)(uniform(random) * (double)(high_usec - low_usec));
}

/* A lognormal time: half of them below @median_seconds. The normal is the sum of twelve uniforms less six. */
static uint64_t lognormal_usec(uint64_t *random, double median_seconds, double sigma) {
    double normal = -6;
    for (int i = 0; i < 12; i++)
        normal += uniform(random);
    return (uint64_t)(median_seconds * exp(sigma * normal) * 1e6);
}

static void plan(FleetHome *home, FleetSource source, uint64_t due_usec) {
    home->due_usec[source] = due_usec;
}

static void plan_faults(FleetWorld *world, FleetHome *home) {
    if (uniform(&home->random) < world->setup.fault_share)
        home->fault = (FleetFault)(1 + (int)(uniform(&home->random) * (FLEET_FAULT_COUNT - 1)));
    if (home->fault == FLEET_FAULT_VISOR)
        plan(
            home, FLEET_VISOR_KILLED,
            between(&home->random, world->block_usec - 5 * USEC_PER_SEC, world->block_usec + 30 * USEC_PER_SEC));
}

void fleet_home_init(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    *home = (FleetHome){.random = (world->setup.seed * 1000003 + number) * UINT64_C(0x9e3779b97f4a7c15) + 1};
    for (FleetSource source = 0; source < FLEET_SOURCE_COUNT; source++)
        plan(home, source, USEC_NEVER);
    for (int i = 0; i < 4; i++)
        (void)uniform(&home->random);
    home->stop_takes_usec = lognormal_usec(&home->random, 2, 0.6);
    home->start_takes_usec = lognormal_usec(&home->random, 8, 0.7);
    home->examine_takes_usec = lognormal_usec(&home->random, 0.3, 0.5);
    home->block_lag_usec = lognormal_usec(&home->random, 0.4, 0.6);
    plan_faults(world, home);
    plan(home, FLEET_VISOR_STARTED, between(&home->random, 0, 10 * USEC_PER_SEC));
    world->outcomes[number] = (FleetOutcome){
        .fault = home->fault,
        .stake = pow((double)number + 10, -0.7),
        .fetch_began_usec = USEC_NEVER,
        .fetch_took_usec = USEC_NEVER,
        .back_usec = USEC_NEVER,
        .stopped_usec = USEC_NEVER,
    };
}

static Settings settings_of(const FleetWorld *world) {
    return (Settings){
        .first_connection_usec = 350000 * USEC_PER_SEC,
        .restart_connection_usec = 20 * USEC_PER_SEC,
        .max_restarts = 3,
        .restarts_delay_usec = 5 * USEC_PER_SEC,
        .restarts_budget_reset_usec = 600 * USEC_PER_SEC,
        .stop_grace_usec = 15 * USEC_PER_SEC,
        .poll_interval_usec = 2 * USEC_PER_SEC,
        .accepted_poll_interval_usec = 100 * USEC_PER_MSEC,
        .fetch_enabled = true,
        .fetch_early = world->setup.prefetch,
        .fetch_spread_usec = world->setup.spread_usec,
    };
}

static void answer(FleetHome *home, Event event) {
    if (home->queued < FLEET_QUEUE_MAX)
        home->queue[home->queued++] = event;
}

static void inspect(FleetHome *home) {
    Event event = {.type = EVENT_INSPECTED, .inspected = {.result = EXIT_CODE_OK}};
    bool watched = home->core.processes[PROCESS_VEGA].state != PROCESS_DOWN;
    if (home->node_alive && !watched) {
        event.inspected.alive[PROCESS_VEGA] = ALIVE_ADOPTED;
        event.inspected.note = home->note;
    }
    answer(home, event);
}

static void spawn(FleetWorld *world, FleetHome *home) {
    home->node_alive = true;
    home->node_is_new = home->switched;
    home->answers_usec = world->now_usec + home->start_takes_usec;
    plan(home, FLEET_EXIT, USEC_NEVER);
    if (home->node_is_new && ++home->new_starts == 1 && home->fault == FLEET_FAULT_CRASH)
        plan(home, FLEET_EXIT, world->now_usec + home->start_takes_usec / 2);
    answer(home, (Event){.type = EVENT_SPAWNED, .process = {.name = PROCESS_VEGA}});
}

static void fetch(FleetWorld *world, FleetHome *home, uint32_t number) {
    FleetOutcome *outcome = &world->outcomes[number];
    if (outcome->fetch_began_usec == USEC_NEVER)
        outcome->fetch_began_usec = world->now_usec - world->announced_usec;
    home->fetch_began_usec = world->now_usec;
    if (home->fault == FLEET_FAULT_FETCH)
        plan(home, FLEET_FETCHED, world->now_usec + 300 * USEC_PER_MSEC);
    else
        fleet_server_begin(&world->server, world->now_usec, number);
}

static void cancel_fetch(FleetWorld *world, FleetHome *home, uint32_t number) {
    plan(home, FLEET_FETCHED, USEC_NEVER);
    fleet_server_cancel(&world->server, world->now_usec, number);
}

static void examine(FleetWorld *world, FleetHome *home) {
    home->proven = false;
    if (home->placed || home->staged)
        plan(home, FLEET_EXAMINED, world->now_usec + home->examine_takes_usec);
    else
        answer(home, (Event){.type = EVENT_EXAMINED, .examined = {.tag = NEW_TAG, .found = FOUND_ABSENT}});
}

static void save(FleetHome *home, const ReleaseRecord *record) {
    home->record = *record;
    home->has_record = true;
    answer(home, (Event){.type = EVENT_SAVED, .done = {.ok = true}});
}

static void perform(FleetWorld *world, uint32_t number, const Action *action) {
    FleetHome *home = &world->homes[number];
    switch ((int)action->type) { /* the others do nothing that an upgrade without its special cases needs */
    case ACTION_INSPECT:
        inspect(home);
        break;
    case ACTION_SPAWN:
        spawn(world, home);
        break;
    case ACTION_TERMINATE:
        home->terminated_usec = world->now_usec;
        if (home->fault != FLEET_FAULT_STOP || home->node_is_new)
            plan(home, FLEET_EXIT, world->now_usec + home->stop_takes_usec);
        break;
    case ACTION_KILL:
        plan(home, FLEET_EXIT, world->now_usec + USEC_PER_MSEC);
        break;
    case ACTION_CHECK_LOCK:
        answer(home, (Event){.type = EVENT_LOCK, .lock = {PROCESS_VEGA, home->node_alive}});
        break;
    case ACTION_POLL:
        plan(home, FLEET_POLL, world->now_usec + 2 * USEC_PER_MSEC);
        break;
    case ACTION_CANCEL_POLL:
        plan(home, FLEET_POLL, USEC_NEVER);
        break;
    case ACTION_ASK_VERSION:
        plan(home, FLEET_VERSION, world->now_usec + 50 * USEC_PER_MSEC);
        break;
    case ACTION_EXAMINE:
        examine(world, home);
        break;
    case ACTION_FETCH:
        fetch(world, home, number);
        break;
    case ACTION_CANCEL_FETCH:
        cancel_fetch(world, home, number);
        break;
    case ACTION_PLACE:
        home->placed = true;
        home->staged = false;
        answer(home, (Event){.type = EVENT_PLACED, .placed = {.ok = true, .proven = true}});
        break;
    case ACTION_CHECK_PROOF:
        answer(home, (Event){.type = EVENT_PROOF, .done = {.ok = home->placed && home->proven}});
        break;
    case ACTION_NOTE:
        home->note = action->note;
        break;
    case ACTION_SAVE:
        save(home, action->save);
        break;
    case ACTION_SWITCH:
        home->switched = true;
        answer(home, (Event){.type = EVENT_SWITCHED, .done = {.ok = true}});
        break;
    case ACTION_EXIT:
        home->visor_alive = false;
        plan(home, FLEET_VISOR_STARTED, world->now_usec + USEC_PER_SEC);
        break;
    default:
        break;
    }
}

static void dispatch(FleetWorld *world, uint32_t number, Event event) {
    FleetHome *home = &world->homes[number];
    Actions actions;
    answer(home, event);
    while (home->queued > 0 && home->visor_alive) {
        Event next = home->queue[0];
        home->queued--;
        memmove(home->queue, home->queue + 1, home->queued * sizeof *home->queue);
        next.now_usec = world->now_usec + USEC_PER_SEC;
        core_step(&home->core, &next, &actions);
        world->steps++;
        for (size_t i = 0; i < actions.count; i++)
            perform(world, number, &actions.items[i]);
    }
}

static void start_visor(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    Settings settings = settings_of(world);
    home->visor_alive = true;
    home->queued = 0;
    home->calm_polls = 0;
    core_init(&home->core, &settings);
    Event event = {.type = EVENT_BEGIN, .begin = {.seed = home->random}};
    if (home->has_record) {
        event.begin.record = &home->record;
        event.begin.is_current = home->switched;
    }
    dispatch(world, number, event);
}

static void kill_visor(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    home->visor_alive = false;
    home->queued = 0;
    cancel_fetch(world, home, number);
    plan(home, FLEET_POLL, USEC_NEVER);
    plan(home, FLEET_VERSION, USEC_NEVER);
    plan(home, FLEET_EXAMINED, USEC_NEVER);
    plan(home, FLEET_VISOR_STARTED, world->now_usec + USEC_PER_SEC);
}

static void note_back(FleetWorld *world, uint32_t number) {
    FleetOutcome *outcome = &world->outcomes[number];
    const FleetHome *home = &world->homes[number];
    if (!home->node_is_new || outcome->back_usec != USEC_NEVER)
        return;
    outcome->back_usec = world->now_usec - world->block_usec;
    outcome->stopped_usec = world->now_usec - home->terminated_usec;
}

static void poll_ends(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    bool accepted = world->now_usec >= world->announced_usec + home->block_lag_usec;
    bool ready = !home->node_is_new && world->now_usec >= world->block_usec + home->block_lag_usec;
    if (!home->node_alive || world->now_usec < home->answers_usec) {
        dispatch(world, number, (Event){.type = EVENT_POLL_FAILED});
        return;
    }
    home->calm_polls++;
    note_back(world, number);
    dispatch(
        world, number,
        (Event){.type = EVENT_POLL_ANSWERED, .poll = {accepted, accepted ? NEW_TAG : "", HEIGHT_BLOCKS, ready}});
}

static void examined(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    home->proven = true;
    dispatch(
        world, number,
        (Event){
            .type = EVENT_EXAMINED,
            .examined = {
                .tag = NEW_TAG,
                .proven = true,
                .found = home->placed ? FOUND_IN_PLACE : FOUND_STAGED,
            }});
}

void fleet_home_fetched(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    home->staged = true;
    world->outcomes[number].fetch_took_usec = world->now_usec - home->fetch_began_usec;
    dispatch(world, number, (Event){.type = EVENT_FETCHED, .fetched = {.tag = NEW_TAG, .ok = true}});
}

/* When a home's polls may bring something new again; 0 = at any time. */
static uint64_t news_usec(const FleetWorld *world, const FleetHome *home) {
    const UpgradeFacts *facts = &home->core.upgrade.facts;
    uint64_t out_of_step_usec = home->random % (2 * USEC_PER_SEC); /* polls and network are not in step */
    if (!facts->accepted)
        return world->announced_usec - out_of_step_usec;
    if (!facts->ready)
        return world->block_usec - out_of_step_usec;
    return home->fault == FLEET_FAULT_FETCH ? USEC_NEVER : 0;
}

/* Polls that cannot bring anything new are left out: nothing happens to a node between announcement and block. */
static uint64_t deadline_usec(const FleetWorld *world, const FleetHome *home) {
    uint64_t due_usec = core_deadline_usec(&home->core);
    if (home->calm_polls > 5 && home->due_usec[FLEET_POLL] == USEC_NEVER && home->core.node.phase == NODE_UP) {
        uint64_t wakes_usec = news_usec(world, home);
        if (world->now_usec + 3 * USEC_PER_SEC < wakes_usec) {
            Core core = home->core;
            core.node.polling = true;
            due_usec = core_deadline_usec(&core);
            wakes_usec = usec_add(wakes_usec, USEC_PER_SEC);
            if (wakes_usec < due_usec)
                due_usec = wakes_usec;
        }
    }
    return due_usec == USEC_NEVER ? USEC_NEVER : due_usec - USEC_PER_SEC;
}

static FleetSource next_source(const FleetWorld *world, const FleetHome *home, uint64_t *ret_usec) {
    FleetSource next = FLEET_DEADLINE;
    *ret_usec = home->visor_alive ? deadline_usec(world, home) : USEC_NEVER;
    for (FleetSource source = FLEET_POLL; source < FLEET_SOURCE_COUNT; source++) {
        bool visors = source != FLEET_VISOR_STARTED && source != FLEET_VISOR_KILLED && source != FLEET_EXIT;
        if ((!visors || home->visor_alive) && home->due_usec[source] < *ret_usec) {
            *ret_usec = home->due_usec[source];
            next = source;
        }
    }
    return next;
}

uint64_t fleet_home_due_usec(const FleetWorld *world, uint32_t number) {
    uint64_t due_usec;
    const FleetHome *home = &world->homes[number];
    bool done = world->outcomes[number].back_usec != USEC_NEVER && home->fault != FLEET_FAULT_VISOR;
    (void)next_source(world, home, &due_usec);
    return done ? USEC_NEVER : due_usec;
}

void fleet_home_advance(FleetWorld *world, uint32_t number) {
    FleetHome *home = &world->homes[number];
    uint64_t due_usec;
    FleetSource source = next_source(world, home, &due_usec);
    plan(home, source, USEC_NEVER);
    switch (source) {
    case FLEET_DEADLINE:
        dispatch(world, number, (Event){.type = EVENT_DEADLINE});
        break;
    case FLEET_POLL:
        poll_ends(world, number);
        break;
    case FLEET_VERSION:
        dispatch(
            world, number, (Event){.type = EVENT_VERSION, .version = {.tag = home->switched ? NEW_TAG : OLD_TAG}});
        break;
    case FLEET_EXAMINED:
        examined(world, number);
        break;
    case FLEET_FETCHED:
        dispatch(world, number, (Event){.type = EVENT_FETCHED, .fetched = {.tag = NEW_TAG}});
        break;
    case FLEET_EXIT:
        home->node_alive = false;
        if (home->visor_alive)
            dispatch(world, number, (Event){.type = EVENT_EXITED, .process = {.name = PROCESS_VEGA}});
        break;
    case FLEET_VISOR_KILLED:
        kill_visor(world, number);
        break;
    case FLEET_VISOR_STARTED:
        start_visor(world, number);
        break;
    case FLEET_SOURCE_COUNT:
        break;
    }
}
