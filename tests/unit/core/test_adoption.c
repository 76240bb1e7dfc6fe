/* What a new Visor does with what it finds alive, and with an upgrade that an earlier one had decided on. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <string.h>

static const ReleaseRecord ANSWERED = {.tag = "v1.0.0", .stage = STAGE_ANSWERED};
static const ReleaseRecord DECIDED = {.tag = "v2.0.0", .height_blocks = 500, .stage = STAGE_DECIDED};
static const ReleaseRecord SWITCHED = {.tag = "v2.0.0", .height_blocks = 500, .stage = STAGE_SWITCHED};

/* A node that an earlier Visor started ten minutes ago, and that has answered since. */
static void setup(World *world, bool has_data_node) {
    world_init(world);
    world->has_data_node = has_data_node;
    world->found[PROCESS_VEGA] = ALIVE_ADOPTED;
    world->alive[PROCESS_VEGA] = true;
    world->found[PROCESS_DATA_NODE] = has_data_node ? ALIVE_ADOPTED : ALIVE_NOTHING;
    world->alive[PROCESS_DATA_NODE] = has_data_node;
    world->data_node_began = has_data_node;
    world->found_note =
        (NodeNote){.started_usec = SECONDS(400), .start = NODE_START_RESTART, .answered = true, .restarts_used = 2};
}

static void forget_found(World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        world->found[name] = ALIVE_NOTHING;
}

static void test_healthy_node_is_left_alone(void **unused) {
    (void)unused;
    World world;
    setup(&world, true);
    world_begin_with(&world, &ANSWERED, true);
    world_expect(&world, "inspect; ask version");
    assert_int_equal(world.core.node.phase, NODE_UP);
    assert_true(world.core.processes[PROCESS_VEGA].ready);
    assert_int_equal(world.core.node.restarts_used, 2);
    assert_int_equal(world.node_note.started_usec, SECONDS(400));
    assert_int_equal(world_said(&world, REPORT_ADOPTED), 2);
    forget_found(&world);
    world_await_poll(&world);
    assert_int_equal(world.now_usec, SECONDS(1000)); /* it is asked at once */
    world_answer(&world, NULL, 0, false);
    world_pass(&world, SECONDS(299));
    world_expect(&world, "");
}

/* It has used two of three: the next failure is the last that is forgiven. */
static void test_restart_budget_goes_on(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world_begin_with(&world, &ANSWERED, true);
    forget_found(&world);
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "inspect; ask version; check lock vega; cancel poll; inspect; spawn vega; ask version");
    assert_int_equal(world.node_note.restarts_used, 3);
    world_end(&world, PROCESS_VEGA);
    assert_true(world.exited);
    assert_int_equal(world.exit_code, EXIT_CODE_NODE_FAILED);
}

/* A node that answered an earlier Visor and hangs now is not given up for that: it never was by that one either. */
static void test_ready_is_remembered(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.polls = POLLS_FAIL;
    world_begin_with(&world, &ANSWERED, true);
    world_pass(&world, SECONDS(3600));
    assert_true(world.alive[PROCESS_VEGA]);
    assert_int_equal(world_said(&world, REPORT_NEVER_ANSWERED), 0);
}

/* One that never answered gets its whole time anew, since nobody knows how much of it is over. */
static void test_time_to_answer_begins_anew(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.found_note.answered = false;
    world.polls = POLLS_FAIL;
    world_begin_with(&world, &ANSWERED, true);
    world_pass(&world, SECONDS(19));
    assert_int_equal(world_said(&world, REPORT_NEVER_ANSWERED), 0);
    world_pass(&world, SECONDS(5));
    assert_int_equal(world_said(&world, REPORT_NEVER_ANSWERED), 1);
}

static void test_what_cannot_be_identified_is_waited_for(void **unused) {
    (void)unused;
    World world;
    setup(&world, true);
    world.found[PROCESS_DATA_NODE] = ALIVE_UNKNOWN;
    world_begin_with(&world, &ANSWERED, true);
    assert_int_equal(world.core.node.phase, NODE_WAITING);
    assert_int_equal(world_said(&world, REPORT_HELD), 1);
    world_pass(&world, SECONDS(59));
    assert_int_equal(world_said(&world, REPORT_HELD), 0);
    world_pass(&world, SECONDS(2));
    assert_int_equal(world_said(&world, REPORT_HELD), 1);
    assert_null(strstr(world.trace, "terminate"));
    assert_null(strstr(world.trace, "spawn"));
    forget_found(&world);
    world.alive[PROCESS_VEGA] = world.alive[PROCESS_DATA_NODE] = false;
    world.trace[0] = '\0';
    world_pass(&world, SECONDS(1));
    world_expect(&world, "inspect; spawn vega; spawn data-node; ask version");
}

