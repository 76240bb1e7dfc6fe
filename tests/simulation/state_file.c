/* The record of the release, as Visor keeps it on the disk. */
#include "tests/simulation/invariant.h"
#include "tests/simulation/visor.h"
#include "tests/simulation/world.h"

enum { PUT_BACK_AGAIN_SECONDS = 10 };

static Record record_of(const World *world, const ReleaseRecord *save) {
    int release = release_of_tag(save->tag);
    return (Record){
        .exists = true,
        .release = release == RELEASE_NONE ? world->visor.running : release, /* the folder tells */
        .height_blocks = save->height_blocks,
        .stage = save->stage,
        .blocks_awaited = save->blocks_awaited,
    };
}

static bool is_out_of_place(const World *world) {
    return world->visor.put_back_usec != USEC_NEVER;
}

/* It is on the disk, but Visor was told that it is not. There must be one that can be put back. */
static Outcome fail(World *world, bool can_be_half) {
    Visor *visor = &world->visor;
    bool half =
        can_be_half && world->disk.record.exists && !world->disk.record.damaged && fault_below(world, 2) == 1;
    fault(world, half ? FAULT_SAVE_HALF : FAULT_SAVE);
    if (half && !is_out_of_place(world))
        visor->put_back_usec = world->now_usec;
    /* What is wrong on the disk matters most to the next Visor, and that may come before the next try. */
    if ((world->mishaps.mask & 1) != 0 && fault_below(world, 3) == 1)
        visor->actions_to_death = 1 + choice_below(&world->choices, 3);
    return half ? OUTCOME_HALF : OUTCOME_FAILED;
}

/* With all else that is written beside a core that lives, or over what was written beside the dead one. */
static void copy(World *world, bool after_save) {
    Visor *visor = &world->visor;
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    bool down = visor->core.processes[PROCESS_VEGA].state == PROCESS_DOWN;
    if (down ? !world->disk.copy.exists || process_holds_lock(world, PROCESS_VEGA)
             : core->unwritten || core->known_usec == USEC_NEVER)
        return;
    bool synced = visor->copy_unsynced && (after_save || !down);
    disk_copy(&world->disk, &visor->state, synced);
    visor->copy_unsynced = visor->copy_unsynced && !synced;
}

void state_file_copy(World *world) {
    copy(world, false);
}

static void saved(World *world, const Record *record) {
    Visor *visor = &world->visor;
    visor->state = *record;
    visor->recorded = record->release;
    visor->put_back_usec = USEC_NEVER;
    visor->copy_unsynced = visor->copy_unsynced || record->stage != STAGE_DECIDED;
    if (record->stage != STAGE_DECIDED)
        copy(world, true);
    if (record->stage == STAGE_ANSWERED)
        world->answer_saved[record->release] = true;
}

void state_file_save(World *world, const ReleaseRecord *save) {
    Visor *visor = &world->visor;
    invariant_save(world, save);
    bool unknown = !save->tag[0] && visor->running == RELEASE_NONE;
    bool full = disk_is_full(world) || unknown;
    bool fails = full || fault_one_in(world, 20);
    Record record = record_of(world, save);
    disk_save(world, &record, fails ? fail(world, !full) : OUTCOME_DONE);
    visor->unsaved_usec = fails && record.stage != STAGE_DECIDED ? world->now_usec : 0;
    if (!fails) {
        visor->going_back = false;
        saved(world, &record);
    } else if (record.stage == STAGE_ANSWERED && record.release == visor->running) {
        visor->going_back = true;
    }
    visor_answer(world, (Event){.type = EVENT_SAVED, .done = {.ok = !fails}});
}

void state_file_save_partly(World *world, const ReleaseRecord *save) {
    Record record = record_of(world, save);
    disk_save(world, &record, OUTCOME_INTERRUPTED);
}

/* What runs and answers is recorded, however it came to run (supervisor/switching.c). */
void state_file_record_running(World *world) {
    Visor *visor = &world->visor;
    if (!visor->alive || violated(world) || !visor->core.processes[PROCESS_VEGA].ready ||
        !visor->core.upgrade.facts.running_known || visor->recorded == visor->running || disk_is_full(world) ||
        fault_one_in(world, 10))
        return;
    say(world, "recorded: %s runs", release_tag(visor->running));
    Record record = {.exists = true, .release = visor->running, .stage = STAGE_ANSWERED};
    disk_save(world, &record, OUTCOME_DONE);
    saved(world, &record);
}

bool state_file_put_back(World *world) {
    Visor *visor = &world->visor;
    if (!is_out_of_place(world))
        return true;
    if (disk_is_full(world) || fault_one_in(world, 4)) {
        visor->put_back_usec = world->now_usec + SEC(PUT_BACK_AGAIN_SECONDS);
        return false;
    }
    say(world, "the record is put back");
    visor->put_back_usec = USEC_NEVER;
    disk_save(world, &visor->state, OUTCOME_DONE);
    return true;
}

const Record *state_file_in_place(const World *world) {
    return is_out_of_place(world) ? &world->visor.state : &world->disk.durable_record;
}
