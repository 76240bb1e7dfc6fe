/* A node that fails: its sibling, its locks, the delay, the budget, the time it has to answer. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

static void start_pair(World *world) {
    world_init(world);
    world->has_data_node = true;
    world_up(world, "v1.0.0");
}

static void test_sibling_gets_term_grace_kill(void **unused) {
    (void)unused;
    for (ProcessName first = 0; first < PROCESS_COUNT; first++) {
        const char *expected = first == PROCESS_VEGA ? "check lock vega; cancel poll; terminate data-node"
                                                     : "check lock data-node; cancel poll; terminate vega";
        ProcessName sibling = first == PROCESS_VEGA ? PROCESS_DATA_NODE : PROCESS_VEGA;
        World world;
        start_pair(&world);
        world_end(&world, first);
        world_expect(&world, expected);
        assert_int_equal(world_said(&world, REPORT_FAILED), 1);
        assert_int_equal(world.report[REPORT_FAILED].process, first);
        world_pass(&world, SECONDS(14.9));
        world_expect(&world, "");
        world_pass(&world, SECONDS(0.1));
        world_expect(&world, first == PROCESS_VEGA ? "kill data-node" : "kill vega");
        world_pass(&world, SECONDS(100)); /* a process that hangs in the kernel: nothing is started beside it */
        world_expect(&world, "");
        assert_int_equal(world_said(&world, REPORT_UNKILLABLE), 1);
        world_end(&world, sibling);
        world_pass(&world, SECONDS(4.9));
        world_expect(&world, sibling == PROCESS_VEGA ? "check lock vega" : "check lock data-node");
        world_pass(&world, SECONDS(0.1));
        world_expect(&world, "inspect; query segment");
    }
}

static void test_nothing_starts_before_both_locks_are_free(void **unused) {
    (void)unused;
    World world;
    start_pair(&world);
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; cancel poll; terminate data-node; terminate group vega");
    assert_int_equal(world_said(&world, REPORT_LINGERS), 1);
    world_end(&world, PROCESS_DATA_NODE);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(10));
    assert_int_equal(world.core.node.phase, NODE_STOPPING);
    world_release(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(1));
    assert_int_equal(world.core.node.phase, NODE_DELAYING);
}

/* Lets time pass until the lock is checked again; how long that took. */
static uint64_t next_lock_check(World *world) {
    uint64_t began_usec = world->now_usec;
    world->trace[0] = '\0';
    while (world->trace[0] == '\0') {
        uint64_t due_usec = core_deadline_usec(&world->core);
        assert_true(due_usec != USEC_NEVER);
        world_pass(world, due_usec - world->now_usec);
    }
    assert_string_equal(world->trace, "check lock vega");
    return world->now_usec - began_usec;
}

static void test_lock_checks_back_off(void **unused) {
    (void)unused;
    static const uint64_t EXPECTED_MS[] = {5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000};
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    for (size_t i = 0; i < sizeof EXPECTED_MS / sizeof *EXPECTED_MS; i++)
        assert_int_equal(next_lock_check(&world), EXPECTED_MS[i] * 1000);
    assert_int_equal(world_said(&world, REPORT_LINGERS), 1);
}

static unsigned count(const char *text, const char *word) {
    unsigned times = 0;
    for (const char *found = text; (found = __builtin_strstr(found, word)); found++)
        times++;
    return times;
}

static void test_descendants_get_term_grace_kill(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; cancel poll; terminate group vega");
    world_pass(&world, SECONDS(14.99));
    assert_int_equal(count(world.trace, "kill vega"), 0);
    assert_int_equal(count(world.trace, "terminate"), 0);
    world_pass(&world, SECONDS(0.01));
    assert_int_equal(count(world.trace, "kill vega"), 1);
    assert_int_equal(world_said(&world, REPORT_UNKILLABLE), 0);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(60 * 5));
    assert_in_range(count(world.trace, "kill vega"), 299, 301); /* or who was missed would stay for ever */
    assert_int_equal(count(world.trace, "terminate"), 0);
    assert_int_equal(world_said(&world, REPORT_KILLED), 1);
    assert_int_equal(world_said(&world, REPORT_UNKILLABLE), 5);
    assert_in_range(count(world.trace, "check lock vega"), 299, 302);
    world_release(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(10));
    assert_int_equal(world.core.node.phase, NODE_UP);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(100));
    assert_int_equal(count(world.trace, "kill"), 0);
}

/* What is said of one stop is no reason to keep silent about the next. */
static void test_each_stop_is_told(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(20));
    assert_int_equal(world_said(&world, REPORT_KILLED), 1);
    world_release(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(10));
    world_stop(&world);
    world_pass(&world, SECONDS(15));
    assert_int_equal(world_said(&world, REPORT_KILLED), 1);
    world_pass(&world, SECONDS(50));
    assert_int_equal(world_said(&world, REPORT_KILLED), 0);
}

static void test_long_grace_is_no_alarm(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.settings.stop_grace_usec = SECONDS(600);
    world_up(&world, "v1.0.0");
    world_change_settings(&world);
    world.descendants[PROCESS_VEGA] = true;
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(500));
    assert_int_equal(world_said(&world, REPORT_UNKILLABLE), 0); /* nothing was killed yet */
}

