/* What the network accepts, moves, replaces and retracts, and which of it is an upgrade at all. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <string.h>

static void start(World *world) {
    world_init(world);
    world_up(world, "v1.0.0");
}

static void test_retracted(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_RETRACTED), 1);
    assert_int_equal(world.core.upgrade.step, UPGRADE_NONE);
    world_answer(&world, "v2.0.0", 600, false); /* and accepted again: proven anew */
    world_expect(&world, "examine v2.0.0");
    assert_int_equal(world_said(&world, REPORT_ACCEPTED), 2);
}

static void test_retracted_during_the_examination(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v2.0.0", 500, false);
    world_answer(&world, NULL, 0, false);
    world_examined(&world, true, false);
    assert_int_equal(world.core.upgrade.step, UPGRADE_NONE);
    assert_false(world.core.upgrade.facts.proven);
    assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 0);
}

static void test_retracted_in_the_stop_delay(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world.settings.stop_delay_usec = SECONDS(10);
    world_change_settings(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(100));
    world_expect(&world, "");
    assert_int_equal(world.core.node.phase, NODE_UP);
}

static void test_replaced(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v3.0.0", 500, false);
    assert_int_equal(world_said(&world, REPORT_RETRACTED), 1);
    assert_int_equal(world_said(&world, REPORT_ACCEPTED), 2);
    world_expect(&world, "examine v3.0.0");
    world_answer(&world, "v4.0.0", 500, false); /* during the examination */
    world_expect(&world, "examine v4.0.0");
    world_feed(/* an answer about what was replaced proves nothing */
               &world, (Event){.type = EVENT_EXAMINED, .examined = {.tag = "v3.0.0", .proven = true}});
    assert_false(world.core.upgrade.facts.proven);
    world_examined(&world, true, false);
    assert_true(world.core.upgrade.facts.proven);
}

static void test_replaced_while_ready(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v2.0.0", 500, true);
    world_examined(&world, false, false);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 1);
    world_answer(&world, "v3.0.0", 500, true);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 0); /* nobody has looked yet */
    world_examined(&world, false, false);
    assert_int_equal(world_said(&world, REPORT_BLOCKED), 1); /* said of the other release, too */
    world_expect(&world, "examine v2.0.0; examine v3.0.0");
}

static void test_moved(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 700, false);
    assert_int_equal(world_said(&world, REPORT_MOVED), 1);
    assert_int_equal(world_said(&world, REPORT_RETRACTED), 0);
    world_expect(&world, "");
    world_answer(&world, "v2.0.0", 700, true);
    world_expect(&world, "check proof v2.0.0; save v2.0.0 height=700; cancel poll; terminate vega; warm v2.0.0");
}

static void test_tag_that_runs_is_no_upgrade(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v1.0.0", 500, false);
    assert_int_equal(world_said(&world, REPORT_INSTALLED), 1);
    assert_int_equal(world_said(&world, REPORT_ACCEPTED), 0);
    for (unsigned i = 0; i < 100; i++) /* 200 s */
        world_answer(&world, "v1.0.0", 500, true);
    assert_int_equal(world_said(&world, REPORT_READY_FOR_ITSELF), 4);
    assert_int_equal(world_said(&world, REPORT_INSTALLED), 0);
    world_expect(&world, "");
    assert_int_equal(world.core.node.phase, NODE_UP);
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_RETRACTED), 0);
}

static void test_ready_for_itself_at_once(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_answer(&world, "v1.0.0", 500, true);
    assert_int_equal(world_said(&world, REPORT_READY_FOR_ITSELF), 1);
    assert_int_equal(world_said(&world, REPORT_INSTALLED), 0);
    world_answer(&world, "v2.0.0", 600, true); /* a real one follows, ready from the start */
    assert_int_equal(world_said(&world, REPORT_READY_FOR_ITSELF), 0);
    assert_int_equal(world.core.upgrade.step, UPGRADE_BLOCKED);
    world_expect(&world, "examine v2.0.0");
}

