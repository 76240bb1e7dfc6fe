/* The simulated chain: when it makes blocks, where it stops, and what it says meanwhile. */
#include "tests/unit/test.h"

#include "base/clock.h"
#include "sim/chain.h"

enum { BLOCK_USEC = 10 * 1000 };

/* A chain with a clock that only the test moves. */
typedef struct World {
    Scenario scenario;
    Chain chain;
    uint64_t now_usec;
} World;

static void change(World *world, const char *text) {
    json_t *members = json_loads(text, 0, NULL);
    assert_non_null(members);
    (void)json_object_set_new(members, "block_time_ms", json_integer(BLOCK_USEC / 1000));
    scenario_replace(&world->scenario, members);
    (void)chain_step(&world->chain, &world->scenario, world->now_usec);
}

static World begin(const char *version, int64_t height, const char *text) {
    World world = {
        .scenario = {.process = "vega", .version = version, .settings = json_object()},
        .chain = {.height = height, .jump = -1},
        .now_usec = 1,
    };
    change(&world, text);
    return world;
}

/* Lets the time go on as far as the chain itself wants to be called. Returns false when nothing more will happen.
 */
static bool advance(World *world) {
    uint64_t deadline_usec = chain_step(&world->chain, &world->scenario, world->now_usec);
    if (deadline_usec == USEC_NEVER)
        return false;
    assert_true(deadline_usec > world->now_usec);
    world->now_usec = deadline_usec;
    (void)chain_step(&world->chain, &world->scenario, world->now_usec);
    return true;
}

static void advance_blocks(World *world, int count) {
    for (int i = 0; i < count; i++)
        assert_true(advance(world));
}

static void assert_says(const World *world, const char *tag, int64_t height, bool ready) {
    ChainStatus status = chain_status(&world->chain, &world->scenario, world->now_usec);
    assert_int_equal(status.has_info, tag != NULL);
    assert_string_equal(status.tag, tag ? tag : "");
    assert_int_equal(status.height, height);
    assert_int_equal(status.ready, ready);
}

static void end(World *world) {
    scenario_free(&world->scenario);
}

static void test_blocks_come_one_by_one(void **state) {
    World world = begin("v1", 1, "{}");
    (void)state;
    assert_says(&world, NULL, 0, false);
    advance_blocks(&world, 3);
    assert_int_equal(world.chain.height, 4);
    assert_int_equal(world.now_usec, 1 + 3 * BLOCK_USEC);
    assert_says(&world, "", 0, false);
    world.now_usec += 100 * BLOCK_USEC; /* the machine slept: no haste afterwards */
    advance_blocks(&world, 1);
    assert_int_equal(world.chain.height, 6);
    end(&world);
}

static void test_the_chain_stops_at_the_upgrade_block(void **state) {
    World world =
        begin("v1", 1, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":3,\"accepted_at\":2,\"ready_delay_ms\":5}]}");
    (void)state;
    advance_blocks(&world, 1);
    assert_says(&world, "v2", 3, false);
    advance_blocks(&world, 1);
    assert_int_equal(world.chain.height, 3);
    assert_says(&world, "v2", 3, false);
    uint64_t finished_usec = world.now_usec;
    assert_true(advance(&world));
    assert_int_equal(world.now_usec, finished_usec + 5000);
    assert_says(&world, "v2", 3, true);
    assert_false(advance(&world));
    end(&world);
}

static void test_a_node_that_starts_at_the_block_replays_it(void **state) {
    World world = begin("v1", 3, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":3}]}");
    (void)state;
    assert_says(&world, NULL, 0, false);
    advance_blocks(&world, 1);
    assert_int_equal(world.chain.height, 3);
    assert_says(&world, "v2", 3, true);
    end(&world);
}