static void test_budget(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    for (uint64_t i = 1; i <= 3; i++) {
        world_end_all(&world);
        assert_int_equal(world_said(&world, REPORT_RESTARTING), 1);
        assert_int_equal(world.report[REPORT_RESTARTING].count, i);
        assert_int_equal(world.report[REPORT_RESTARTING].limit, 3);
        world_pass(&world, SECONDS(5));
        assert_int_equal(world.core.node.phase, NODE_UP);
    }
    world.trace[0] = '\0';
    world_end_all(&world);
    world_expect(&world, "check lock vega; cancel poll; cancel tools; exit 69");
    assert_int_equal(world_said(&world, REPORT_BUDGET_SPENT), 1);
    assert_int_equal(world_said(&world, REPORT_RESTARTING), 0);
}

static void test_spent_budget_leaves_when_all_is_down(void **unused) {
    (void)unused;
    World world;
    start_pair(&world);
    world.settings.max_restarts = 0;
    world_change_settings(&world);
    world_end(&world, PROCESS_DATA_NODE);
    world_expect(&world, "check lock data-node; cancel poll; terminate vega");
    assert_false(world.exited);
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock vega; cancel tools; exit 69");
}

static void test_budget_refills_while_the_node_answers(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(5));
    world_pass(&world, SECONDS(299));
    assert_int_equal(world.core.node.restarts_used, 1);
    world_pass(&world, SECONDS(3));
    assert_int_equal(world.core.node.restarts_used, 0);
    assert_int_equal(world_said(&world, REPORT_BUDGET_FULL), 1);
    world_pass(&world, SECONDS(1000));
    assert_int_equal(world_said(&world, REPORT_BUDGET_FULL), 0);
}

static void test_budget_does_not_refill_without_answers(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(205));
    world.polls = POLLS_FAIL; /* the time of health begins anew */
    world_pass(&world, SECONDS(10));
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(290));
    assert_int_equal(world.core.node.restarts_used, 1);
    world.polls = POLLS_FAIL;
    world_pass(&world, SECONDS(2000));
    assert_int_equal(world.core.node.restarts_used, 1);
    assert_int_equal(world.core.node.phase, NODE_UP); /* it has answered once: silence is no failure */
}

static void test_budget_never_refills_if_told_so(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.settings.restarts_budget_reset_usec = 0;
    world_up(&world, "v1.0.0");
    world_change_settings(&world);
    world_end_all(&world);
    world.polls = POLLS_ANSWER;
    world_pass(&world, SECONDS(100000));
    assert_int_equal(world.core.node.restarts_used, 1);
}

static void test_node_that_never_answers(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.has_data_node = true;
    world.polls = POLLS_FAIL;
    world_begin(&world, NULL, 0);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(599.9));
    world_expect(&world, "");
    world_pass(&world, SECONDS(2.1)); /* the first poll that began after it */
    world_expect(&world, "cancel poll; terminate vega; terminate data-node");
    assert_int_equal(world_said(&world, REPORT_NEVER_ANSWERED), 1);
    world_end(&world, PROCESS_DATA_NODE);
    assert_false(world.exited);
    world_pass(&world, SECONDS(15));
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "check lock data-node; kill vega; check lock vega; cancel tools; exit 69");
}

static void test_time_alone_is_no_failure_to_answer(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin(&world, NULL, 0);
    world.trace[0] = '\0';
    world_await_poll(&world);
    world.now_usec += SECONDS(3600); /* Visor was frozen, the poll with it */
    world_feed(&world, (Event){.type = EVENT_DEADLINE});
    world.polling = false;
    world_feed(&world, (Event){.type = EVENT_POLL_FAILED});
    world_expect(&world, "");
    world_answer(&world, NULL, 0, false);
    assert_int_equal(world_said(&world, REPORT_ANSWERED), 1);
    assert_int_equal(world_said(&world, REPORT_NEVER_ANSWERED), 0);
}

static void test_restarted_node_has_less_time_to_answer(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world);
    world_pass(&world, SECONDS(5));
    world.trace[0] = '\0';
    world.polls = POLLS_FAIL;
    world_pass(&world, SECONDS(19.9));
    world_expect(&world, "");
    world_pass(&world, SECONDS(0.1));
    world_expect(&world, "cancel poll; terminate vega");
    world_end(&world, PROCESS_VEGA);
    assert_true(world.exited);
    assert_int_equal(world.exit_code, EXIT_CODE_NODE_FAILED);
}

static void test_settings_count_at_once(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_up(&world, "v1.0.0");
    world_end_all(&world); /* waits for its restart */
    world.settings.restarts_delay_usec = SECONDS(1);
    world_change_settings(&world);
    world_pass(&world, SECONDS(1));
    assert_int_equal(world.core.node.phase, NODE_UP);
    world_stop(&world); /* in its grace time */
    world.settings.stop_grace_usec = SECONDS(2);
    world_change_settings(&world);
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(2));
    world_expect(&world, "kill vega");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sibling_gets_term_grace_kill),
        cmocka_unit_test(test_nothing_starts_before_both_locks_are_free),
        cmocka_unit_test(test_lock_checks_back_off),
        cmocka_unit_test(test_descendants_get_term_grace_kill),
        cmocka_unit_test(test_each_stop_is_told),
        cmocka_unit_test(test_long_grace_is_no_alarm),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_spent_budget_leaves_when_all_is_down),
        cmocka_unit_test(test_budget_refills_while_the_node_answers),
        cmocka_unit_test(test_budget_does_not_refill_without_answers),
        cmocka_unit_test(test_budget_never_refills_if_told_so),
        cmocka_unit_test(test_node_that_never_answers),
        cmocka_unit_test(test_time_alone_is_no_failure_to_answer),
        cmocka_unit_test(test_restarted_node_has_less_time_to_answer),
        cmocka_unit_test(test_settings_count_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
