#include "tests/simulation/mishap.h"

#include "tests/simulation/world.h"

/* Bit 0 of the mask belongs to Visors that die between their actions. */
typedef enum MishapKind {
    MISHAP_NOTHING,
    MISHAP_VISOR_KILLED,
    MISHAP_VISOR_FROZEN,
    MISHAP_MACHINE_CRASH,
    MISHAP_CLOCK_JUMP,
    MISHAP_SECOND_VISOR,
    MISHAP_NODE_CRASH,
    MISHAP_DATA_NODE_CRASH,
    MISHAP_HANG,
    MISHAP_DISK_FULL,
    MISHAP_SERVER_DOWN,
    MISHAP_STOP,
    MISHAP_SETTINGS,
    MISHAP_REEXEC,
    MISHAP_FOLDER_CHANGED,
    MISHAP_FOLDER_MADE,
    MISHAP_CURRENT_DROPPED,
    MISHAP_STATE_DAMAGED,
    MISHAP_RUN_CONFIG,
    MISHAP_FOREIGN_NODE,
    MISHAP_COUNT,
} MishapKind;

/* A third of them come around the moments that matter, a third upon the heels of the last. */
static uint64_t next_mishap_usec(World *world) {
    Choices *choices = &world->choices;
    uint64_t milestone_usec = network_due_usec(world);
    uint32_t when = choice_below(choices, 3);
    if (when == 1 && milestone_usec != USEC_NEVER)
        return milestone_usec + choice_spread(choices, MSEC(1), MINUTES(2));
    if (when == 2)
        return world->now_usec + choice_spread(choices, MSEC(1), MINUTES(2));
    return world->now_usec + choice_spread(choices, MSEC(1), DAYS(20));
}

static void plan_next(World *world) {
    Mishaps *mishaps = &world->mishaps;
    mishaps->due_usec = USEC_NEVER;
    if (mishaps->left == 0)
        return;
    mishaps->left--;
    mishaps->due_usec = next_mishap_usec(world);
}

/* Without autoInstall, a release is there because the operator put it there; most do so in time. */
static void plan_supplies(World *world) {
    for (int n = 1; n <= world->network.upgrade_count; n++) {
        const Milestone *milestone = &world->network.milestones[n];
        world->mishaps.supplied_usec[n] = USEC_NEVER;
        if (world->settings.fetch_enabled && choice_below(&world->choices, 4) != 3)
            continue;
        uint64_t supplied_usec =
            milestone->announced_usec +
            choice_spread(&world->choices, 0, milestone->reached_usec + HOURS(5) - milestone->announced_usec);
        world->mishaps.supplied_usec[n] = supplied_usec;
    }
}

void mishaps_init(World *world) {
    world->mishaps = (Mishaps){.due_usec = USEC_NEVER, .up_usec = USEC_NEVER};
    plan_supplies(world);
    if (world->severity == 0)
        return;
    world->mishaps.mask = choice_below(&world->choices, UINT32_C(1) << MISHAP_COUNT);
    world->mishaps.left = choice_below(&world->choices, 60);
    plan_next(world);
}

uint64_t mishaps_due_usec(const World *world) {
    const Mishaps *mishaps = &world->mishaps;
    uint64_t due_usec = mishaps->due_usec < mishaps->up_usec ? mishaps->due_usec : mishaps->up_usec;
    for (int n = 1; n <= world->network.upgrade_count; n++)
        if (mishaps->supplied_usec[n] < due_usec)
            due_usec = mishaps->supplied_usec[n];
    return due_usec;
}

static void crash_machine(World *world) {
    fault(world, FAULT_MACHINE_CRASH);
    say(world, "the machine crashes");
    processes_vanish(world);
    world->visor.alive = false;
    world->visor.queued = 0;
    disk_crash(world);
    world->reboot_usec = usec_add(world->now_usec, choice_spread(&world->choices, SEC(10), HOURS(10)));
    world->boot_usec = world->reboot_usec - choice_spread(&world->choices, 0, SEC(9));
    world->visor.restart_usec = world->mishaps.down_wanted ? USEC_NEVER : world->reboot_usec;
}

static void jump(World *world) {
    uint64_t slept_usec = choice_spread(&world->choices, SEC(1), DAYS(30));
    fault(world, FAULT_CLOCK_JUMP);
    say(world, "the machine sleeps for %.3f s", (double)slept_usec / 1e6);
    network_leap(world, slept_usec);
}

static void freeze(World *world) {
    if (!world->visor.alive)
        return;
    fault(world, FAULT_VISOR_FROZEN);
    world->visor.thaw_usec = usec_add(world->now_usec, choice_spread(&world->choices, MSEC(1), HOURS(20)));
    say(world, "Visor is frozen for %.3f s", (double)(world->visor.thaw_usec - world->now_usec) / 1e6);
}

static void crash_process(World *world, ProcessName name) {
    if (!world->processes[name].alive)
        return;
    fault(world, name == PROCESS_VEGA ? FAULT_NODE_CRASH : FAULT_DATA_NODE_CRASH);
    processes_crash(world, name);
}

