/* A world that fetches what is missing: what the tests of the fetch and of what it brings share. */
#pragma once

#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void start(World *world) {
    world_init(world);
    world->settings.fetch_enabled = true;
    world_up(world, "v1.0.0");
    world_change_settings(world);
}

/* Accepted, examined and found absent: the first try waits for its turn. */
static void lack(World *world) {
    world_answer(world, "v2.0.0", 500, false);
    world_found(world, FOUND_ABSENT, false);
    world->trace[0] = '\0';
}

static void pass_until_fetch(World *world, uint64_t most_usec) {
    uint64_t until_usec = world->now_usec + most_usec;
    world->polls = POLLS_HANG;
    while (!world->fetching && world->now_usec < until_usec) {
        world_pass(world, SECONDS(0.1));
        if (world->examining)
            world_found(world, FOUND_ABSENT, false);
    }
    assert_true(world->fetching);
    world->trace[0] = '\0';
}

/* How long it is until the fetch is tried again. */
static uint64_t time_to_next_try(World *world) {
    uint64_t before_usec = world->now_usec;
    pass_until_fetch(world, SECONDS(1000));
    return world->now_usec - before_usec;
}
