/* What becomes of a release that was fetched. */
#include "tests/unit/core/fetching.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_a_useless_release_is_thrown_away(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    double middle = 1;
    for (int i = 0; i < 12; i++) {
        world_fetched(&world, true, true, 0); /* all of it came: no reason to fetch it all again at once */
        if (!world.examining)
            world_pass(&world, 0);
        world.trace[0] = '\0';
        world_found(&world, FOUND_USELESS, false);
        world_expect(&world, "discard v2.0.0");
        assert_int_equal(world.core.upgrade.step, UPGRADE_FETCHING);
        double waited = (double)time_to_next_try(&world) / 1e6;
        assert_true(waited >= middle * 0.75 - 0.2 && waited <= middle * 1.25 + 0.2);
        middle = middle * 2 > 300 ? 300 : middle * 2;
    }
}

static void test_nothing_is_fetched_while_it_is_examined(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_fetched(&world, true, true, 0);
    if (!world.examining)
        world_pass(&world, 0);
    world.trace[0] = '\0';
    world.polls = POLLS_HANG;
    world_pass(&world, SECONDS(30)); /* a large binary on a slow disk takes its time to tell its version */
    assert_true(world.examining);
    assert_false(world.fetching);
    assert_true(core_deadline_usec(&world.core) > world.now_usec);
    world_found(&world, FOUND_USELESS, false);
    assert_true(world.fetching); /* the wait is over by now */
}

static void test_what_cannot_be_placed_is_tried_again(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    world.place_fails = true;
    pass_until_fetch(&world, SECONDS(31));
    world_fetched(&world, true, true, 0);
    if (!world.examining)
        world_pass(&world, 0);
    world_found(&world, FOUND_STAGED, true);
    assert_int_equal(world_said(&world, REPORT_NOT_PLACED), 1);
    assert_false(world.core.upgrade.facts.proven);
    world.place_fails = false;
    world_pass(&world, SECONDS(3));
    world_found(&world, FOUND_STAGED, true);
    assert_true(world.core.upgrade.facts.proven);
}

static void test_a_binary_beside_the_operators_files_is_proven_again(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    world.placed_anew = true;
    pass_until_fetch(&world, SECONDS(31));
    world_fetched(&world, true, true, 0);
    if (!world.examining)
        world_pass(&world, 0);
    world_found(&world, FOUND_STAGED, true);
    assert_false(world.core.upgrade.facts.proven);
    if (!world.examining)
        world_pass(&world, 0);
    world_expect(&world, "examine v2.0.0; place v2.0.0; tidy; examine v2.0.0");
    world_examined(&world, true, false);
    assert_true(world.core.upgrade.facts.proven);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_useless_release_is_thrown_away),
        cmocka_unit_test(test_nothing_is_fetched_while_it_is_examined),
        cmocka_unit_test(test_what_cannot_be_placed_is_tried_again),
        cmocka_unit_test(test_a_binary_beside_the_operators_files_is_proven_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
