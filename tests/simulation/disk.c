#include "tests/simulation/disk.h"

#include "tests/simulation/world.h"

#include <string.h>

static const char *const TAGS[FOLDERS_MAX] = {
    "v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0", "v1.6.0", "v9.9.9",
};

const char *release_tag(int release) {
    return release >= 0 && release < FOLDERS_MAX ? TAGS[release] : "none";
}

int release_of_tag(const char *tag) {
    for (int release = 0; release < FOLDERS_MAX; release++)
        if (strcmp(TAGS[release], tag) == 0)
            return release;
    return RELEASE_NONE;
}

void disk_init(Disk *disk) {
    *disk = (Disk){.current = RELEASE_NONE, .durable_current = RELEASE_NONE, .identities = 1};
    for (int release = 0; release < FOLDERS_MAX; release++)
        disk->folders[release].durable = true;
    disk->folders[0] = (Folder){.state = FOLDER_COMPLETE, .operators = true, .identity = 1, .durable = true};
}

bool disk_is_full(const World *world) {
    return world->now_usec < world->disk.full_until_usec;
}

bool record_equal(const Record *left, const Record *right) {
    return left->exists == right->exists && left->damaged == right->damaged && left->release == right->release &&
           left->height_blocks == right->height_blocks && left->stage == right->stage &&
           left->blocks_awaited == right->blocks_awaited;
}

bool disk_has_good_copy(const Disk *disk) {
    return disk->copy.exists && !disk->copy_stale;
}

void disk_look_at_copy(Disk *disk) {
    Record record = disk->record;
    record.damaged = record.removed = false;
    disk->copy_stale = !record_equal(&disk->copy, &record);
}

void disk_copy(Disk *disk, const Record *record, bool durable) {
    if (!record_equal(&disk->copy, record))
        disk->copy_before = disk->copy;
    disk->copy = *record;
    disk->copy_stale = false;
    disk->copy_synced = durable;
    if (durable)
        disk->durable_copy = disk->copy_before = *record;
}

void disk_save(World *world, const Record *record, Outcome outcome) {
    Disk *disk = &world->disk;
    switch (outcome) {
    case OUTCOME_FAILED:
        return;
    case OUTCOME_DONE:
    case OUTCOME_HALF:
        disk->record = disk->durable_record = *record;
        break;
    case OUTCOME_INTERRUPTED:
        switch (choice_below(&world->choices, 3)) {
        case 0: /* the temporary file is all there is of it */
            break;
        case 1: /* renamed, its folder not yet synced */
            disk->record = *record;
            break;
        default:
            disk->record = disk->durable_record = *record;
            break;
        }
        break;
    }
}

/* All of these renames are in the same folder: what makes one durable makes the earlier ones durable, too. */
static void home_is_synced(Disk *disk) {
    disk->durable_current = disk->current;
    for (int release = 0; release < FOLDERS_MAX; release++)
        disk->folders[release].durable = true;
}

void disk_switch(World *world, int release, Outcome outcome) {
    Disk *disk = &world->disk;
    if (outcome == OUTCOME_FAILED)
        return;
    uint32_t how_far = outcome == OUTCOME_INTERRUPTED ? choice_below(&world->choices, 3) : 2;
    if (how_far > 0)
        disk->current = release;
    if (how_far > 1 && outcome != OUTCOME_HALF)
        home_is_synced(disk);
    disk->switched_half = outcome == OUTCOME_HALF;
}

void disk_place(World *world, int release, Outcome outcome) {
    Disk *disk = &world->disk;
    Folder *folder = &disk->folders[release];
    if (outcome == OUTCOME_FAILED)
        return;
    uint32_t how_far = outcome == OUTCOME_INTERRUPTED ? choice_below(&world->choices, 3) : 2;
    if (how_far == 0)
        return;
    bool useless = folder->staged == STAGED_USELESS;
    *folder = (Folder){
        .state = useless ? FOLDER_WRONG : FOLDER_COMPLETE,
        .identity = ++disk->identities,
        .staged = STAGED_NOTHING,
        .durable = false,
    };
    if (how_far > 1)
        home_is_synced(disk);
}

void disk_change_folder(World *world, int release, FolderState state) {
    Folder *folder = &world->disk.folders[release];
    folder->state = state;
    folder->operators = state != FOLDER_ABSENT;
    folder->identity = ++world->disk.identities;
    folder->durable = true;
}

/* It is written over in place: of what was not synced there may be the new text, an old one, or some of each, which
 * nobody can read. */
static void crash_copy(World *world) {
    Disk *disk = &world->disk;
    const Record texts[] = {disk->copy, disk->copy_before, disk->durable_copy, {0}};
    const Record *found = &texts[disk->copy_synced ? 0 : choice_below(&world->choices, 4)];
    bool was_good = disk_has_good_copy(disk) && !world->visor.copy_unsynced; /* which it knows, and will mend */
    disk->copy = disk->copy_before = disk->durable_copy = *found;
    disk->copy_synced = true;
    disk_look_at_copy(disk);
    /* Only what was decided on is not waited for; all else was synced before anything else was done. */
    if (was_good && disk->copy.exists && disk->copy_stale && disk->record.stage != STAGE_DECIDED)
        violate(world, VIOLATION_NOT_COPIED, "of %s it was not made durable", release_tag(disk->record.release));
}

void disk_crash(World *world) {
    Disk *disk = &world->disk;
    /* What was not synced may have reached the disk nevertheless, each thing on its own. */
    if (choice_below(&world->choices, 2) == 0)
        disk->record = disk->durable_record;
    if (choice_below(&world->choices, 2) == 0)
        disk->current = disk->durable_current;
    for (int release = 0; release < FOLDERS_MAX; release++) {
        Folder *folder = &disk->folders[release];
        if (!folder->durable && disk->current != release && choice_below(&world->choices, 2) == 0) {
            folder->state = FOLDER_ABSENT;
            folder->staged = STAGED_COMPLETE;
        }
        folder->durable = true;
    }
    disk->durable_record = disk->record;
    disk->durable_current = disk->current;
    crash_copy(world);
}