static void test_an_upgrade_that_moves_lets_the_chain_go_on(void **state) {
    World world = begin("v1", 3, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":3}]}");
    (void)state;
    advance_blocks(&world, 1);
    change(&world, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":5}]}");
    assert_says(&world, "v2", 5, false);
    advance_blocks(&world, 2);
    assert_int_equal(world.chain.height, 5);
    assert_says(&world, "v2", 5, true);
    end(&world);
}

static void test_what_was_retracted_stops_nothing(void **state) {
    World world = begin(
        "v1", 1, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":4,\"retracted_at\":3},{\"tag\":\"v3\",\"height\":6}]}");
    (void)state;
    advance_blocks(&world, 1);
    assert_says(&world, "v2", 4, false);
    advance_blocks(&world, 1);
    assert_says(&world, "v3", 6, false);
    advance_blocks(&world, 3);
    assert_int_equal(world.chain.height, 6);
    assert_says(&world, "v3", 6, true);
    end(&world);
}

static const char LINGERING[] =
    "{\"upgrades\":[{\"tag\":\"v2\",\"height\":3,\"linger_blocks\":2,\"ready_linger\":true},"
    "{\"tag\":\"v3\",\"height\":9,\"accepted_at\":8}]}";

static void test_a_release_may_go_on_naming_itself(void **state) {
    World world = begin("v2", 3, LINGERING);
    (void)state;
    advance_blocks(&world, 1);
    assert_says(&world, "v2", 3, true);
    advance_blocks(&world, 1);
    assert_says(&world, "", 0, false);
    advance_blocks(&world, 3);
    assert_says(&world, "v3", 9, false);
    end(&world);
}

static void test_a_release_in_the_list_is_past_its_own_upgrade(void **state) {
    World world = begin("v3", 3, LINGERING);
    (void)state;
    advance_blocks(&world, 20);
    assert_int_equal(world.chain.height, 23);
    assert_says(&world, "", 0, false);
    end(&world);
}

static void test_a_paused_chain_makes_no_block(void **state) {
    World world = begin("v1", 1, "{\"paused\":true}");
    (void)state;
    assert_false(advance(&world));
    assert_says(&world, NULL, 0, false);
    change(&world, "{\"paused\":true,\"null_before_first_block\":false}");
    assert_says(&world, "", 0, false);
    change(&world, "{}");
    advance_blocks(&world, 1);
    assert_int_equal(world.chain.height, 2);
    end(&world);
}

static void test_a_jump_is_made_once(void **state) {
    World world = begin("v1", 1, "{\"height\":50}");
    (void)state;
    advance_blocks(&world, 2);
    change(&world, "{\"height\":50,\"paused\":false}");
    assert_int_equal(world.chain.height, 52);
    change(&world, "{\"height\":7}");
    assert_int_equal(world.chain.height, 7);
    end(&world);
}

static void test_lies_override_everything(void **state) {
    World world = begin("v1", 1, "{\"accepted\":{\"tag\":\"../x\",\"height\":9},\"ready\":true}");
    (void)state;
    assert_says(&world, "../x", 9, true);
    change(&world, "{\"accepted\":null,\"ready\":true}");
    assert_says(&world, NULL, 0, true);
    change(&world, "{\"upgrades\":[{\"tag\":\"v2\",\"height\":2}],\"ready\":false}");
    advance_blocks(&world, 1);
    assert_says(&world, "v2", 2, false);
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_come_one_by_one),
        cmocka_unit_test(test_the_chain_stops_at_the_upgrade_block),
        cmocka_unit_test(test_a_node_that_starts_at_the_block_replays_it),
        cmocka_unit_test(test_an_upgrade_that_moves_lets_the_chain_go_on),
        cmocka_unit_test(test_what_was_retracted_stops_nothing),
        cmocka_unit_test(test_a_release_may_go_on_naming_itself),
        cmocka_unit_test(test_a_release_in_the_list_is_past_its_own_upgrade),
        cmocka_unit_test(test_a_paused_chain_makes_no_block),
        cmocka_unit_test(test_a_jump_is_made_once),
        cmocka_unit_test(test_lies_override_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
