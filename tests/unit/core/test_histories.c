/*
 * Random but legal histories: the world holds the invariants (world.c), here they are lived through. A seed that
 * fails is printed; run the program with it as its argument to see that history alone.
 */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    HISTORIES = 20000,
    EVENTS_A_HISTORY = 200,
};

/* xorshift64*, so that a seed means the same everywhere. */
static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static unsigned below(uint64_t *state, unsigned limit) {
    return (unsigned)((random_next(state) >> 33) % limit);
}

static bool one_in(uint64_t *state, unsigned count) {
    return below(state, count) == 0;
}

static void shuffle_facts(World *world, uint64_t *random) {
    world->inspection = one_in(random, 30) ? EXIT_CODE_CONFIG : EXIT_CODE_OK;
    world->spawn_fails[PROCESS_VEGA] = one_in(random, 30);
    world->spawn_fails[PROCESS_DATA_NODE] = one_in(random, 30);
    world->proof_falls = one_in(random, 8);
    world->save_fails = one_in(random, 8);
    world->switch_fails = one_in(random, 4);
    world->place_fails = one_in(random, 4);
    world->placed_anew = one_in(random, 4);
}

static void shuffle_settings(World *world, uint64_t *random) {
    world->settings.max_restarts = below(random, 20);
    world->settings.restarts_delay_usec = SECONDS(below(random, 6));
    world->settings.restarts_budget_reset_usec = SECONDS(below(random, 3) * 100);
    world->settings.stop_delay_usec = SECONDS(below(random, 3) * 10);
    world->settings.stop_grace_usec = SECONDS(below(random, 20));
    world->settings.fetch_enabled = !one_in(random, 4);
    world->settings.fetch_early = !one_in(random, 4);
    world->settings.fetch_spread_usec = SECONDS(below(random, 2) * 30);
    world->settings.fetch_revision = below(random, 3);
    world_change_settings(world);
}

static void answer_poll(World *world, uint64_t *random) {
    static const char *const TAGS[] = {NULL, "v1.0.0", "v2.0.0", "v3.0.0", "v0.9.0", "../x"};
    if (!world->polling)
        return;
    if (one_in(random, 6)) {
        world_feed(world, (Event){.type = EVENT_POLL_FAILED});
        return;
    }
    /* Mostly the same release, sometimes another, so that upgrades come to their end. */
    const char *tag = one_in(random, 12) ? TAGS[below(random, 6)] : "v2.0.0";
    world_answer(world, tag, 100 + below(random, 2), one_in(random, 3));
}

static void end_process(World *world, uint64_t *random) {
    ProcessName name = (ProcessName)below(random, PROCESS_COUNT);
    bool wanted = world->core.node.phase == NODE_UP;
    if (!world->alive[name] || (wanted && !one_in(random, 8)))
        return;
    world->descendants[name] = one_in(random, 4);
    world_end(world, name);
}

static void end_descendants(World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (world->descendants[name])
            world_release(world, name);
}

static void examined(World *world, uint64_t *random) {
    if (one_in(random, 2))
        world_found(world, (Found)below(random, 4), !one_in(random, 3));
    else
        world_examined(world, !one_in(random, 3), one_in(random, 10));
}

static void finish_tool(World *world, uint64_t *random) {
    static const char *const VERSIONS[] = {NULL, "v1.0.0", "v2.0.0"};
    if (world->asking && one_in(random, 2))
        world_version(world, VERSIONS[below(random, 3)]);
    if (world->asking_height) {
        world->asking_height = false;
        world_feed(world, (Event){.type = EVENT_HEIGHT, .height = {!one_in(random, 4), 500 + below(random, 3)}});
    }
    if (world->querying)
        world_segment(world, (SegmentResult)below(random, 3), below(random, 1000));
    if (world->examining && one_in(random, 2))
        examined(world, random);
    if (world->fetching && one_in(random, 3))
        world_fetched(world, one_in(random, 2), one_in(random, 2), SECONDS(below(random, 3) * 40));
}

static void one_event(World *world, uint64_t *random) {
    shuffle_facts(world, random);
    switch (below(random, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        answer_poll(world, random);
        break;
    case 4:
    case 5:
        end_process(world, random);
        break;
    case 6:
        end_descendants(world);
        break;
    case 7:
    case 8:
    case 9:
        finish_tool(world, random);
        break;
    case 10:
        world_feed(world, (Event){.type = EVENT_FOLDER_CHANGED});
        break;
    case 11:
        if (one_in(random, 10))
            shuffle_settings(world, random);
        break;
    case 12:
        if (one_in(random, 40))
            world_stop(world);
        break;
    case 13:
        world_pass(world, SECONDS(below(random, 30)));
        break;
    default:
        world_pass(world, below(random, 200) * 1000);
        break;
    }
    world->trace[0] = '\0';
}

/* What a whole history came to: the driver is worth something only if it gets everywhere. */
static struct {
    unsigned steps[UPGRADE_STEP_COUNT];
    unsigned phases[NODE_PHASE_COUNT];
    unsigned said[REPORT_KIND_COUNT];
    size_t actions_most;
} seen;

static void live(uint64_t seed) {
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    World world;
    world_init(&world);
    world.has_data_node = one_in(&random, 2);
    world.operator_height = one_in(&random, 10);
    world.has_statistics = one_in(&random, 2);
    world.settings.fetch_enabled = one_in(&random, 2);
    world_change_settings(&world);
    world_begin(&world, one_in(&random, 4) ? "v1.0.0" : NULL, 50);
    for (unsigned i = 0; i < EVENTS_A_HISTORY && !world.exited; i++) {
        one_event(&world, &random);
        seen.steps[world.core.upgrade.step]++;
        seen.phases[world.core.node.phase]++;
    }
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        seen.said[kind] += world.said[kind];
    if (world.actions_most > seen.actions_most)
        seen.actions_most = world.actions_most;
    if (world.said[REPORT_IMPOSSIBLE] > 0)
        fail_msg("an impossible event in a legal history");
    world_stop(&world); /* whatever was: asked twice, and with all of it dead, Visor leaves */
    world_stop(&world);
    world_end_all(&world);
    end_descendants(&world);
    world.switch_fails = false;
    world_pass(&world, SECONDS(10));
    assert_true(world.exited);
}

static uint64_t only_seed;    /* the driver's own argument */
static uint64_t current_seed; /* a failed assertion leaves the test: main says which history it was */

static void test_histories(void **unused) {
    (void)unused;
    if (only_seed > 0) {
        live(only_seed);
        return;
    }
    for (current_seed = 1; current_seed <= HISTORIES; current_seed++)
        live(current_seed);
    for (UpgradeStep step = 0; step < UPGRADE_STEP_COUNT; step++)
        if (seen.steps[step] == 0)
            fail_msg("no history came to the step '%s'", UPGRADE_STEP_NAME[step]);
    for (NodePhase phase = NODE_QUERYING; phase < NODE_PHASE_COUNT; phase++)
        if (seen.phases[phase] == 0 && phase != NODE_WAITING) /* only what an earlier Visor left is waited for */
            fail_msg("no history came to the phase '%s'", NODE_PHASE_NAME[phase]);
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        if (seen.said[kind] == 0 && kind != REPORT_IMPOSSIBLE)
            print_message("no history said '%s'\n", REPORT_TEXTS[kind].message);
    print_message("at most %zu actions in a step, of %d\n", seen.actions_most, (int)ACTIONS_MAX);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
    };
    only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed > 0 && current_seed > 0)
        printf("the history of seed %llu\n", (unsigned long long)current_seed);
    return failed;
}