static void test_older_tag_is_refused(void **unused) {
    (void)unused;
    static const char *const OLDER[] = {"v0.99.9", "v1.0.0-rc.1", "0.1.0"};
    for (size_t i = 0; i < sizeof OLDER / sizeof *OLDER; i++) {
        World world;
        start(&world);
        world_answer(&world, OLDER[i], 500, false);
        assert_int_equal(world_said(&world, REPORT_REFUSED_OLDER), 1);
        world_answer(&world, OLDER[i], 500, true); /* the network waits: said again, and once a minute */
        assert_int_equal(world_said(&world, REPORT_REFUSED_OLDER), 1);
        world_pass(&world, SECONDS(100));
        world_expect(&world, "");
    }
}

static void test_bad_tags_are_refused(void **unused) {
    (void)unused;
    static const char *const BAD[] = {"../v2.0.0", "current", "genesis", "v2/x", ".visor", "v2..0", "-rf", "v2 0"};
    World world;
    start(&world);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        world_answer(&world, BAD[i], 500, false);
        assert_int_equal(world_said(&world, REPORT_REFUSED_NAME), 1); /* of each one, though the step is the same */
        world_answer(&world, BAD[i], 500, true);
        assert_int_equal(world_said(&world, REPORT_REFUSED_NAME), 1); /* the network waits */
        world_answer(&world, BAD[i], 501, true);
        assert_int_equal(world_said(&world, REPORT_REFUSED_NAME), 0);
    }
    world_pass(&world, SECONDS(100));
    world_expect(&world, "");
    assert_int_equal(world.core.node.phase, NODE_UP);
}

static void test_ready_without_release_info(void **unused) {
    (void)unused;
    World world;
    start(&world);
    for (unsigned i = 0; i < 10; i++)
        world_answer(&world, NULL, 0, true);
    assert_int_equal(world_said(&world, REPORT_READY_FOR_NOTHING), 1);
    world_expect(&world, "");
    world_answer(&world, NULL, 0, false);
    world_answer(&world, NULL, 0, true);
    assert_int_equal(world_said(&world, REPORT_READY_FOR_NOTHING), 0);
    world_pass(&world, SECONDS(60));
    world_answer(&world, NULL, 0, true); /* once a minute */
    assert_int_equal(world_said(&world, REPORT_READY_FOR_NOTHING), 1);
}

static void test_ready_without_release_info_after_it_was_proven(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, NULL, 0, true);
    assert_int_equal(world_said(&world, REPORT_READY_FOR_NOTHING), 1);
    world_pass(&world, SECONDS(100));
    world_expect(&world, "");
}

static void test_version_that_comes_late(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, NULL, 0);
    world_answer(&world, "v1.0.0", 500, true);
    world_pass(&world, SECONDS(30));
    world_expect(&world, "inspect; spawn vega; ask version");
    assert_int_equal(world.core.upgrade.step, UPGRADE_ASKING);
    world_version(&world, "v1.0.0");
    assert_int_equal(world_said(&world, REPORT_READY_FOR_ITSELF), 1);
    world_expect(&world, "");
}

static void start_unknown(World *world) {
    world_init(world);
    world_up(world, NULL);
    assert_int_equal(world_said(world, REPORT_RELEASE_UNKNOWN), 1);
}

static void test_unknown_release_is_upgraded(void **unused) {
    (void)unused;
    World world;
    start_unknown(&world);
    world_answer(&world, "v0.1.0", 500, true); /* nobody can tell whether it is older */
    world_expect(&world, "examine v0.1.0");
    world_examined(&world, true, false);
    world_expect(
        &world, "tidy; check proof v0.1.0; save v0.1.0 height=500; cancel poll; terminate vega; warm v0.1.0");
}

