/*
 * Do blocks come after an upgrade? Only asked where run-config.toml names the node's statistics: then the upgrade
 * is called complete when the height has moved, not when the node has answered. Nothing waits for it: a wrong URL
 * costs a complaint a minute, never the next upgrade.
 */
#pragma once

#include "core/report.h"
#include "core/tag.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Blocks {
    bool watching;
    bool asking;
    bool has_first;
    uint64_t first_height_blocks;
    uint64_t ask_due_usec;
    uint64_t alarm_due_usec;
    uint64_t since_usec;
    char tag[RELEASE_TAG_MAX + 1];
    char from[RELEASE_TAG_MAX + 1];
    Report completed; /* what will be said */
} Blocks;
