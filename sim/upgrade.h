/* The upgrades of the network, as the scenario lists them in the order of the chain. */
#pragma once

#include "sim/scenario.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Upgrade {
    const char *tag; /* borrowed from the scenario, until it is replaced */
    int64_t height;
    int64_t accepted_at;  /* the height from which on the RPC names it */
    int64_t retracted_at; /* the height from which on it does no longer; INT64_MAX: never */
    uint64_t ready_delay_usec;
    int64_t linger_blocks; /* how long its own release goes on naming it; -1: for ever */
    bool ready_linger;     /* ... and goes on saying ready */
} Upgrade;

/**
 * The upgrade that @scenario's version has before it as seen at @height; those that were retracted are skipped.
 * Returns false if there is none.
 */
bool upgrade_find_next(const Scenario *scenario, int64_t height, Upgrade *ret);

/** The upgrade that led to @scenario's version. Returns false if there was none. */
bool upgrade_find_own(const Scenario *scenario, Upgrade *ret);