static void hang(World *world) {
    fault(world, FAULT_HANG);
    world->processes[PROCESS_VEGA].hangs_usec = world->now_usec;
    say(world, "the core hangs");
}

/* The service manager asks once; a person who is in a hurry asks again. */
static void stop(World *world) {
    Mishaps *mishaps = &world->mishaps;
    fault(world, FAULT_STOP);
    mishaps->down_wanted = true;
    mishaps->up_usec = usec_add(world->now_usec, choice_spread(&world->choices, SEC(1), DAYS(10)));
    if (!world->visor.alive)
        world->visor.restart_usec = USEC_NEVER;
    say(world, "the operator stops Visor");
    world->visor.thaw_usec = 0;
    visor_dispatch(world, (Event){.type = EVENT_STOP_ASKED});
    if (choice_below(&world->choices, 4) == 3)
        visor_dispatch(world, (Event){.type = EVENT_STOP_ASKED});
}

static void start_again(World *world) {
    Mishaps *mishaps = &world->mishaps;
    mishaps->down_wanted = false;
    mishaps->up_usec = USEC_NEVER;
    if (!world->visor.alive)
        world->visor.restart_usec = world->now_usec;
    else if (world->visor.stop_asked) /* it is still leaving; the service manager waits for that */
        mishaps->up_usec = usec_add(world->now_usec, SEC(10));
}

static void change_settings(World *world) {
    fault(world, FAULT_SETTINGS);
    say(world, "config.toml changes");
    settings_choose(world);
    world->visor.thaw_usec = 0;
    visor_dispatch(world, (Event){.type = EVENT_SETTINGS, .changed = {&world->settings}});
}

static int next_release(const World *world) {
    int newest = world->switched > world->disk.current ? world->switched : world->disk.current;
    return newest + 1;
}

/* Only of a release that is still to come: what runs, no operator in his right mind touches. */
static void change_folder(World *world) {
    int release = next_release(world);
    if (release > world->network.upgrade_count || world->disk.folders[release].state == FOLDER_ABSENT)
        return;
    static const FolderState STATES[] = {FOLDER_ABSENT, FOLDER_WRONG, FOLDER_COMPLETE, FOLDER_LACKS_BINARY};
    fault(world, FAULT_FOLDER_CHANGED);
    disk_change_folder(world, release, STATES[choice_below(&world->choices, 4)]);
    say(world, "the operator changes the folder of %s", release_tag(release));
    visor_folder_changed(world, release);
}

static void make_folder(World *world, int release) {
    if (release > world->network.upgrade_count || world->disk.folders[release].state != FOLDER_ABSENT ||
        release <= world->disk.current)
        return;
    static const FolderState STATES[] = {FOLDER_COMPLETE, FOLDER_LACKS_BINARY, FOLDER_WRONG};
    uint32_t which = fault_below(world, 6);
    fault(world, FAULT_FOLDER_MADE);
    disk_change_folder(world, release, STATES[which < 3 ? which : 0]);
    say(world, "the operator makes the folder of %s", release_tag(release));
    visor_folder_changed(world, release);
}

/* Where the record or its copy tells what ran, or a living Visor remembers it; otherwise nobody could. */
static void drop_current(World *world) {
    const Record *record = &world->disk.record;
    if (world->disk.current == RELEASE_NONE || !record->exists ||
        (record->damaged && (record->removed || !disk_has_good_copy(&world->disk))) ||
        (record->release != world->disk.current && record->stage != STAGE_DECIDED))
        return;
    if (record->stage == STAGE_DECIDED && record->release != world->disk.current + 1)
        return;
    fault(world, FAULT_CURRENT_DROPPED);
    say(world, "`current` is dropped");
    world->disk.current = world->disk.durable_current = RELEASE_NONE;
}

static void damage_state(World *world) {
    Disk *disk = &world->disk;
    if (!disk->record.exists || (disk->current == RELEASE_NONE && !disk_has_good_copy(disk)))
        return;
    bool removed = disk->current != RELEASE_NONE && choice_below(&world->choices, 2) == 1;
    fault(world, removed ? FAULT_STATE_REMOVED : FAULT_STATE_DAMAGED);
    say(world, "the state file is %s", removed ? "removed" : "damaged");
    disk->record.damaged = disk->durable_record.damaged = true;
    disk->record.removed = disk->durable_record.removed = removed;
    if (world->visor.alive && world->visor.state.exists) /* who looks by a slow timer takes a while to see it */
        world->visor.put_back_usec =
            usec_add(world->now_usec, fault_one_in(world, 2) ? choice_spread(&world->choices, 0, MINUTES(1)) : 0);
}

/* Some ask twice, and some change their mind in between. */
static void ask_reexec(World *world) {
    uint32_t what_else = choice_below(&world->choices, 8);
    world->visor.thaw_usec = 0;
    visor_dispatch(world, (Event){.type = EVENT_REEXEC_ASKED});
    if (what_else == 7)
        stop(world);
    if (what_else >= 6)
        visor_dispatch(world, (Event){.type = EVENT_REEXEC_ASKED});
}