/* A run-config that cannot be read is no reason to leave a living node without supervision for good. */
static void test_living_node_whose_facts_are_bad_is_waited_for(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.inspection = EXIT_CODE_CONFIG;
    world_begin_with(&world, &ANSWERED, true);
    assert_int_equal(world.core.node.phase, NODE_WAITING);
    world.inspection = EXIT_CODE_OK;
    world_pass(&world, SECONDS(1));
    assert_int_equal(world.core.node.phase, NODE_UP);
    world_expect(&world, "inspect; inspect; ask version");
}

static void test_stop_while_waiting_leaves_it_alone(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.found[PROCESS_VEGA] = ALIVE_UNKNOWN;
    world.alive[PROCESS_VEGA] = false; /* it is none of this world's */
    world_begin_with(&world, &ANSWERED, true);
    world_stop(&world);
    assert_int_equal(world.exit_code, EXIT_CODE_NODE_ALIVE);
}

static void test_data_node_that_was_not_started_yet_is_started(void **unused) {
    (void)unused;
    World world;
    setup(&world, true);
    world.found[PROCESS_DATA_NODE] = ALIVE_NOTHING;
    world.alive[PROCESS_DATA_NODE] = world.data_node_began = false;
    world_begin_with(&world, &ANSWERED, true);
    world_expect(&world, "inspect; spawn data-node; ask version");
}

static void test_process_that_ended_unseen_is_a_failure(void **unused) {
    (void)unused;
    for (ProcessName gone = 0; gone < PROCESS_COUNT; gone++) {
        World world;
        setup(&world, true);
        world.found[gone] = ALIVE_NOTHING;
        world.alive[gone] = false;
        world_begin_with(&world, &ANSWERED, true);
        world_expect(
            &world, gone == PROCESS_VEGA ? "inspect; cancel poll; terminate data-node"
                                         : "inspect; cancel poll; terminate vega");
        assert_int_equal(world_said(&world, REPORT_FAILED), 1);
        forget_found(&world);
        world_end_all(&world);
        assert_int_equal(world.core.node.restarts_used, 3);
    }
}

static void test_stop_for_a_failure_goes_on(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.found_note.stopping = NODE_REASON_FAILURE;
    world_begin_with(&world, &ANSWERED, true);
    world_expect(&world, "inspect; cancel poll; terminate vega");
    forget_found(&world);
    world_end(&world, PROCESS_VEGA);
    world_pass(&world, SECONDS(5));
    world_expect(&world, "check lock vega; inspect; spawn vega; ask version");
    assert_int_equal(world.core.node.restarts_used, 3);
}

/* Whoever starts Visor wants the node up, whatever was asked of the Visor before. */
static void test_stop_that_was_asked_for_ends_in_a_start(void **unused) {
    (void)unused;
    static const NodeReason REASONS[] = {
        NODE_REASON_OPERATOR, NODE_REASON_GAVE_UP, NODE_REASON_RENEWED,
        NODE_REASON_UPGRADE /* of which there is no record */};
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++) {
        World world;
        setup(&world, false);
        world.found_note.stopping = REASONS[i];
        world_begin_with(&world, &ANSWERED, true);
        world_expect(&world, "inspect; cancel poll; terminate vega");
        assert_int_equal(world_said(&world, REPORT_RENEWED), 1);
        forget_found(&world);
        world_end(&world, PROCESS_VEGA);
        world_expect(&world, "check lock vega; inspect; spawn vega; ask version");
        assert_int_equal(world.core.node.start, NODE_START_FIRST);
        assert_int_equal(world.core.node.restarts_used, 0);
    }
}

static void test_node_that_dies_with_its_visor_is_started_anew(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.ending = true;
    world_begin_with(&world, &ANSWERED, true);
    forget_found(&world);
    world_end(&world, PROCESS_VEGA);
    world_expect(&world, "inspect; cancel poll; terminate vega; check lock vega; inspect; spawn vega; ask version");
    assert_int_equal(world.core.node.restarts_used, 0);
}

static void test_stop_for_an_upgrade_goes_on(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.found_note.stopping = NODE_REASON_UPGRADE;
    tag_copy(&world.saved_tag, "v2.0.0"); /* it was recorded */
    world_begin_with(&world, &DECIDED, false);
    world_expect(&world, "inspect; cancel poll; terminate vega; examine v2.0.0");
    assert_int_equal(world_said(&world, REPORT_RESUMED), 1);
    forget_found(&world);
    world_examined(&world, true, false);
    world_end(&world, PROCESS_VEGA);
    world_expect(
        &world,
        "check lock vega; check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; save v2.0.0 "
        "height=500 switched");
    world_answer(&world, NULL, 0, false);
    world_expect(&world, "save v2.0.0 height=500 answered; tidy");
    assert_int_equal(world_said(&world, REPORT_COMPLETED_LATER), 1);
    assert_int_equal(world.core.upgrade.step, UPGRADE_NONE);
}

