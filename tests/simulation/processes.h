/*
 * The node's two processes as the machine has them: alive or not, whoever watches. Their lock files hold what a new
 * Visor must know of them; that survives Visor, not the machine.
 */
#pragma once

#include "core/core.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct NodeProcess {
    bool alive;
    bool descendants; /* others hold its lock */
    unsigned pid;
    int release;
    unsigned spawner_pid;
    unsigned start_number; /* tells one start of the node from another */
    uint64_t height_blocks;
    uint64_t started_usec;
    uint64_t answers_usec; /* from when on it answers; USEC_NEVER = never */
    uint64_t hangs_usec;   /* from when on it does not any more */
    uint64_t ends_usec;    /* when it will end; USEC_NEVER = not by itself */
    uint64_t descendants_end_usec;
    uint64_t known_usec; /* from when on its lock file tells who it is; USEC_NEVER = that was lost */
    bool terminated;     /* got SIGTERM */
    uint64_t terminated_usec;
    bool killed;
    uint64_t unkillable_until_usec;
    bool ending;            /* got SIGTERM since its Visor died */
    bool failed;            /* the end that is due is of its own accord */
    bool answered_truth;    /* a Visor has seen its answer */
    bool unwritten;         /* nothing is in its lock file, which is new, for want of space; its Visor knows */
    NodeNote note;          /* in its lock file */
    uint64_t restarts_used; /* what the restarts really came to when it was started */
} NodeProcess;

struct World;

/** Starts a process of @release; the caller has checked that it may. */
void processes_start(struct World *world, ProcessName name, int release, uint64_t height_blocks);

void processes_terminate(struct World *world, ProcessName name);
void processes_terminate_group(struct World *world, ProcessName name);
void processes_kill(struct World *world, ProcessName name);

/** It ends by itself at once. */
void processes_crash(struct World *world, ProcessName name);

/** When something next happens to it by itself. */
uint64_t processes_due_usec(const struct World *world, ProcessName name);

/** Does what is due. */
void processes_advance(struct World *world, ProcessName name);

bool process_holds_lock(const struct World *world, ProcessName name);
bool process_answers(const struct World *world, ProcessName name);

/** Everything is gone: the machine has crashed. */
void processes_vanish(struct World *world);

/** Faults stop: what hangs is ended by the operator, what lingers ends. */
void processes_heal(struct World *world);