static void happen(World *world, MishapKind kind) {
    Mishaps *mishaps = &world->mishaps;
    Choices *choices = &world->choices;
    if (world->now_usec < world->reboot_usec || (mishaps->mask >> kind & 1) == 0)
        return;
    switch (kind) {
    case MISHAP_VISOR_KILLED:
        if (world->visor.alive)
            fault(world, FAULT_VISOR_KILLED);
        visor_die(world);
        break;
    case MISHAP_VISOR_FROZEN:
        freeze(world);
        break;
    case MISHAP_MACHINE_CRASH:
        crash_machine(world);
        break;
    case MISHAP_CLOCK_JUMP:
        jump(world);
        break;
    case MISHAP_SECOND_VISOR:
        if (world->visor.alive)
            visor_start(world);
        break;
    case MISHAP_NODE_CRASH:
        crash_process(world, PROCESS_VEGA);
        break;
    case MISHAP_DATA_NODE_CRASH:
        crash_process(world, PROCESS_DATA_NODE);
        break;
    case MISHAP_HANG:
        hang(world);
        break;
    case MISHAP_DISK_FULL:
        fault(world, FAULT_DISK_FULL);
        world->disk.full_until_usec = usec_add(world->now_usec, choice_spread(choices, SEC(1), DAYS(2)));
        break;
    case MISHAP_SERVER_DOWN:
        fault(world, FAULT_SERVER_DOWN);
        mishaps->server_down_until_usec = usec_add(world->now_usec, choice_spread(choices, SEC(1), DAYS(2)));
        break;
    case MISHAP_STOP:
        stop(world);
        break;
    case MISHAP_SETTINGS:
        change_settings(world);
        break;
    case MISHAP_REEXEC:
        ask_reexec(world);
        break;
    case MISHAP_FOLDER_CHANGED:
        change_folder(world);
        break;
    case MISHAP_FOLDER_MADE:
        make_folder(world, next_release(world));
        break;
    case MISHAP_CURRENT_DROPPED:
        drop_current(world);
        break;
    case MISHAP_STATE_DAMAGED:
        damage_state(world);
        break;
    case MISHAP_RUN_CONFIG:
        fault(world, FAULT_RUN_CONFIG);
        mishaps->run_config_bad_until_usec = usec_add(world->now_usec, choice_spread(choices, SEC(1), HOURS(5)));
        break;
    case MISHAP_FOREIGN_NODE:
        fault(world, FAULT_FOREIGN_NODE);
        mishaps->foreign_until_usec = usec_add(world->now_usec, choice_spread(choices, SEC(1), HOURS(5)));
        break;
    case MISHAP_NOTHING:
    case MISHAP_COUNT:
        break;
    }
}

void mishaps_advance(World *world) {
    Mishaps *mishaps = &world->mishaps;
    world->visor.calm_steps = 0;
    if (mishaps->up_usec <= world->now_usec) {
        start_again(world);
        return;
    }
    for (int n = 1; n <= world->network.upgrade_count; n++) {
        if (mishaps->supplied_usec[n] > world->now_usec)
            continue;
        mishaps->supplied_usec[n] = USEC_NEVER;
        make_folder(world, n);
        return;
    }
    MishapKind kind = (MishapKind)choice_below(&world->choices, MISHAP_COUNT);
    plan_next(world);
    happen(world, kind);
}

/* What no program can mend, the operator does. */
static void cure_current(World *world) {
    Disk *disk = &world->disk;
    if (disk->record.damaged && disk->current == RELEASE_NONE && !disk->copy.exists)
        disk->current = disk->durable_current = world->switched;
}

static void cure_folders(World *world) {
    for (int release = 1; release <= world->network.upgrade_count; release++) {
        Folder *folder = &world->disk.folders[release];
        bool needs =
            folder->state == FOLDER_WRONG || (folder->state != FOLDER_COMPLETE && !world->settings.fetch_enabled);
        if (!needs)
            continue;
        disk_change_folder(world, release, FOLDER_COMPLETE);
        visor_folder_changed(world, release);
    }
}

void mishaps_heal(World *world) {
    Mishaps *mishaps = &world->mishaps;
    mishaps->due_usec = USEC_NEVER;
    mishaps->left = 0;
    mishaps->server_down_until_usec = mishaps->run_config_bad_until_usec = mishaps->foreign_until_usec = 0;
    world->disk.full_until_usec = 0;
    for (int n = 1; n <= world->network.upgrade_count; n++) {
        mishaps->supplied_usec[n] = USEC_NEVER;
        world->network.milestones[n].published_usec = 0;
    }
    cure_current(world);
    cure_folders(world);
    if (world->visor.thaw_usec > world->now_usec)
        world->visor.thaw_usec = world->now_usec;
    world->visor.actions_to_death = 0;
    if (mishaps->down_wanted)
        mishaps->up_usec = usec_add(world->now_usec, SEC(1));
}