/* The old node has ended while nobody watched: the old release is not started once more. */
static void test_decided_switch_is_made(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.inspection = EXIT_CODE_CONFIG; /* of the old release; that does not matter any more */
    tag_copy(&world.saved_tag, "v2.0.0");
    world_begin_with(&world, &DECIDED, false);
    world_expect(&world, "inspect; examine v2.0.0");
    world.inspection = EXIT_CODE_OK;
    world_examined(&world, true, false);
    world_expect(
        &world,
        "check proof v2.0.0; switch v2.0.0; inspect; spawn vega height=500; save v2.0.0 height=500 switched");
}

static void test_decided_switch_is_not_made_beside_a_stranger(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world.inspection = EXIT_CODE_NODE_ALIVE;
    world_begin_with(&world, &DECIDED, false);
    world_expect(&world, "inspect; cancel tools; exit 81");
}

/* Without a proof there is no switch: the old release comes back, and the record says so before it starts. */
static void test_decided_release_that_is_gone_is_not_switched_to(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin_with(&world, &DECIDED, false);
    world_examined(&world, false, false);
    world_expect(&world, "inspect; examine v2.0.0; examine v2.0.0");
    world_examined(&world, false, false);
    world_expect(&world, "save  height=0 answered; inspect; spawn vega; ask version");
    world_version(&world, "v1.0.0");
    world_answer(&world, "v2.0.0", 500, true);
    assert_int_equal(world.core.upgrade.step, UPGRADE_BLOCKED);
}

static void test_decided_upgrade_of_a_node_that_was_not_stopped_yet(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world_begin_with(&world, &DECIDED, false);
    world_expect(&world, "inspect; ask version");
    assert_int_equal(world.core.upgrade.step, UPGRADE_NONE); /* the node will say again that it is ready */
}

/* `current` names it, but the Visor that switched died before it could say so. */
static void test_unanswered_release_is_taken_over(void **unused) {
    (void)unused;
    World world;
    setup(&world, false);
    world.found_note.start = NODE_START_UPGRADE;
    world.found_note.answered = true; /* and that could not be recorded: then it has to answer once more */
    world_begin_with(&world, &DECIDED, true);
    world_expect(&world, "inspect; ask version; save v2.0.0 height=500 switched");
    assert_int_equal(world.core.upgrade.step, UPGRADE_STARTING);
    world_answer(&world, NULL, 0, false);
    world_expect(&world, "save v2.0.0 height=500 answered; tidy");
    assert_int_equal(world_said(&world, REPORT_COMPLETED_LATER), 1);
}

/* The operator went back to another release by hand: that is not undone. */
static void test_switched_release_that_is_not_current_is_left(void **unused) {
    (void)unused;
    World world;
    world_init(&world);
    world_begin_with(&world, &SWITCHED, false);
    world_expect(&world, "inspect; spawn vega; ask version");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy_node_is_left_alone),
        cmocka_unit_test(test_restart_budget_goes_on),
        cmocka_unit_test(test_ready_is_remembered),
        cmocka_unit_test(test_time_to_answer_begins_anew),
        cmocka_unit_test(test_what_cannot_be_identified_is_waited_for),
        cmocka_unit_test(test_living_node_whose_facts_are_bad_is_waited_for),
        cmocka_unit_test(test_stop_while_waiting_leaves_it_alone),
        cmocka_unit_test(test_data_node_that_was_not_started_yet_is_started),
        cmocka_unit_test(test_process_that_ended_unseen_is_a_failure),
        cmocka_unit_test(test_stop_for_a_failure_goes_on),
        cmocka_unit_test(test_stop_that_was_asked_for_ends_in_a_start),
        cmocka_unit_test(test_node_that_dies_with_its_visor_is_started_anew),
        cmocka_unit_test(test_stop_for_an_upgrade_goes_on),
        cmocka_unit_test(test_decided_switch_is_made),
        cmocka_unit_test(test_decided_switch_is_not_made_beside_a_stranger),
        cmocka_unit_test(test_decided_release_that_is_gone_is_not_switched_to),
        cmocka_unit_test(test_decided_upgrade_of_a_node_that_was_not_stopped_yet),
        cmocka_unit_test(test_unanswered_release_is_taken_over),
        cmocka_unit_test(test_switched_release_that_is_not_current_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
