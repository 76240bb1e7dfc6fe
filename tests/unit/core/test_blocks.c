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
    tell_height(&world, true, 510); /* a block, or where its snapshot is: it cannot be told */
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0);
    world_pass(&world, SECONDS(1));
    tell_height(&world, true, 511);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
}

static void test_a_release_that_was_left_is_not_complete(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_pass(&world, SECONDS(0.1));
    tell_height(&world, true, 500);
    world.went_back = true;
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(10));
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(10));
    assert_false(world.asking_height);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0);
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

/* A new Visor on what the last one has left: the node alive, or its end. */
static void begin_anew(World *world, const World *before, bool lives) {
    world_init(world);
    world->has_statistics = true;
    world->found[PROCESS_VEGA] = lives ? ALIVE_ADOPTED : ALIVE_NOTHING;
    world->alive[PROCESS_VEGA] = lives;
    world->found_note = before->node_note;
    world_begin_with(world, &before->saved, true);
    world->found[PROCESS_VEGA] = ALIVE_NOTHING;
}

static void test_a_new_visor_goes_on_watching(void **unused) {
    (void)unused;
    World world, next;
    upgraded(&world);
    assert_true(world.saved.blocks_awaited);
    begin_anew(&next, &world, true);
    world_pass(&next, SECONDS(0.1));
    tell_height(&next, true, 500);
    assert_int_equal(world_said(&next, REPORT_COMPLETED_LATER), 0);
    world_pass(&next, SECONDS(1));
    tell_height(&next, true, 501);
    assert_int_equal(world_said(&next, REPORT_COMPLETED_LATER), 1);
    assert_int_equal(next.report[REPORT_COMPLETED_LATER].height_blocks, 500);
    assert_int_equal(next.saved.stage, STAGE_ANSWERED);
    assert_int_equal(next.saved.height_blocks, 500);
    assert_false(next.saved.blocks_awaited);
    begin_anew(&world, &next, true);
    world_pass(&world, SECONDS(100));
    assert_false(world.asking_height);
    assert_int_equal(world_said(&world, REPORT_COMPLETED_LATER), 0);
}

static void test_a_new_visor_says_that_no_blocks_come(void **unused) {
    (void)unused;
    World world, next;
    upgraded(&world);
    begin_anew(&next, &world, true);
    for (unsigned second = 0; second < 130; second++) {
        world_pass(&next, SECONDS(1));
        if (next.asking_height)
            tell_height(&next, true, 500);
    }
    assert_int_equal(world_said(&next, REPORT_NO_BLOCKS), 2);
}

static void test_a_new_visor_goes_on_watching_though_the_node_has_ended(void **unused) {
    (void)unused;
    World world, next;
    upgraded(&world);
    begin_anew(&next, &world, false);
    world_expect(&next, "inspect; spawn vega; ask version"); /* it finds its own snapshots */
    world_pass(&next, SECONDS(300));
    assert_false(next.asking_height);
    world_answer(&next, NULL, 0, false);
    world_pass(&next, SECONDS(1));
    assert_int_equal(world_said(&next, REPORT_NO_BLOCKS), 0); /* it has only now begun to answer */
    tell_height(&next, true, 500);
    world_pass(&next, SECONDS(1));
    tell_height(&next, true, 501);
    assert_int_equal(world_said(&next, REPORT_COMPLETED_LATER), 1);
}

static void test_a_new_visor_without_statistics_says_so_at_once(void **unused) {
    (void)unused;
    for (unsigned lives = 0; lives < 2; lives++) {
        World world, next;
        upgraded(&world);
        world_init(&next);
        next.found[PROCESS_VEGA] = lives ? ALIVE_ADOPTED : ALIVE_NOTHING;
        next.alive[PROCESS_VEGA] = lives;
        next.found_note = world.node_note;
        world_begin_with(&next, &world.saved, true);
        assert_int_equal(world_said(&next, REPORT_COMPLETED_LATER), 1);
        assert_false(next.saved.blocks_awaited);
    }
}

/* The operator has gone back by hand: what was awaited of the other release is not any more. */
static void test_another_release_is_not_watched(void **unused) {
    (void)unused;
    World world, next;
    upgraded(&world);
    world_init(&next);
    next.has_statistics = true;
    world_begin_with(&next, &world.saved, false);
    world_answer(&next, NULL, 0, false);
    world_pass(&next, SECONDS(100));
    assert_false(next.asking_height);
}

static void test_the_record_is_tried_again(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_pass(&world, SECONDS(0.1));
    tell_height(&world, true, 500);
    world_pass(&world, SECONDS(1));
    world.save_fails = true;
    tell_height(&world, true, 501);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 1);
    assert_true(world.saved.blocks_awaited);
    world.save_fails = false;
    world_pass(&world, SECONDS(10));
    assert_false(world.saved.blocks_awaited);
    assert_int_equal(world_said(&world, REPORT_COMPLETED), 0);
}

/* The record of the next upgrade, decided on, waits for nothing. */
static void test_the_next_decision_awaits_nothing(void **unused) {
    (void)unused;
    World world;
    upgraded(&world);
    world_prepare(&world, "v3.0.0", 900);
    world_answer(&world, "v3.0.0", 900, true);
    assert_int_equal(world.saved.stage, STAGE_DECIDED);
    assert_false(world.saved.blocks_awaited);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete_when_the_height_has_moved),
        cmocka_unit_test(test_a_standstill_is_said_once_a_minute),
        cmocka_unit_test(test_a_restart_goes_on_watching),
        cmocka_unit_test(test_a_release_that_was_left_is_not_complete),
        cmocka_unit_test(test_statistics_that_are_taken_away_end_the_wait),
        cmocka_unit_test(test_the_next_upgrade_does_not_wait),
        cmocka_unit_test(test_a_new_visor_goes_on_watching),
        cmocka_unit_test(test_a_new_visor_says_that_no_blocks_come),
        cmocka_unit_test(test_a_new_visor_goes_on_watching_though_the_node_has_ended),
        cmocka_unit_test(test_a_new_visor_without_statistics_says_so_at_once),
        cmocka_unit_test(test_another_release_is_not_watched),
        cmocka_unit_test(test_the_record_is_tried_again),
        cmocka_unit_test(test_the_next_decision_awaits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
