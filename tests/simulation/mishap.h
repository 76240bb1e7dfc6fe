/* What happens to the home from outside: the operator's doings, and what ends or freezes things at any moment. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Mishaps {
    uint64_t due_usec;
    unsigned left;
    uint32_t mask;    /* the kinds that this history has */
    bool down_wanted; /* the operator has stopped Visor */
    uint64_t up_usec; /* and will start it again */
    uint64_t server_down_until_usec;
    uint64_t run_config_bad_until_usec;
    uint64_t foreign_until_usec; /* a node that is not Visor's answers at the socket */
    uint64_t supplied_usec[8];   /* when the operator puts the folder of a release in place; USEC_NEVER = not */
} Mishaps;

struct World;

void mishaps_init(struct World *world);
uint64_t mishaps_due_usec(const struct World *world);
void mishaps_advance(struct World *world);

/** Faults stop: whatever the operator has to cure is cured. */
void mishaps_heal(struct World *world);
