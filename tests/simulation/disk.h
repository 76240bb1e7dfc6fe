/*
 * The home on its disk: what is visible, and what of it is durable. A Visor that dies in the middle of a save or a
 * switch leaves the old thing or the new one visible; a machine that crashes keeps what was made durable, and of
 * what was not whatever the file system had got to.
 */
#pragma once

#include "core/core.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    UPGRADES_MAX = 6,
    RELEASES_MAX = UPGRADES_MAX + 1,
    RELEASE_NOWHERE = RELEASES_MAX, /* "v9.9.9": a release that nobody ever publishes */
    FOLDERS_MAX = RELEASES_MAX + 1,
    RELEASE_NONE = -1,
};

/** What lies in the folder of a release. */
typedef enum FolderState {
    FOLDER_ABSENT,
    FOLDER_LACKS_BINARY, /* the operator wrote a run-config and left the binary to autoInstall */
    FOLDER_COMPLETE,
    FOLDER_WRONG, /* complete, but its binary is that of another version */
} FolderState;

/** What lies in its staging folder. */
typedef enum StagedState {
    STAGED_NOTHING,
    STAGED_COMPLETE,
    STAGED_USELESS, /* complete, and not the release */
} StagedState;

typedef struct Folder {
    FolderState state;
    bool operators;    /* placed or changed by the operator */
    unsigned identity; /* changes with every change */
    StagedState staged;
    bool durable; /* its rename into place */
} Folder;

typedef struct Record {
    bool exists;
    bool damaged; /* or even removed */
    bool removed;
    int release;
    uint64_t height_blocks;
    ReleaseStage stage;
    bool blocks_awaited;
} Record;

typedef struct Disk {
    Folder folders[FOLDERS_MAX];
    Record record;
    Record durable_record; /* what a machine crash may bring back */
    Record copy;           /* in the lock file of the core, which lasts longer than the core */
    Record copy_before;    /* what was there before that */
    Record durable_copy;
    bool copy_synced; /* nothing was written to that file since */
    bool copy_stale;  /* a death or a crash has left another one there than there should be */
    int current;      /* RELEASE_NONE = the link is missing */
    int durable_current;
    unsigned identities;
    uint64_t full_until_usec;
    bool switched_half; /* the last switch was made, and called failed */
} Disk;

struct World;

/** "v1.2.0" for 2; "v9.9.9" for RELEASE_NOWHERE. */
const char *release_tag(int release);

/** The other way round; RELEASE_NONE for a tag that is no release of the network. */
int release_of_tag(const char *tag);

void disk_init(Disk *disk);

bool record_equal(const Record *left, const Record *right);

/** Does the copy of the record tell what the record does, or did before it was damaged? */
bool disk_has_good_copy(const Disk *disk);

/** Visor is gone: is the copy what it should be? */
void disk_look_at_copy(Disk *disk);

/** Writes the copy; durably, or as a note is written. */
void disk_copy(Disk *disk, const Record *record, bool durable);

/** How a call that makes something durable ends. */
typedef enum Outcome {
    OUTCOME_DONE,
    OUTCOME_FAILED,      /* nothing was changed */
    OUTCOME_HALF,        /* it was done, but said to have failed */
    OUTCOME_INTERRUPTED, /* whoever did it died meanwhile: done or not */
} Outcome;

/** Replaces the record. */
void disk_save(struct World *world, const Record *record, Outcome outcome);

/** Points `current` at @release. */
void disk_switch(struct World *world, int release, Outcome outcome);

/** Puts what is staged of @release in place. */
void disk_place(struct World *world, int release, Outcome outcome);

/** The operator does something to the folder of @release. */
void disk_change_folder(struct World *world, int release, FolderState state);

/** Power is cut: only what was durable remains, and what else the file system had got to. */
void disk_crash(struct World *world);

bool disk_is_full(const struct World *world);
