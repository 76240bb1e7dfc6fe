/* An upgrade from its acceptance to its first answer, and everything that can come in between. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void start(World *world, bool data_node) {
    world_init(world);
    world->has_data_node = data_node;
    world_up(world, "v1.0.0");
}

static void test_whole_upgrade_in_order(void **unused) {
    (void)unused;
    World world;
    start(&world, true);
    world_answer(&world, "v2.0.0", 500, false);
    world_expect(&world, "examine v2.0.0");
    assert_int_equal(world_said(&world, REPORT_ACCEPTED), 1);
    world_examined(&world, true, false);
    world_expect(&world, "tidy");
    assert_int_equal(world_said(&world, REPORT_PREPARED), 1);
    world_pass(&world, SECONDS(59));
    world_expect(&world, ""); /* proven: nothing to do before the block, but to look at it once a minute */
    world_pass(&world, SECONDS(61));
    world_expect(&world, "check proof v2.0.0; check proof v2.0.0");
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(
        &world,
        "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; terminate data-node; warm v2.0.0");
    assert_int_equal(world_said(&world, REPORT_READY), 1);
    assert_int_equal(world_said(&world, REPORT_COMMITTED), 1);
    world_pass(&world, SECONDS(2));
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega");
    world_end(&world, PROCESS_DATA_NODE);
    world_expect(
        &world,
        "check lock data-node; check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; spawn data-node; "
        "save v2.0.0 height=500 switched");
    assert_int_equal(world_said(&world, REPORT_SWITCHED), 1);
    world_pass(&world, SECONDS(0.05));
    world_answer(&world, "v2.0.0", 500, false); /* still names what was just installed */
    world_expect(&world, "save v2.0.0 height=500 answered; tidy");
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    assert_int_equal(world_said(&world, REPORT_INSTALLED), 1);
    assert_int_equal(world_said(&world, REPORT_ACCEPTED), 0);
    const UpgradeTimes *times = &world.report[REPORT_COMPLETED].times;
    assert_int_equal(times->ready_to_stop_usec, 0);
    assert_int_equal(times->stop_usec, SECONDS(2));
    assert_int_equal(times->switch_usec, 0);
    assert_int_equal(times->start_usec, SECONDS(0.1));
    assert_int_equal(world.core.node.unanswered_height_blocks, 0);
    assert_int_equal(world.core.node.restarts_used, 0);
}

static void test_stop_delay(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world.settings.stop_delay_usec = SECONDS(30);
    world_change_settings(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    assert_int_equal(world_said(&world, REPORT_DELAYED), 1);
    world_pass(&world, SECONDS(20));
    world_expect(&world, "");
    world.settings.stop_delay_usec = SECONDS(25); /* changed while it waits */
    world_change_settings(&world);
    world_pass(&world, SECONDS(4.9));
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
    assert_int_equal(world.core.upgrade.committed_usec - world.core.upgrade.ready_usec, SECONDS(25));
}

static void test_not_proven_at_ready_stays_up(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_answer(&world, "v2.0.0", 500, false);
    world_examined(&world, false, false);
    world_answer(&world, "v2.0.0", 500, true);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 1);
    world_expect(&world, "examine v2.0.0");
    world.polls = POLLS_FAIL;
    for (unsigned i = 0; i < 30; i++) {
        world_pass(&world, SECONDS(10));
        world_expect(&world, "examine v2.0.0");
        world_examined(&world, false, false);
    }
    assert_in_range(world_said(&world, REPORT_BLOCKED), 4, 5); /* once a minute */
    world_pass(&world, SECONDS(10));
    world_expect(&world, "examine v2.0.0");
    world_examined(&world, true, false);
    assert_int_equal(world_said(&world, REPORT_PREPARED), 1);
    world_expect(
        &world, "tidy; check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void test_examination_repeats_before_the_block(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_answer(&world, "v2.0.0", 500, false);
    world_expect(&world, "examine v2.0.0");
    world_pass(&world, SECONDS(60)); /* one at a time */
    world_expect(&world, "");
    world_examined(&world, false, false);
    world_pass(&world, SECONDS(9.9));
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "examine v2.0.0");
    world_examined(&world, false, false);
    for (unsigned i = 0; i < 40; i++) { /* a copy under way: many changes, one look */
        world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
        world_pass(&world, SECONDS(0.001));
    }
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.01));
    world_expect(&world, "examine v2.0.0");
}

