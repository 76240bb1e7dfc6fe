/* From nothing to a node that answers: the facts, the snapshot height, the processes. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void test_first_start(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, NULL, 0);
    world_expect(&world, "inspect; spawn vega; ask version");
    assert_int_equal(world.core.node.phase, NODE_UP);
    assert_int_equal(world_said(&world, REPORT_STARTING), 1);
    world_version(&world, "v0.79.0");
    assert_int_equal(world_said(&world, REPORT_RELEASE), 1);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_ANSWERED), 1);
    world_expect(&world, "");
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_ANSWERED), 0);
}

static void test_first_start_with_data_node(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_begin(&world, NULL, 0);
    world_expect(&world, "inspect; spawn vega; spawn data-node; ask version");
}

static void test_refused_first_start_exits_with_its_code(void **unused) {
    (void)unused;
    for (unsigned data_node = 0; data_node < 2; data_node++) {
        World world;
        world_init(&world);
        world.has_data_node = data_node > 0;
        world.inspection = EXIT_CODE_NODE_ALIVE;
        world_begin(&world, NULL, 0);
        world_expect(&world, "inspect; cancel tools; exit 81");
        assert_int_equal(core_deadline_usec(&world.core), USEC_NEVER);
    }
}

static void test_refused_restart_counts_as_a_failed_start(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.inspection = EXIT_CODE_CONFIG;
    world_end_all(&world);
    world_pass(&world, SECONDS(4.9));
    world_expect(&world, "check lock vega; cancel poll");
    world_pass(&world, SECONDS(0.2));
    world_expect(&world, "inspect");
    assert_int_equal(world_said(&world, REPORT_START_FAILED), 1);
    world_pass(&world, SECONDS(30));
    world_expect(&world, "inspect; inspect; cancel tools; exit 69");
}

static void test_spawn_that_fails(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.spawn_fails[PROCESS_VEGA] = true;
    world_begin(&world, NULL, 0);
    world_expect(&world, "inspect; spawn vega; cancel poll");
    assert_int_equal(world_said(&world, REPORT_START_FAILED), 1);
    assert_int_equal(world_said(&world, REPORT_RESTARTING), 1);
    world.spawn_fails[PROCESS_VEGA] = false;
    world_pass(&world, SECONDS(5));
    world_expect(&world, "inspect; spawn vega; ask version");
}

static void test_data_node_that_cannot_be_spawned_takes_the_core_down(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world.spawn_fails[PROCESS_DATA_NODE] = true;
    world_begin(&world, NULL, 0);
    world_expect(&world, "inspect; spawn vega; spawn data-node; cancel poll; terminate vega");
    world_pass(&world, SECONDS(10));
    world_expect(&world, "");
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega");
    world_pass(&world, SECONDS(5));
    world_expect(&world, "inspect; query segment");
}

static void test_no_height_without_an_upgrade(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega; ask version");
}

static void test_unanswered_height_is_carried_over(void **unused) {
    (void)unused;
    for (unsigned data_node = 0; data_node < 2; data_node++) {
        World world;
        world_init(&world);
        world.has_data_node = data_node > 0;
        world_begin(&world, "v2.0.0", 77);
        world_expect(
            &world, data_node ? "inspect; spawn vega height=77; spawn data-node; ask version"
                              : "inspect; spawn vega height=77; ask version");
        assert_int_equal(core_deadline_usec(&world.core), world.now_usec + SECONDS(0.1));
        world_answer(&world, NULL, 0, false);
        world_expect(&world, "save v2.0.0 height=77 answered; tidy");
        assert_int_equal(world_said(&world, REPORT_COMPLETED), 0); /* its times were another Visor's */
    }
}

