/* `visor reexec`, as far as it is a decision. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <string.h>

static void ask(World *world) {
    world_feed(world, (Event){.type = EVENT_REEXEC_ASKED});
}

static void rehearsed(World *world, bool ok) {
    assert_true(world->rehearsing);
    world->rehearsing = false;
    world_feed(world, (Event){.type = EVENT_REHEARSED, .done = {.ok = ok}});
}

static void test_in_order(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    ask(&world);
    ask(&world); /* asked once more, it is the same */
    world_expect(&world, "rehearse");
    rehearsed(&world, true);
    world_expect(&world, "cancel poll; cancel tools; reexec");
}

static void test_refused_by_the_new_binary(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    ask(&world);
    rehearsed(&world, false);
    world_expect(&world, "rehearse");
    assert_int_equal(world_said(&world, REPORT_REEXEC_REFUSED), 1);
    world_await_poll(&world); /* and supervision goes on */
    ask(&world);
    world_expect(&world, "rehearse");
}

/* Everything that was under way was ended for it, and is begun anew when it fails. */
static void test_failed_exec_goes_on_with_everything(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.reexec_fails = true;
    world.settings.fetch_enabled = true;
    world.settings.fetch_spread_usec = 0;
    world_change_settings(&world);
    world_begin(&world, NULL, 0);
    world_answer(&world, "v2.0.0", 500, false);
    world_version(&world, "v1.0.0");
    world_found(&world, FOUND_ABSENT, false);
    assert_true(world.fetching);
    world_await_poll(&world);
    world.trace[0] = '\0';
    ask(&world);
    rehearsed(&world, true);
    assert_int_equal(world_said(&world, REPORT_REEXEC_REFUSED), 1);
    assert_non_null(strstr(world.trace, "rehearse; cancel poll; cancel tools; reexec"));
    assert_true(world.fetching);
    world_await_poll(&world);
}

static void test_examination_is_begun_anew(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.reexec_fails = true;
    world_up(&world, "v1.0.0");
    world_answer(&world, "v2.0.0", 500, false);
    assert_true(world.examining);
    ask(&world);
    rehearsed(&world, true);
    assert_true(world.examining);
    world_examined(&world, true, false);
    assert_int_equal(world.core.upgrade.step, UPGRADE_PREPARED);
}

static void test_waits_for_the_end_of_a_switch(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    world.trace[0] = '\0';
    ask(&world);
    world_expect(&world, "");
    assert_int_equal(world_said(&world, REPORT_REEXEC_WAITS), 1);
    world_end_all(&world);
    assert_non_null(strstr(world.trace, "spawn vega height=500; save v2.0.0 height=500 switched; rehearse"));
}

/* The node fails while the new binary rehearses: first things first. */
static void test_rehearsed_too_late(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    ask(&world);
    world_end(&world, PROCESS_VEGA);
    rehearsed(&world, true);
    assert_null(strstr(world.trace, "reexec"));
    world_pass(&world, SECONDS(5));
    rehearsed(&world, true);
    assert_non_null(strstr(world.trace, "reexec"));
}

static void test_not_while_leaving(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_stop(&world);
    ask(&world);
    assert_int_equal(world_said(&world, REPORT_REEXEC_REFUSED), 1);
    world_end_all(&world);
    assert_true(world.exited);
    assert_null(strstr(world.trace, "rehearse"));
}

/* A new binary may know better what it is that lives there. */
static void test_while_waiting_for_a_stranger(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.found[PROCESS_VEGA] = ALIVE_UNKNOWN;
    world_begin(&world, NULL, 0);
    ask(&world);
    rehearsed(&world, true);
    world_expect(&world, "inspect; rehearse; cancel poll; cancel tools; reexec");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_refused_by_the_new_binary),
        cmocka_unit_test(test_failed_exec_goes_on_with_everything),
        cmocka_unit_test(test_examination_is_begun_anew),
        cmocka_unit_test(test_waits_for_the_end_of_a_switch),
        cmocka_unit_test(test_rehearsed_too_late),
        cmocka_unit_test(test_not_while_leaving),
        cmocka_unit_test(test_while_waiting_for_a_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