static void test_folder_that_changes_during_its_examination(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_answer(&world, "v2.0.0", 500, false);
    world_expect(&world, "examine v2.0.0");
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_pass(&world, SECONDS(1));
    world_expect(&world, "");
    world_examined(&world, false, false); /* about the old content: again */
    world_expect(&world, "examine v2.0.0");
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_examined(&world, true, false); /* proven, if what changed was none of it */
    world_expect(&world, "tidy; check proof v2.0.0");
    assert_int_equal(world.core.upgrade.step, UPGRADE_PREPARED);
}

static void test_upgrade_that_cannot_be_saved_stops_nothing(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_prepare(&world, "v2.0.0", 500);
    world.save_fails = true;
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500");
    assert_int_equal(world_said(&world, REPORT_NOT_SAVED), 1);
    world_pass(&world, SECONDS(1.9));
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500");
    world_pass(&world, SECONDS(118));
    assert_in_range(world_said(&world, REPORT_NOT_SAVED), 1, 2);
    world.trace[0] = '\0';
    world.save_fails = false;
    world_pass(&world, SECONDS(2));
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void commit(World *world) {
    world_prepare(world, "v2.0.0", 500);
    world_answer(world, "v2.0.0", 500, true);
    assert_int_equal(world->core.upgrade.step, UPGRADE_STOPPING);
    world->trace[0] = '\0';
}

static void test_switch_that_fails_is_tried_again(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    commit(&world);
    world.switch_fails = true;
    world_end_all(&world);
    world_expect(&world, "check lock vega; check proof v2.0.0; switch v2.0.0");
    assert_int_equal(world_said(&world, REPORT_NOT_SWITCHED), 1);
    world_pass(&world, SECONDS(2));
    world_expect(&world, "check proof v2.0.0; switch v2.0.0");
    assert_int_equal(world_said(&world, REPORT_NOT_SWITCHED), 0);
    world.switch_fails = false;
    world_pass(&world, SECONDS(2));
    world_expect(
        &world,
        "check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; save v2.0.0 height=500 switched");
}

static void test_old_node_that_does_not_stop(void **unused) {
    (void)unused;
    World world;
    start(&world, true);
    commit(&world);
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; terminate group vega");
    world_pass(&world, SECONDS(15));
    assert_int_equal(world.core.upgrade.step, UPGRADE_STOPPING);
    world_end(&world, PROCESS_DATA_NODE);
    world_release(&world, PROCESS_VEGA);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(1));
    world_expect(
        &world,
        "check lock vega; check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; spawn data-node; "
        "save v2.0.0 height=500 switched");
}

static void test_new_release_that_fails_is_restarted_never_undone(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    commit(&world);
    world_end_all(&world);
    world_expect(
        &world,
        "check lock vega; check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; save v2.0.0 height=500 switched");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega height=500; ask version");
    world_version(&world, NULL);
    world_answer(&world, NULL, 0, false);
    world_expect(&world, "save v2.0.0 height=500 answered; tidy");
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    const UpgradeTimes *times = &world.report[REPORT_COMPLETED].times;
    assert_int_equal(times->switch_usec, 0);
    assert_int_equal(times->start_usec, SECONDS(5.1)); /* the node's own failure is the node's own time */
}

static void test_failed_start_of_the_new_release_keeps_its_times(void **unused) {
    (void)unused;
    World world;
    start(&world, true);
    commit(&world);
    world.spawn_fails[PROCESS_DATA_NODE] = true;
    world_end_all(&world);
    world_end_all(&world);
    world.spawn_fails[PROCESS_DATA_NODE] = false;
    world_pass(&world, SECONDS(5));
    world_segment(&world, SEGMENT_FOUND, 490);
    world_answer(&world, NULL, 0, false);
    const UpgradeTimes *times = &world.report[REPORT_COMPLETED].times;
    assert_int_equal(times->switch_usec, 0);
    assert_int_equal(times->start_usec, SECONDS(5.1));
}

