/* With [vega.statistics] an upgrade is complete when blocks come; nothing else waits for them. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void tell_height(World *world, bool known, uint64_t height_blocks) {
    assert_true(world->asking_height);
    world->asking_height = false;
    world_feed(world, (Event){.type = EVENT_HEIGHT, .height = {.known = known, .height_blocks = height_blocks}});
}

/* v2.0.0 was switched to and has answered. */
static void upgraded(World *world) {
    world_init(world);
    world->has_statistics = true;
    world_up(world, "v1.0.0");
    world_prepare(world, "v2.0.0", 500);
    world_answer(world, "v2.0.0", 500, true);
    world_end_all(world);
    world_answer(world, NULL, 0, false);
    assert_int_equal(world->core.upgrade.step, UPGRADE_NONE);
    assert_int_equal(world_said(world, REPORT_COMPLETED), 0);
}

static void test_complete_when_the_height_has_moved(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_pass(&world, SECONDS(0.1));
    tell_height(&world, true, 500);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0);
    world_pass(&world, SECONDS(1));
    tell_height(&world, false, 0);
    world_pass(&world, SECONDS(1));
    tell_height(&world, true, 500);
    world_pass(&world, SECONDS(1));
    tell_height(&world, true, 501);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    assert_int_equal(world.report[REPORT_COMPLETED].height_blocks, 500);
    world_pass(&world, SECONDS(100));
    assert_false(world.asking_height);
}

static void test_a_standstill_is_said_once_a_minute(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    for (unsigned second = 0; second < 150; second++) {
        world_pass(&world, SECONDS(1));
        if (world.asking_height)
            tell_height(&world, true, 500);
    }
    assert_int_equal(world_said(&world, REPORT_NO_BLOCKS), 2);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0);
}

static void test_a_restart_goes_on_watching(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_pass(&world, SECONDS(0.1));
    tell_height(&world, true, 500);
    world_pass(&world, SECONDS(1));
    assert_true(world.asking_height);
    world_end(&world, PROCESS_VEGA);
    assert_false(world.asking_height);
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(2));
    tell_height(&world, true, 510);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
}

static void test_statistics_that_are_taken_away_end_the_wait(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world.has_statistics = false;
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(10));
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(10));
    assert_false(world.asking_height);
}

static void test_the_next_upgrade_does_not_wait(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_prepare(&world, "v3.0.0", 900);
    world_answer(&world, "v3.0.0", 900, true);
    world_end_all(&world);
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(1));
    tell_height(&world, true, 900);
    world_pass(&world, SECONDS(1));
    tell_height(&world, true, 901);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    assert_int_equal(world.report[REPORT_COMPLETED].height_blocks, 900);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete_when_the_height_has_moved),
        cmocka_unit_test(test_a_standstill_is_said_once_a_minute),
        cmocka_unit_test(test_a_restart_goes_on_watching),
        cmocka_unit_test(test_statistics_that_are_taken_away_end_the_wait),
        cmocka_unit_test(test_the_next_upgrade_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
