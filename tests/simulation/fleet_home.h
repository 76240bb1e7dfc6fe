/* One home of a fleet: a real core, and just as much of a world as one upgrade needs. */
#pragma once

#include "tests/simulation/fleet.h"

enum { FLEET_QUEUE_MAX = 8 };

/* What a home waits for. */
typedef enum FleetSource {
    FLEET_DEADLINE,
    FLEET_POLL,
    FLEET_VERSION,
    FLEET_EXAMINED,
    FLEET_FETCHED, /* failed at once; what succeeds is the server's to say */
    FLEET_EXIT,
    FLEET_VISOR_KILLED,
    FLEET_VISOR_STARTED,
    FLEET_SOURCE_COUNT,
} FleetSource;

typedef struct FleetHome {
    Core core;
    bool visor_alive;
    uint64_t due_usec[FLEET_SOURCE_COUNT];
    Event queue[FLEET_QUEUE_MAX];
    size_t queued;
    unsigned calm_polls;

    bool node_alive;
    bool node_is_new;
    uint64_t answers_usec;
    NodeNote note;
    bool staged;
    bool placed;
    bool switched; /* `current` */
    bool has_record;
    ReleaseRecord record;
    bool proven;
    unsigned new_starts;

    FleetFault fault;
    uint64_t stop_takes_usec;
    uint64_t start_takes_usec;
    uint64_t examine_takes_usec;
    uint64_t block_lag_usec; /* its node finishes the block so much later than the first */
    uint64_t terminated_usec;
    uint64_t fetch_began_usec;
    uint64_t random;
} FleetHome;

/** What the homes share. */
typedef struct FleetWorld {
    FleetSetup setup;
    FleetServer server;
    FleetOutcome *outcomes;
    FleetHome *homes;
    uint64_t now_usec;
    uint64_t announced_usec;
    uint64_t block_usec;
    uint64_t steps;
} FleetWorld;

/** Draws what home @number is like, and plans its first start. */
void fleet_home_init(FleetWorld *world, uint32_t number);

/** When it next has something to do by itself. */
uint64_t fleet_home_due_usec(const FleetWorld *world, uint32_t number);

/** Does that. */
void fleet_home_advance(FleetWorld *world, uint32_t number);

/** The server has given it all of the file. */
void fleet_home_fetched(FleetWorld *world, uint32_t number);
