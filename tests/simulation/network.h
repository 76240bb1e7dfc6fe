/*
 * The chain: which upgrades it goes through and when, how far the node's own data has come, and what the node's
 * admin RPC says of it. What is said may be late, wrong or nothing, also at the upgrade block; but ready for
 * another release is said only when its block has really been reached.
 */
#pragma once

#include "tests/simulation/disk.h"

#include <stdbool.h>
#include <stdint.h>

/** From release n - 1 to release n. */
typedef struct Milestone {
    uint64_t announced_usec;
    uint64_t reached_usec;
    uint64_t height_blocks;
    uint64_t published_usec; /* from when on the release server has it */
} Milestone;

typedef struct Network {
    uint64_t block_usec;
    uint64_t genesis_blocks;
    int upgrade_count;
    Milestone milestones[RELEASES_MAX]; /* [n] leads to release n; [0] is not used */
    uint64_t node_height_blocks;        /* what the node's data on disk has come to */
    int lie;                            /* what is told at present instead of the truth; 0 = the truth */
    unsigned lie_polls;                 /* for how many more polls */
} Network;

/** An answer of the admin RPC. */
typedef struct Status {
    bool has_release;
    const char *tag;
    uint64_t height_blocks;
    bool ready;
} Status;

struct World;

void network_init(struct World *world);
uint64_t network_height_blocks(const struct World *world);

/** The release that data at @height_blocks can be continued with. The upgrade block itself belongs to both. */
bool network_is_right(const struct World *world, int release, uint64_t height_blocks);

/** Has the node, which runs @release, finished the upgrade block of the next one? */
bool network_node_is_done(const struct World *world, int release);

/** Brings the node's data up to the moment. */
void network_node_follows(struct World *world);
void network_node_ends(struct World *world);

/** What the living core answers now. */
Status network_status(struct World *world);

/**
 * The machine has slept for @slept_usec: its clock, which is the world's here, stood still, and the network went
 * on. So what was still to come is nearer by that.
 */
void network_leap(struct World *world, uint64_t slept_usec);

/** The next moment at which it has something new to say. */
uint64_t network_due_usec(const struct World *world);

/** The release that has to run when all is well. */
int network_release(const struct World *world);
