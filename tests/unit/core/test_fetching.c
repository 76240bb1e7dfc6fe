/* When a release that is missing is fetched, and what becomes of it. */
#include "tests/unit/core/fetching.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_from_acceptance_to_proof(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    assert_int_equal(world.core.upgrade.step, UPGRADE_FETCHING);
    assert_int_equal(world_said(&world, REPORT_FETCH_PLANNED), 1);
    assert_true(world.report[REPORT_FETCH_PLANNED].delay_usec <= SECONDS(30));
    pass_until_fetch(&world, SECONDS(31));
    world_fetched(&world, true, true, 0);
    if (!world.examining)
        world_pass(&world, 0);
    world_expect(&world, "examine v2.0.0");
    world_found(&world, FOUND_STAGED, true);
    world_expect(&world, "place v2.0.0; tidy");
    assert_int_equal(world.core.upgrade.step, UPGRADE_PREPARED);
    assert_int_equal(world_said(&world, REPORT_PLACED), 1);
    assert_int_equal(world_said(&world, REPORT_PREPARED), 1);
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0");
}

static void test_room_is_made_before_the_first_try(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world.settings.fetch_spread_usec = 0;
    world_change_settings(&world);
    world_answer(&world, "v2.0.0", 500, false);
    world_found(&world, FOUND_ABSENT, false);
    world_expect(&world, "examine v2.0.0; tidy v2.0.0; fetch v2.0.0");
    world_fetched(&world, false, false, 0);
    pass_until_fetch(&world, SECONDS(2));
    assert_int_equal(world_said(&world, REPORT_FETCH_FAILED), 1);
}

static void test_spread(void **unused) {
    (void)unused;
    uint64_t least_usec = USEC_NEVER, most_usec = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        World world;
        world_init(&world);
        world.settings.fetch_enabled = true;
        world_change_settings(&world);
        world_feed(&world, (Event){.type = EVENT_BEGIN, .begin = {.seed = seed * 0x9e3779b97f4a7c15}});
        world_version(&world, "v1.0.0");
        lack(&world);
        uint64_t delay_usec = world.report[REPORT_FETCH_PLANNED].delay_usec;
        assert_true(delay_usec <= SECONDS(30));
        least_usec = delay_usec < least_usec ? delay_usec : least_usec;
        most_usec = delay_usec > most_usec ? delay_usec : most_usec;
    }
    assert_true(least_usec < SECONDS(3));
    assert_true(most_usec > SECONDS(27));
}

static void test_never_when_off(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world.settings.fetch_enabled = false;
    world_change_settings(&world);
    lack(&world);
    assert_int_equal(world.core.upgrade.step, UPGRADE_EXAMINING);
    world_answer(&world, "v2.0.0", 500, true);
    assert_int_equal(world.core.upgrade.step, UPGRADE_BLOCKED);
    world.polls = POLLS_HANG;
    world_pass(&world, SECONDS(100));
    assert_false(world.fetching);
}

static void test_without_prefetch_only_when_ready(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world.settings.fetch_early = false;
    world_change_settings(&world);
    lack(&world);
    assert_int_equal(world.core.upgrade.step, UPGRADE_EXAMINING);
    world_answer(&world, "v2.0.0", 500, false);
    world_expect(&world, "");
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(&world, "tidy v2.0.0; fetch v2.0.0");
}

static void test_ready_ends_the_spread(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world.settings.fetch_spread_usec = SECONDS(100000);
    world_change_settings(&world);
    lack(&world);
    assert_false(world.fetching);
    world_answer(&world, "v2.0.0", 500, true);
    world_expect(&world, "tidy v2.0.0; fetch v2.0.0");
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 1);
    world_fetched(&world, true, true, 0);
    if (!world.examining)
        world_pass(&world, 0);
    world_found(&world, FOUND_STAGED, true);
    world_expect(
        &world,
        "examine v2.0.0; place v2.0.0; tidy; check proof v2.0.0; save v2.0.0 height=500; cancel poll; "
        "terminate vega; warm v2.0.0");
}

static void test_delays_grow_to_five_minutes(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    double middle = 1, least = 2, most = 0;
    for (int i = 0; i < 12; i++) {
        world_fetched(&world, false, false, 0);
        double waited = (double)time_to_next_try(&world) / 1e6;
        assert_true(waited >= middle * 0.75 - 0.2);
        assert_true(waited <= middle * 1.25 + 0.2 && waited <= 300.2);
        least = waited / middle < least ? waited / middle : least;
        most = waited / middle > most ? waited / middle : most;
        middle = middle * 2 > 300 ? 300 : middle * 2;
    }
    assert_true(most - least > 0.2);       /* nodes that failed together do not come back together */
    world_fetched(&world, false, true, 0); /* bytes came: as if it were the first */
    assert_true(time_to_next_try(&world) <= SECONDS(1.5));
}

static void test_ten_seconds_at_most_once_ready(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    world_answer(&world, "v2.0.0", 500, true);
    for (int i = 0; i < 12; i++) {
        world_fetched(&world, false, false, SECONDS(3600));
        assert_true(time_to_next_try(&world) <= SECONDS(10.2));
    }
}

static void test_the_server_may_ask_for_patience(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_fetched(&world, false, false, SECONDS(600));
    assert_true(time_to_next_try(&world) >= SECONDS(600));
    world_fetched(&world, false, false, SECONDS(600));
    world_answer(&world, "v2.0.0", 500, true); /* but not when the network waits */
    assert_true(world.fetching);
}

