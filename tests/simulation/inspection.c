/* What a new Visor reads of the home, and what a start is told of it. */
#include "tests/simulation/invariant.h"
#include "tests/simulation/visor.h"
#include "tests/simulation/world.h"

/* A damaged record is set aside where something else tells what runs, and made anew from its copy, if there is one
 * (supervisor/inspection.c). */
static void rebuild_record(World *world) {
    Disk *disk = &world->disk;
    bool taken_back =
        disk->record.removed && disk->copy.stage == STAGE_DECIDED && disk->current != disk->copy.release;
    const Record rebuilt = taken_back ? (Record){0} : disk->copy;
    if (!disk_has_good_copy(disk)) {
        fault(world, FAULT_STATE_LOST);
        if (disk->record.release < RELEASES_MAX)
            world->record_lost[disk->record.release] = true;
    }
    if (!rebuilt.exists && disk->current == RELEASE_NONE)
        return;
    say(world, "the record is made anew: %s", rebuilt.exists ? release_tag(rebuilt.release) : "nothing");
    if (rebuilt.exists && (disk_is_full(world) || fault_one_in(world, 8)))
        world->visor.put_back_usec = PUT_BACK_WITH_NOTE_USEC;
    else
        disk->record = rebuilt;
    world->visor.state = rebuilt;
}

static void read_record(World *world) {
    Disk *disk = &world->disk;
    world->visor.state = disk->record.damaged ? (Record){0} : disk->record;
    if (disk->record.damaged)
        rebuild_record(world);
    /* Whatever an earlier Visor left half done is made durable before anything is built upon it. */
    disk->durable_record = disk->record;
    disk->durable_current = disk->current;
    for (int release = 0; release < FOLDERS_MAX; release++)
        disk->folders[release].durable = true;
    if (disk->current > world->switched)
        world->switched = disk->current;
}

/* The release that lives; RELEASE_NONE if nothing does, or nobody can tell. */
static int living_release(const World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        const NodeProcess *process = &world->processes[name];
        if (process->alive && world->now_usec >= process->known_usec)
            return process->release;
    }
    return RELEASE_NONE;
}

/* Where `current` is missing it will be made to name what was switched to, but not what was only decided on. */
static bool is_current(const World *world, const Record *record) {
    int living = living_release(world);
    int named = living != RELEASE_NONE ? living : world->disk.current;
    return named == RELEASE_NONE ? record->stage != STAGE_DECIDED : named == record->release;
}

Event visor_begin_event(World *world) {
    read_record(world);
    const Record *record = &world->visor.state;
    Event event = {.type = EVENT_BEGIN, .begin = {.seed = world->pids * UINT64_C(0x9e3779b97f4a7c15)}};
    world->visor.recorded = record->exists ? record->release : RELEASE_NONE;
    if (record->exists) {
        ReleaseRecord *read = &world->visor.record_read;
        tag_copy(&read->tag, release_tag(record->release));
        read->height_blocks = record->height_blocks;
        read->stage = record->stage;
        read->blocks_awaited = record->blocks_awaited;
        event.begin.record = read;
        event.begin.is_current = is_current(world, record);
    }
    return event;
}

/* `current` is missing: never an older release than the one that ran last. What was decided on and never switched
 * to is not what ran: its upgrade has to come to its end first. */
static int choose_release(const World *world) {
    const Record *record = &world->visor.state;
    if (world->visor.running != RELEASE_NONE)
        return world->visor.running;
    if (record->exists)
        return record->stage == STAGE_DECIDED ? record->release - 1 : record->release;
    return world->disk.record.damaged ? RELEASE_NONE : 0;
}

static ExitCode find_release(World *world) {
    int living = living_release(world);
    int release = living != RELEASE_NONE ? living : world->disk.current;
    if (release == RELEASE_NONE)
        release = choose_release(world);
    if (release == RELEASE_NONE || world->now_usec < world->mishaps.run_config_bad_until_usec)
        return EXIT_CODE_CONFIG;
    FolderState state = world->disk.folders[release].state;
    if (state != FOLDER_COMPLETE && state != FOLDER_WRONG)
        return EXIT_CODE_CONFIG;
    if (world->disk.current == RELEASE_NONE)
        disk_switch(world, release, OUTCOME_DONE);
    world->visor.running = release;
    return EXIT_CODE_OK;
}

static bool nothing_known_alive(const World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (world->visor.core.processes[name].state != PROCESS_DOWN)
            return false;
    return true;
}

static Alive see(const World *world, ProcessName name) {
    const NodeProcess *process = &world->processes[name];
    if (process->alive)
        return world->now_usec >= process->known_usec ? ALIVE_ADOPTED : ALIVE_UNKNOWN;
    return process->descendants ? ALIVE_UNKNOWN : ALIVE_NOTHING;
}

static void see_alive(World *world, Event *event) {
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    const NodeProcess *data_node = &world->processes[PROCESS_DATA_NODE];
    if (!nothing_known_alive(world))
        return;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        event->inspected.alive[name] = see(world, name);
    bool core_alive = event->inspected.alive[PROCESS_VEGA] == ALIVE_ADOPTED;
    const NodeProcess *told = core_alive ? core : data_node;
    if (core_alive || event->inspected.alive[PROCESS_DATA_NODE] == ALIVE_ADOPTED)
        event->inspected.note = told->note;
    event->inspected.data_node_began = core_alive && data_node->start_number == core->start_number;
    event->inspected.ending = (core_alive && core->ending) || (data_node->alive && data_node->ending);
}

Event visor_inspected_event(World *world) {
    Event event = {
        .type = EVENT_INSPECTED,
        .inspected = {
            .has_data_node = world->has_data_node,
            .has_statistics = world->has_statistics,
            .operator_height = world->operator_height,
        }};
    event.inspected.result = find_release(world);
    event.inspected.is_recorded = world->visor.recorded == world->visor.running;
    see_alive(world, &event);
    invariant_adopts(world, &event);
    bool alive = process_holds_lock(world, PROCESS_VEGA) || process_holds_lock(world, PROCESS_DATA_NODE);
    if (!alive && event.inspected.result == EXIT_CODE_OK && world->now_usec < world->mishaps.foreign_until_usec)
        event.inspected.result = EXIT_CODE_NODE_ALIVE;
    return event;
}