static void test_unknown_release_is_never_upgraded_to_itself(void **unused) {
    (void)unused;
    for (unsigned proven = 0; proven < 2; proven++) {
        World world;
        start_unknown(&world);
        world_answer(&world, "v1.0.0", 500, true);
        world_expect(&world, "examine v1.0.0");
        world_examined(&world, proven > 0, true); /* its folder is the one that runs */
        world_expect(&world, proven > 0 ? "tidy" : "");
        assert_int_equal(world.core.upgrade.step, UPGRADE_INSTALLED);
        world_end_all(&world); /* and after a restart, unknown again */
        world_pass(&world, SECONDS(5));
        world_expect(&world, "check lock vega; cancel poll; inspect; spawn vega; ask version");
        world_version(&world, NULL);
        world_answer(&world, "v1.0.0", 500, true);
        world_expect(&world, "examine v1.0.0");
        world_examined(&world, true, true);
        world_expect(&world, "tidy");
        assert_int_equal(world.core.upgrade.step, UPGRADE_INSTALLED);
    }
}

static void test_late_word_of_the_running_binary_counts(void **unused) {
    (void)unused;
    World world;
    start(&world);
    world_prepare(&world, "v2.0.0", 500);
    world_feed(&world, (Event){.type = EVENT_VERSION, .version = {"v2.0.0"}});
    assert_int_equal(world.core.upgrade.step, UPGRADE_INSTALLED);
}

static void test_unknown_release_is_asked_for_again(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, NULL, 0);
    world_answer(&world, NULL, 0, false);
    world_version(&world, NULL);
    assert_int_equal(world_said(&world, REPORT_RELEASE_UNKNOWN), 1);
    world_expect(&world, "inspect; spawn vega; ask version");
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(61));
    world_expect(&world, "ask version");
    world_version(&world, NULL);
    assert_int_equal(world_said(&world, REPORT_RELEASE_UNKNOWN), 0);
    world_pass(&world, SECONDS(61));
    world_expect(&world, "ask version");
    world_version(&world, "v1.0.0");
    assert_int_equal(world_said(&world, REPORT_RELEASE), 1);
    world_pass(&world, SECONDS(300));
    world_expect(&world, "");
}

static void test_unwritten_record_is_written_before_leaving(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_prepare(&world, "v2.0.0", 500);
    world_answer(&world, "v2.0.0", 500, true);
    world_end_all(&world);
    world.save_fails = true;
    world_answer(&world, NULL, 0, false);
    world_stop(&world);
    world_expect(
        &world,
        "check proof v2.0.0; save v2.0.0 height=500; cancel poll; terminate vega; warm v2.0.0; check lock vega; check proof v2.0.0; switch v2.0.0; "
        "inspect; spawn vega height=500; save v2.0.0 height=500 switched; save v2.0.0 height=500 answered; tidy; "
        "cancel poll; terminate vega");
    world.save_fails = false;
    world_end_all(&world);
    world_expect(&world, "check lock vega; save v2.0.0 height=500 answered; cancel tools; exit 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retracted),
        cmocka_unit_test(test_retracted_during_the_examination),
        cmocka_unit_test(test_retracted_in_the_stop_delay),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_replaced_while_ready),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_tag_that_runs_is_no_upgrade),
        cmocka_unit_test(test_ready_for_itself_at_once),
        cmocka_unit_test(test_older_tag_is_refused),
        cmocka_unit_test(test_bad_tags_are_refused),
        cmocka_unit_test(test_ready_without_release_info),
        cmocka_unit_test(test_ready_without_release_info_after_it_was_proven),
        cmocka_unit_test(test_version_that_comes_late),
        cmocka_unit_test(test_unknown_release_is_upgraded),
        cmocka_unit_test(test_unknown_release_is_never_upgraded_to_itself),
        cmocka_unit_test(test_late_word_of_the_running_binary_counts),
        cmocka_unit_test(test_unknown_release_is_asked_for_again),
        cmocka_unit_test(test_unwritten_record_is_written_before_leaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