static void test_new_release_that_never_answers(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    commit(&world);
    world_end_all(&world);
    world.trace[0] = '\0';
    world.polls = POLLS_FAIL;
    world_pass(&world, SECONDS(599.9)); /* as long as a first start */
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.1));
    world_end_all(&world);
    world_expect(&world, "cancel poll; terminate vega; check lock vega; cancel tools; exit 69");
}

static void test_node_that_fails_while_it_is_prepared(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world_prepare(&world, "v2.0.0", 500);
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega; ask version");
    world_answer(&world, "v2.0.0", 500, true); /* ready, but which release runs is not yet known */
    world_expect(&world, "");
    assert_int_equal(world.core.upgrade.step, UPGRADE_ASKING);
    world_version(&world, "v1.0.0");
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void test_node_that_fails_in_the_stop_delay(void **unused) {
    (void)unused;
    World world;
    start(&world, false);
    world.settings.stop_delay_usec = SECONDS(60);
    world_change_settings(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    world_end_all(&world);
    tag_copy(&world.status.tag, "v2.0.0");
    world.status.height_blocks = 500;
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(5));
    world_version(&world, "v1.0.0");
    world_pass(&world, SECONDS(50)); /* it has to become ready once more */
    world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega; ask version");
    world.status.ready = true;
    world_pass(&world, SECONDS(1));
    world_pass(&world, SECONDS(59)); /* and the delay begins anew */
    world_expect(&world, "");
    world_pass(&world, SECONDS(1));
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void test_node_that_ends_early_while_it_is_stopped(void **unused) {
    (void)unused;
    World world;
    start(&world, true);
    commit(&world);
    world_end(&world, PROCESS_DATA_NODE);
    assert_int_equal(world_said(&world, REPORT_FAILED), 0);
    world_pass(&world, SECONDS(15));
    world_expect(&world, "check lock data-node; kill vega");
    world_end(&world, PROCESS_VEGA);
    world_expect(
        &world,
        "check lock vega; check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; spawn data-node; "
        "save v2.0.0 height=500 switched");
}

static void test_several_upgrades_in_a_row(void **unused) {
    (void)unused;
    static const char *const TAGS[] = {"v2.0.0", "v3.0.0-rc.1", "v3.0.0", "v10.0.0"};
    World world;
    start(&world, true);
    for (uint64_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        world_prepare(&world, TAGS[i], 100 * (i + 1));
        world_answer(&world, TAGS[i], 100 * (i + 1), true);
        world_end_all(&world);
        assert_int_equal(world.core.node.spawn_height_blocks, 100 * (i + 1));
        world_answer(&world, TAGS[i], 100 * (i + 1), false);
        assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
        assert_int_equal(world.core.upgrade.step, UPGRADE_INSTALLED);
        world_answer(&world, NULL, 0, false);
        assert_int_equal(world.core.upgrade.step, UPGRADE_NONE);
        world_end_all(&world); /* a crash later does not go back to the upgrade's height */
        world_pass(&world, SECONDS(5));
        world_segment(&world, SEGMENT_NONE, 0);
        assert_int_equal(world.core.node.spawn_height_blocks, 0);
        world_version(&world, TAGS[i]);
        world.trace[0] = '\0';
    }
    assert_int_equal(world_said(&world, REPORT_RETRACTED), 0);
    assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_upgrade_in_order),
        cmocka_unit_test(test_stop_delay),
        cmocka_unit_test(test_not_proven_at_ready_stays_up),
        cmocka_unit_test(test_examination_repeats_before_the_block),
        cmocka_unit_test(test_folder_that_changes_during_its_examination),
        cmocka_unit_test(test_upgrade_that_cannot_be_saved_stops_nothing),
        cmocka_unit_test(test_switch_that_fails_is_tried_again),
        cmocka_unit_test(test_old_node_that_does_not_stop),
        cmocka_unit_test(test_new_release_that_fails_is_restarted_never_undone),
        cmocka_unit_test(test_failed_start_of_the_new_release_keeps_its_times),
        cmocka_unit_test(test_new_release_that_never_answers),
        cmocka_unit_test(test_node_that_fails_while_it_is_prepared),
        cmocka_unit_test(test_node_that_fails_in_the_stop_delay),
        cmocka_unit_test(test_node_that_ends_early_while_it_is_stopped),
        cmocka_unit_test(test_several_upgrades_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
