/*
 * The release record: which release an upgrade was decided for, and how far that came. It is durable, since a new
 * Visor has to know it with the node dead, `current` missing, and after a power cut.
 */
#pragma once

#include "core/tag.h"

#include <stdbool.h>
#include <stdint.h>

/* stage, name in state.json, meaning */
#define RELEASE_STAGES(X)                                                                                          \
    X(STAGE_DECIDED, "decided", "the old node is stopped for it, or will be; `current` may not name it yet")       \
    X(STAGE_SWITCHED, "switched", "`current` was pointed at it and it was started; it still needs its height")     \
    X(STAGE_ANSWERED, "answered", "it has answered: it finds its own snapshots")

typedef enum ReleaseStage {
#define X(stage, name, meaning) stage,
    RELEASE_STAGES(X)
#undef X
        RELEASE_STAGE_COUNT
} ReleaseStage;

extern const char *const RELEASE_STAGE_NAME[RELEASE_STAGE_COUNT];

typedef struct ReleaseRecord {
    char tag[RELEASE_TAG_MAX + 1]; /* "" = its binary did not tell */
    uint64_t height_blocks;        /* of the upgrade; 0 = it was no upgrade */
    ReleaseStage stage;
    bool blocks_awaited; /* answered, but its upgrade is complete only when the block height has moved */
} ReleaseRecord;