static void test_retraction_ends_it(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_answer(&world, NULL, 0, false);
    world_expect(&world, "cancel fetch");
    world_pass(&world, SECONDS(1000));
    assert_false(world.fetching);
}

static void test_a_restart_of_the_node_does_not_end_it(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_feed(&world, (Event){.type = EVENT_POLL_FAILED});
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(6));
    assert_int_equal(world.core.upgrade.step, UPGRADE_ASKING);
    assert_true(world.fetching);
    world_answer(&world, "v3.0.0", 600, false); /* but another release does, whatever runs */
    assert_false(world.fetching);
}

static void test_another_tag_ends_it(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_answer(&world, "v3.0.0", 600, false);
    world_expect(&world, "cancel fetch; examine v3.0.0");
    world_found(&world, FOUND_ABSENT, false);
    pass_until_fetch(&world, SECONDS(31));
    assert_string_equal(world.fetched_tag, "v3.0.0");
}

static void test_a_network_that_changes_its_mind(void **unused) {
    (void)unused;
    static const char *const TAGS[] = {"v2.0.0", "v3.0.0"};
    World world;
    start(&world);
    world.settings.fetch_spread_usec = 0;
    world_change_settings(&world);
    unsigned fetches = 0;
    for (unsigned i = 0; i < 600; i++) { /* a minute */
        world_answer(&world, TAGS[i % 2], 500, false);
        if (world.examining)
            world_found(&world, FOUND_ABSENT, false);
        world_pass(&world, SECONDS(0.1));
        fetches += world.fetching; /* the next change of mind will end it */
    }
    assert_in_range(fetches, 2, 7);
}

static void test_a_finished_folder_is_kept(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_KEPT), 1);
    world_answer(&world, "v3.0.0", 500, false);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_KEPT), 0);
}

/* A Visor that was killed between the rename and its clearing up leaves the rest to the next one. */
static void test_what_is_in_place_needs_nothing_staged(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v2.0.0", 500, false);
    world_examined(&world, true, false);
    world_expect(&world, "examine v2.0.0; tidy");
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_expect(&world, "check proof v2.0.0"); /* once is enough */
}

static void test_the_operators_folder_ends_it(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_feed(&world, (Event){.type = EVENT_FOLDER_CHANGED});
    world_pass(&world, SECONDS(11));
    world_examined(&world, true, false);
    assert_int_equal(world.core.upgrade.step, UPGRADE_PREPARED);
    assert_false(world.fetching);
}

static void test_settings_take_effect(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    pass_until_fetch(&world, SECONDS(31));
    world_change_settings(&world); /* nothing that matters to it */
    assert_true(world.fetching);
    world.settings.fetch_revision++;
    world_change_settings(&world);
    world_expect(&world, "cancel fetch; fetch v2.0.0");
    world_fetched(&world, false, false, SECONDS(600));
    world.settings.fetch_revision++; /* tried at once, whatever the server asked for */
    world_change_settings(&world);
    world_expect(&world, "fetch v2.0.0");
    world.settings.fetch_enabled = false;
    world_change_settings(&world);
    world_expect(&world, "cancel fetch");
    world.settings.fetch_enabled = true;
    world.settings.fetch_revision++;
    world_change_settings(&world);
    world_expect(&world, "fetch v2.0.0");
}

static void test_an_old_answer_is_no_answer(void **unused) {
    (void)unused;
    World world;
    start(&world);
    lack(&world);
    world_feed(&world, (Event){.type = EVENT_FETCHED, .fetched = {.tag = "v2.0.0", .ok = true}});
    assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 1);
    world_feed(&world, (Event){.type = EVENT_PLACED, .placed = {true, true}});
    assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 1);
    assert_false(world.core.upgrade.facts.proven);
}

static void test_the_alarm_waits_for_the_first_look(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v2.0.0", 500, true);
    assert_int_equal(world.core.upgrade.step, UPGRADE_BLOCKED);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 0);
    world_examined(&world, true, false);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 0);
    assert_int_equal(world.core.node.reason, NODE_REASON_UPGRADE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_acceptance_to_proof),
        cmocka_unit_test(test_room_is_made_before_the_first_try),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_never_when_off),
        cmocka_unit_test(test_without_prefetch_only_when_ready),
        cmocka_unit_test(test_ready_ends_the_spread),
        cmocka_unit_test(test_delays_grow_to_five_minutes),
        cmocka_unit_test(test_ten_seconds_at_most_once_ready),
        cmocka_unit_test(test_the_server_may_ask_for_patience),
        cmocka_unit_test(test_retraction_ends_it),
        cmocka_unit_test(test_a_restart_of_the_node_does_not_end_it),
        cmocka_unit_test(test_another_tag_ends_it),
        cmocka_unit_test(test_a_network_that_changes_its_mind),
        cmocka_unit_test(test_a_finished_folder_is_kept),
        cmocka_unit_test(test_what_is_in_place_needs_nothing_staged),
        cmocka_unit_test(test_the_operators_folder_ends_it),
        cmocka_unit_test(test_settings_take_effect),
        cmocka_unit_test(test_an_old_answer_is_no_answer),
        cmocka_unit_test(test_the_alarm_waits_for_the_first_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
