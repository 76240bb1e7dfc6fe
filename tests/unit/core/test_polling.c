/* When the core is asked, how often, and never twice at once. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static uint64_t next_poll_after(World *world) {
    uint64_t began_usec = world->now_usec;
    world_await_poll(world);
    return world->now_usec - began_usec;
}

static void test_new_node_is_asked_often(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, NULL, 0);
    assert_int_equal(next_poll_after(&world), SECONDS(0.1));
    world_feed(&world, (Event){.type = EVENT_POLL_FAILED});
    assert_int_equal(next_poll_after(&world), SECONDS(0.1));
    world.polls = POLLS_FAIL;
    world_feed(&world, (Event){.type = EVENT_POLL_FAILED});
    world_pass(&world, SECONDS(60));
    world.polls_seen = 0;
    world_pass(&world, SECONDS(60)); /* a node that takes long is asked less */
    assert_in_range(world.polls_seen, 29, 31);
}

static void test_idle_node_is_asked_rarely(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.polls = POLLS_ANSWER;
    world.polls_seen = 0;
    world_pass(&world, SECONDS(60));
    assert_in_range(world.polls_seen, 29, 31);
}

static void test_pending_upgrade_is_asked_often(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_prepare(&world, "v2.0.0", 500);
    tag_copy(&world.status.tag, "v2.0.0");
    world.status.height_blocks = 500;
    world.polls = POLLS_ANSWER;
    world.polls_seen = 0;
    world_pass(&world, SECONDS(60));
    assert_in_range(world.polls_seen, 599, 601);
    world_expect(&world, "check proof v2.0.0"); /* once a minute */
}

static void test_refused_and_installed_releases_are_no_reason_to_hurry(void **unused) {
    (void)unused;
    static const char *const TAGS[] = {"v1.0.0", "v0.9.0", "../x"};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        World world;
        world_init(&world);
        world_up(&world, "v1.0.0");
        tag_copy(&world.status.tag, TAGS[i]);
        world.polls = POLLS_ANSWER;
        world_pass(&world, SECONDS(2));
        world.polls_seen = 0;
        world_pass(&world, SECONDS(60));
        assert_in_range(world.polls_seen, 29, 31);
    }
}

static void test_slow_answers_do_not_pile_up(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_await_poll(&world);
    world.polls_seen = 0;
    world_pass(&world, SECONDS(3600)); /* the client has a deadline of its own; the core only waits */
    assert_int_equal(world.polls_seen, 0);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(next_poll_after(&world), 0);
}

static void test_failure_is_followed_by_peace(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_await_poll(&world);
    world_pass(&world, SECONDS(5));
    world_feed(&world, (Event){.type = EVENT_POLL_FAILED});
    assert_int_equal(next_poll_after(&world), SECONDS(2));
}

static void test_poll_is_cancelled_when_the_node_goes_down(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_await_poll(&world);
    world_end_all(&world);
    world_expect(&world, "check lock vega; cancel poll");
    world_pass(&world, SECONDS(4.9));
    assert_false(world.polling);
    world_pass(&world, SECONDS(1));
    assert_true(world.polling); /* the next node is asked anew */
}

static void test_interval_changes_at_once(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.settings.poll_interval_usec = SECONDS(0.5);
    world_change_settings(&world);
    assert_int_equal(next_poll_after(&world), SECONDS(0.5));
    world_answer(&world, NULL, 0, false);
    world.settings.accepted_poll_interval_usec = SECONDS(3); /* never slower because of an upgrade */
    world_change_settings(&world);
    world_prepare(&world, "v2.0.0", 9);
    world_answer(&world, "v2.0.0", 9, false);
    assert_int_equal(next_poll_after(&world), SECONDS(0.5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_node_is_asked_often),
        cmocka_unit_test(test_idle_node_is_asked_rarely),
        cmocka_unit_test(test_pending_upgrade_is_asked_often),
        cmocka_unit_test(test_refused_and_installed_releases_are_no_reason_to_hurry),
        cmocka_unit_test(test_slow_answers_do_not_pile_up),
        cmocka_unit_test(test_failure_is_followed_by_peace),
        cmocka_unit_test(test_poll_is_cancelled_when_the_node_goes_down),
        cmocka_unit_test(test_interval_changes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
