/*
 * The invariants, held against what the world knows to be true, not against what the core believes. Looked at
 * before each action is done, after each step, and when Visor comes to rest.
 */
#pragma once

#include "core/core.h"

#include <stdbool.h>
#include <stdint.h>

struct World;
struct Tool;

/* Before the action is done (invariant_actions.c). */

void invariant_spawn(struct World *world, const Action *action);
void invariant_terminate(struct World *world, ProcessName name);

/** SIGKILL, or SIGTERM to a group. */
void invariant_signal(struct World *world, ProcessName name);
void invariant_note(struct World *world, const NodeNote *note);
void invariant_save(struct World *world, const ReleaseRecord *record);
void invariant_switch(struct World *world, int release);
void invariant_place(struct World *world, int release);
void invariant_inspect(struct World *world);
void invariant_query_segment(struct World *world);
void invariant_fetch(struct World *world, int release);
/** @tool is asked for, as @name: not while it is under way. */
void invariant_tool(struct World *world, const struct Tool *tool, const char *name);
void invariant_reexec(struct World *world);
void invariant_exit(struct World *world, ExitCode code);
void invariant_report(struct World *world, const Report *report);

/** Is what this Visor proved of @release still so, in its folder? */
bool invariant_is_proven(const struct World *world, int release);

/** `current` was durably switched to @release. */
void invariant_switched(struct World *world, int release);

/* Around the steps (invariant.c). */

/** An inspection finds something alive: what the one that takes it over has to go by. */
void invariant_adopts(struct World *world, const Event *event);

void invariant_before_step(struct World *world, const Event *event);
void invariant_after_step(struct World *world, const Event *event);

/** All that follows at once from an event has happened: Visor waits. */
void invariant_at_rest(struct World *world);

/** Faults have stopped long enough ago: all must be well. */
void invariant_live(struct World *world);
