/*
 * Many homes of one network take one upgrade in virtual time: each a real core with a node that stops and starts in
 * a time of its own, and all with one release server.
 */
#pragma once

#include "tests/simulation/fleet_server.h"

#include "core/core.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FleetFault {
    FLEET_FAULT_NONE,
    FLEET_FAULT_FETCH, /* the release cannot be fetched */
    FLEET_FAULT_STOP,  /* the node does not stop until SIGKILL */
    FLEET_FAULT_VISOR, /* Visor is killed around the block, and started again a second later */
    FLEET_FAULT_CRASH, /* the new node crashes at its first start */
    FLEET_FAULT_COUNT,
} FleetFault;

typedef struct FleetSetup {
    uint32_t home_count;
    uint64_t seed;
    double fault_share;   /* of the homes that have one of the faults */
    uint64_t spread_usec; /* prefetchSpreadSeconds */
    bool prefetch;
    uint64_t lead_usec;    /* from the announcement to the block */
    uint64_t watched_usec; /* how long after the block it is looked at */
    double server_bytes;   /* a second */
    double line_bytes;     /* a second */
    double file_bytes;
} FleetSetup;

/** What became of one home; times that did not come are USEC_NEVER. */
typedef struct FleetOutcome {
    FleetFault fault;
    double stake;
    uint64_t fetch_began_usec; /* since the announcement */
    uint64_t fetch_took_usec;
    uint64_t back_usec;    /* since the block: the new release answers */
    uint64_t stopped_usec; /* from SIGTERM to that answer */
} FleetOutcome;

typedef struct Fleet {
    FleetSetup setup;
    FleetOutcome *outcomes; /* owned; home_count */
    uint32_t *fetching;     /* owned: how many fetch, in every second since the announcement */
    size_t seconds;
    uint32_t fetching_most;
    uint64_t steps;
} Fleet;

/** Returns 0 or -ENOMEM. @ret is to be cleared. */
int fleet_run(const FleetSetup *setup, Fleet *ret);

void fleet_clear(Fleet *fleet);

/** Sorted times of all homes that have one; their number is returned. @offset is that of a uint64_t in
 * FleetOutcome. */
size_t fleet_times(const Fleet *fleet, size_t offset, uint64_t *times);

/** Since the block: when more than @share of the voting power is back; USEC_NEVER if it is not. */
uint64_t fleet_back_usec(const Fleet *fleet, double share);

/** The share of the voting power that is back @usec after the block. */
double fleet_share_back(const Fleet *fleet, uint64_t usec);
