/* What a new Visor must know, when it could not be written beside the locks. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void test_tried_again_until_it_is_written(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world.note_fails = true;
    world.polls = POLLS_HANG;
    world_begin(&world, NULL, 0);
    assert_int_equal(world.notes, 1);
    world_pass(&world, SECONDS(9.9));
    assert_int_equal(world.notes, 1);
    world_pass(&world, SECONDS(0.1));
    assert_int_equal(world.notes, 2);
    assert_int_equal(world.node_note.started_usec, SECONDS(1000));
    world_pass(&world, SECONDS(60));
    assert_int_equal(world.notes, 8);
    world.note_fails = false;
    world_pass(&world, SECONDS(600));
    assert_int_equal(world.notes, 9);
}

static void test_tried_again_while_the_node_goes_down(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.settings.stop_grace_usec = SECONDS(600);
    world_up(&world, "v1.0.0");
    world_change_settings(&world);
    world.note_fails = true;
    world_stop(&world);
    world.notes = 0;
    world.note_fails = false;
    world_pass(&world, SECONDS(10));
    assert_int_equal(world.notes, 1);
    assert_int_equal(world.node_note.stopping, NODE_REASON_OPERATOR);
}

static void test_another_note_takes_its_place(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.note_fails = true;
    world_begin(&world, NULL, 0);
    world_pass(&world, SECONDS(5));
    world.note_fails = false;
    world_answer(&world, NULL, 0, false);
    assert_true(world.node_note.answered);
    world.notes = 0;
    world_pass(&world, SECONDS(60));
    assert_int_equal(world.notes, 0);
}

static void test_nothing_to_tell_of_the_dead(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.settings.restarts_delay_usec = SECONDS(100);
    world.note_fails = true;
    world_begin(&world, NULL, 0);
    world_change_settings(&world);
    world_end_all(&world);
    world.notes = 0;
    world_pass(&world, SECONDS(99));
    assert_int_equal(world.notes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tried_again_until_it_is_written),
        cmocka_unit_test(test_tried_again_while_the_node_goes_down),
        cmocka_unit_test(test_another_note_takes_its_place),
        cmocka_unit_test(test_nothing_to_tell_of_the_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
