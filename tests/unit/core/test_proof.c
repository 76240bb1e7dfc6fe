/* A proof is about files, and files change: looked at again before anything depends on it. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void start(World *world, bool data_node) {
    world_init(world);
    world->has_data_node = data_node;
    world_up(world, "v1.0.0");
}

static void test_proof_falls(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_prepare(&world, "v2.0.0", 500);
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_expect(&world, "check proof v2.0.0");
    assert_int_equal(world_said(&world, REPORT_UNPREPARED), 0);
    world.proof_falls = true;
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_expect(&world, "check proof v2.0.0");
    assert_int_equal(world_said(&world, REPORT_UNPREPARED), 1);
    assert_int_equal(world.core.upgrade.step, UPGRADE_EXAMINING);
    world_pass(&world, SECONDS(0.05));
    world_expect(&world, "examine v2.0.0");
    world_examined(&world, true, false);
    /* And at the last moment, with the network waiting. */
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(&world, "tidy; check proof v2.0.0");
    assert_int_equal(world.core.upgrade.step, UPGRADE_BLOCKED);
    assert_int_equal(world.core.node.phase, NODE_UP);
    world.proof_falls = false;
    world_pass(&world, SECONDS(0.1));
    world_examined(&world, true, false);
    world_expect(
        &world,
        "examine v2.0.0; tidy; check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void test_proof_that_falls_after_the_stop_brings_the_old_release_back(void **unused) {
    (void)unused;
    World world;
    start(&world, true);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    world.trace[0] = '\0';
    world.proof_falls = true;
    world_end(&world, PROCESS_VEGA);
    world_end(&world, PROCESS_DATA_NODE);
    world_expect(
        &world,
        "check lock vega; check lock data-node; check proof v2.0.0; save v1.0.0 height=0 answered; inspect; "
        "query segment");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "examine v2.0.0");
    assert_int_equal(world_said(&world, REPORT_ABORTED), 1);
    assert_int_equal(world.core.node.restarts_used, 0);
    world.proof_falls = false;
    world_segment(&world, SEGMENT_NONE, 0);
    world_expect(&world, "spawn vega; spawn data-node; ask version");
    world_version(&world, "v1.0.0");
    world_examined(&world, true, false);
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(
        &world,
        "tidy; check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; terminate data-node; warm v2.0.0");
    world_end_all(&world);
    assert_int_equal(world_said(&world, REPORT_SWITCHED), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_falls),
        cmocka_unit_test(test_proof_that_falls_after_the_stop_brings_the_old_release_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
