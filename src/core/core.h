/*
 * All of Visor's decisions, as one pure function: no I/O, no clock, no allocation, no globals. The supervisor turns
 * what happens into events and the actions into system calls; the unit tests and the simulator do the same with a
 * world of their own.
 */
#pragma once

#include "base/clock.h"
#include "core/action.h"
#include "core/blocks.h"
#include "core/event.h"
#include "core/fetch_plan.h"
#include "core/handover.h"
#include "core/node.h"
#include "core/process.h"
#include "core/settings.h"
#include "core/upgrade.h"

/** Why a process that is going down is still watched. */
typedef struct Departure {
    uint64_t grace_due_usec; /* DRAINING only: when what is left gets SIGKILL, or gets it again */
    uint64_t check_due_usec; /* DRAINING only: when the lock is looked at again */
    uint64_t check_delay_usec;
    uint64_t alarm_due_usec; /* USEC_NEVER = nothing was killed yet */
} Departure;

typedef struct Core {
    Settings settings;
    Process processes[PROCESS_COUNT];
    Departure departures[PROCESS_COUNT];
    Node node;
    Upgrade upgrade;
    Blocks blocks;
    FetchPlan fetch;
    Handover handover;
} Core;

/** Makes a core that has not begun; EVENT_BEGIN starts it. */
void core_init(Core *core, const Settings *settings);

/**
 * Takes the core through one event and fills @actions with what is to be done, in order. Events that make no sense
 * in the state are reported and change nothing.
 */
void core_step(Core *core, const Event *event, Actions *actions);

/** When the core wants its next EVENT_DEADLINE; USEC_NEVER if nothing is due by itself. */
uint64_t core_deadline_usec(const Core *core);
