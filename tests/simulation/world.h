/* All of one history: a home, its machine, its network, its operator, and what went wrong. */
#pragma once

#include "base/clock.h"
#include "core/core.h"
#include "tests/simulation/choice.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/mishap.h"
#include "tests/simulation/network.h"
#include "tests/simulation/processes.h"
#include "tests/simulation/tally.h"
#include "tests/simulation/violation.h"
#include "tests/simulation/visor.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MSEC(count) ((uint64_t)(count)*UINT64_C(1000))
#define SEC(count) ((uint64_t)(count)*UINT64_C(1000000))
#define MINUTES(count) ((uint64_t)(count)*UINT64_C(60000000))
#define HOURS(count) ((uint64_t)(count)*UINT64_C(3600000000))
#define DAYS(count) ((uint64_t)(count)*UINT64_C(86400000000))

#define HISTORY_BEGINS_USEC DAYS(1)

typedef struct World {
    Choices choices;
    FILE *trace;   /* NULL = nothing is told */
    uint64_t hash; /* of all events and actions with their times */
    Tally *tally;
    Violation violation;
    uint64_t now_usec;
    uint64_t boot_usec;
    uint64_t reboot_usec; /* the machine is off until then */
    uint64_t faults_end_usec;
    uint64_t end_usec;
    unsigned severity; /* 0 = nothing goes wrong, 2 = much does */
    unsigned pids;
    unsigned node_starts;

    Settings settings; /* what config.toml says now */
    uint64_t rpc_timeout_usec;
    bool has_data_node;
    bool has_statistics;
    bool operator_height;
    bool stop_on_death; /* onVisorDeath = "stop" */
    bool healed;
    bool well_before_last; /* all was well before the upgrade that comes after the faults */

    Disk disk;
    NodeProcess processes[PROCESS_COUNT];
    Network network;
    Visor visor;
    Mishaps mishaps;

    /* What the checks go by. */
    int switched;                     /* the newest release that `current` was durably switched to */
    int last_started;                 /* the newest release of which a core was started */
    bool answered[RELEASES_MAX];      /* it has answered some Visor */
    bool answer_saved[RELEASES_MAX];  /* and that is durable */
    bool told[RELEASES_MAX];          /* that the upgrade to it is complete was told */
    bool told_for_good[RELEASES_MAX]; /* and the record knows it */
    bool record_lost[RELEASES_MAX];   /* the state file was, and its copy as well or out of date, as it may be */
} World;

/** Tells, if anybody listens. */
__attribute__((__format__(__printf__, 2, 3))) void say(World *world, const char *format, ...);

/** Takes @value into the hash of the history. */
void world_hash(World *world, uint64_t value);

/** Counts a fault that was injected. */
void fault(World *world, Fault kind);

/** config.toml, written anew. */
void settings_choose(World *world);

/** 0 = no fault, else which of @limit - 1; how often depends on how hard a history is. */
uint32_t fault_below(World *world, uint32_t limit);
bool fault_one_in(World *world, uint32_t count);