static void test_unanswered_height_lasts_over_restarts_without_data_node(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, "v2.0.0", 77);
    world_expect(&world, "inspect; spawn vega height=77; ask version");
    for (unsigned i = 0; i < 2; i++) {
        world_end_all(&world);
        world_pass(&world, SECONDS(5));
        world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega height=77; ask version");
    }
    world_answer(&world, NULL, 0, false);
    world_expect(&world, "save v2.0.0 height=77 answered; tidy");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega; ask version");
}

static void restart_to_query(World *world) {
    world_init(world);
    world->has_data_node = true;
    world_up(world, "v1.0.0");
    world_end(world, PROCESS_VEGA);
    world_end(world, PROCESS_DATA_NODE);
    world_pass(world, SECONDS(5));
    world_expect(
        world, "check lock vega; cancel poll; terminate data-node; check lock data-node; inspect; query segment");
    assert_int_equal(world->core.node.phase, NODE_QUERYING);
}

static void test_restart_with_data_node_loads_its_latest_segment(void **unused) {
    (void)unused;
    World world;
    restart_to_query(&world);
    world_pass(&world, SECONDS(50)); /* the tool has its own deadline */
    world_expect(&world, "");
    world_segment(&world, SEGMENT_FOUND, 12345);
    world_expect(&world, "spawn vega height=12345; spawn data-node; ask version");
}

static void test_restart_without_segments_has_no_height(void **unused) {
    (void)unused;
    World world;
    restart_to_query(&world);
    world_segment(&world, SEGMENT_NONE, 99);
    world_expect(&world, "spawn vega; spawn data-node; ask version");
}

static void test_failed_segment_query_is_a_failed_start(void **unused) {
    (void)unused;
    World world;
    restart_to_query(&world);
    world_segment(&world, SEGMENT_FAILED, 99);
    world_expect(&world, "");
    assert_int_equal(world_said(&world, REPORT_START_FAILED), 1);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "inspect; query segment");
    world_segment(&world, SEGMENT_FAILED, 0);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "inspect; query segment");
    world_segment(&world, SEGMENT_FAILED, 0);
    world_expect(&world, "cancel tools; exit 69");
}

static void test_failed_segment_query_leaves_the_examination_alone(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_up(&world, "v1.0.0");
    world_answer(&world, "v2.0.0", 100, false);
    world_expect(&world, "examine v2.0.0");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_segment(&world, SEGMENT_FAILED, 0);
    world_examined(&world, true, false);
    assert_true(world.core.upgrade.facts.proven);
}

static void test_operators_own_height_is_left_alone(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world.operator_height = true;
    world_begin(&world, "v2.0.0", 77);
    world_expect(&world, "inspect; spawn vega; spawn data-node; ask version");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_expect(
        &world,
        "check lock vega; cancel poll; terminate data-node; check lock data-node; inspect; spawn vega; spawn "
        "data-node; ask version");
}

static void test_begin_counts_once(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_begin(&world, "v2.0.0", 5);
    world_expect(&world, "");
    assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 1);
    assert_int_equal(world.core.node.unanswered_height_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start),
        cmocka_unit_test(test_first_start_with_data_node),
        cmocka_unit_test(test_refused_first_start_exits_with_its_code),
        cmocka_unit_test(test_refused_restart_counts_as_a_failed_start),
        cmocka_unit_test(test_spawn_that_fails),
        cmocka_unit_test(test_data_node_that_cannot_be_spawned_takes_the_core_down),
        cmocka_unit_test(test_no_height_without_an_upgrade),
        cmocka_unit_test(test_unanswered_height_is_carried_over),
        cmocka_unit_test(test_unanswered_height_lasts_over_restarts_without_data_node),
        cmocka_unit_test(test_restart_with_data_node_loads_its_latest_segment),
        cmocka_unit_test(test_restart_without_segments_has_no_height),
        cmocka_unit_test(test_failed_segment_query_is_a_failed_start),
        cmocka_unit_test(test_failed_segment_query_leaves_the_examination_alone),
        cmocka_unit_test(test_operators_own_height_is_left_alone),
        cmocka_unit_test(test_begin_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
