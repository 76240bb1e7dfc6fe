/* The operator's stop in every phase. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_stop_before_anything(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_stop(&world);
    world_expect(&world, "cancel tools; exit 0");
    world_stop(&world);
    world_begin(&world, NULL, 0);
    world_expect(&world, "");
}

static void test_stop_of_a_running_node(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_up(&world, "v1.0.0");
    world_stop(&world);
    world_expect(&world, "cancel poll; terminate vega; terminate data-node");
    assert_int_equal(world_said(&world, REPORT_STOPPING), 1);
    world_end(&world, PROCESS_DATA_NODE);
    assert_int_equal(world_said(&world, REPORT_FAILED), 0);
    world_pass(&world, SECONDS(14.9));
    world_expect(&world, "check lock data-node");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "kill vega");
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; cancel tools; exit 0");
    world_pass(&world, SECONDS(1000));
    world_expect(&world, "");
}

static void test_second_stop_hastens(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_up(&world, "v1.0.0");
    world_stop(&world);
    world_end(&world, PROCESS_DATA_NODE);
    world.trace[0] = '\0';
    world_stop(&world);
    world_expect(&world, "kill vega");
    world_stop(&world);
    world_expect(&world, "kill vega");
    assert_false(world.exited); /* never while a node of its own still runs */
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; cancel tools; exit 0");
}

static void test_second_stop_with_descendants(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_stop(&world);
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "cancel poll; terminate vega; check lock vega; terminate group vega");
    world_stop(&world);
    world_expect(&world, "kill vega");
    world_pass(&world, SECONDS(1));
    assert_non_null(strstr(world.trace, "check lock vega; kill vega")); /* whoever the first one missed */
    world.trace[0] = '\0';
    world_release(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(1));
    world_expect(&world, "check lock vega; cancel tools; exit 0");
}

static void test_stop_while_a_failed_node_goes_down(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_up(&world, "v1.0.0");
    world_end(&world, PROCESS_VEGA);
    world.trace[0] = '\0';
    world_stop(&world); /* the first one hastens nothing: SIGTERM was sent already */
    world_expect(&world, "");
    world_end(&world, PROCESS_DATA_NODE);
    world_expect(&world, "check lock data-node; cancel tools; exit 0");
    assert_int_equal(world_said(&world, REPORT_RESTARTING), 0);
}

static void test_stop_in_the_restart_delay(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world.trace[0] = '\0';
    world_stop(&world);
    world_expect(&world, "cancel tools; exit 0");
}

static void test_stop_during_the_segment_query(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world.trace[0] = '\0';
    assert_true(world.querying);
    world_stop(&world);
    world_expect(&world, "cancel tools; exit 0");
}

static void test_stop_during_an_examination(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_answer(&world, "v2.0.0", 500, true);
    world.trace[0] = '\0';
    world_stop(&world);
    world_end_all(&world);
    world_expect(&world, "cancel poll; terminate vega; check lock vega; cancel tools; exit 0");
}

static void commit(World *world) {
    world_init(world);
    world_up(world, "v1.0.0");
    world_prepare(world, "v2.0.0", 500);
    world_answer(world, "v2.0.0", 500, true);
    world->trace[0] = '\0';
}

static void test_stop_during_the_stop_for_an_upgrade(void **unused) {
    (void)unused;
    World world;
    commit(&world);
    world_stop(&world);
    world_expect(&world, "");
    world_end_all(&world); /* what was decided is done, then Visor leaves */
    world_expect(&world, "check lock vega; check proof v2.0.0; switch v2.0.0; cancel tools; exit 0");
}

static void test_two_stops_during_the_stop_for_an_upgrade(void **unused) {
    (void)unused;
    World world;
    commit(&world);
    world_stop(&world);
    world_stop(&world);
    world_expect(&world, "kill vega");
    world_end_all(&world);
    world_expect(&world, "check lock vega; check proof v2.0.0; switch v2.0.0; cancel tools; exit 0");
}

static void test_stop_while_the_switch_fails(void **unused) {
    (void)unused;
    World world;
    commit(&world);
    world.switch_fails = true;
    world_end_all(&world);
    world_expect(&world, "check lock vega; check proof v2.0.0; switch v2.0.0");
    world_stop(&world);
    world_expect(&world, "cancel tools; exit 0");
}

static void test_stop_of_the_new_release(void **unused) {
    (void)unused;
    World world;
    commit(&world);
    world_end_all(&world);
    world.trace[0] = '\0';
    world_stop(&world);
    world_end_all(&world);
    world_expect(&world, "cancel poll; terminate vega; check lock vega; cancel tools; exit 0");
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0); /* the next Visor carries the height over */
}

static void test_stop_after_the_restarts_were_spent(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.polls = POLLS_FAIL;
    world_begin(&world, NULL, 0);
    world_pass(&world, SECONDS(600));
    world_stop(&world);
    world_end_all(&world);
    assert_int_equal(world.exit_code, EXIT_CODE_NODE_FAILED); /* it had failed before it was asked */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_before_anything),
        cmocka_unit_test(test_stop_of_a_running_node),
        cmocka_unit_test(test_second_stop_hastens),
        cmocka_unit_test(test_second_stop_with_descendants),
        cmocka_unit_test(test_stop_while_a_failed_node_goes_down),
        cmocka_unit_test(test_stop_in_the_restart_delay),
        cmocka_unit_test(test_stop_during_the_segment_query),
        cmocka_unit_test(test_stop_during_an_examination),
        cmocka_unit_test(test_stop_during_the_stop_for_an_upgrade),
        cmocka_unit_test(test_two_stops_during_the_stop_for_an_upgrade),
        cmocka_unit_test(test_stop_while_the_switch_fails),
        cmocka_unit_test(test_stop_of_the_new_release),
        cmocka_unit_test(test_stop_after_the_restarts_were_spent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
