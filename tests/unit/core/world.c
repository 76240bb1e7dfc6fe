#include "tests/unit/core/world.h"

#include "base/strings.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

void world_init(World *world) {
    *world = (World){
        .settings =
            {
                .first_connection_usec = SECONDS(600),
                .restart_connection_usec = SECONDS(20),
                .max_restarts = 3,
                .restarts_delay_usec = SECONDS(5),
                .restarts_budget_reset_usec = SECONDS(300),
                .stop_grace_usec = SECONDS(15),
                .poll_interval_usec = SECONDS(2),
                .accepted_poll_interval_usec = SECONDS(0.1),
                .fetch_early = true,
                .fetch_spread_usec = SECONDS(30),
            },
        .now_usec = SECONDS(1000),
    };
    core_init(&world->core, &world->settings);
}

static void queue(World *world, Event event) {
    assert_true(world->queued < WORLD_QUEUE_MAX);
    world->queue[world->queued++] = event;
}

__attribute__((__format__(__printf__, 2, 3))) static void note(World *world, const char *format, ...) {
    size_t used = strlen(world->trace);
    va_list arguments;
    if (used > 0)
        used += (size_t)snprintf(world->trace + used, sizeof world->trace - used, "; ");
    assert_true(used < sizeof world->trace - 256);
    va_start(arguments, format);
    (void)vsnprintf(world->trace + used, sizeof world->trace - used, format, arguments);
    va_end(arguments);
}

static bool nothing_is_alive(const World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (world->alive[name] || world->descendants[name] || world->core.processes[name].state != PROCESS_DOWN)
            return false;
    return true;
}

static void do_spawn(World *world, const Action *action) {
    ProcessName name = action->spawn.name;
    bool fails = world->spawn_fails[name];

    assert_int_equal(world->core.processes[name].state, PROCESS_DOWN);
    assert_false(world->alive[name]);
    assert_false(world->descendants[name]);
    if (name == PROCESS_VEGA)
        assert_true(nothing_is_alive(world));
    else
        assert_true(world->has_data_node);
    if (action->spawn.height_blocks > 0)
        note(world, "spawn %s height=%llu", PROCESS_NAME[name], (unsigned long long)action->spawn.height_blocks);
    else
        note(world, "spawn %s", PROCESS_NAME[name]);
    world->alive[name] = !fails;
    queue(world, (Event){.type = fails ? EVENT_SPAWN_FAILED : EVENT_SPAWNED, .process = {.name = name}});
}

static void do_terminate(World *world, ProcessName name) {
    assert_true(world->alive[name]);
    if (world->core.node.reason == NODE_REASON_UPGRADE)
        assert_string_equal(world->saved_tag, world->core.upgrade.tag);
    note(world, "terminate %s", PROCESS_NAME[name]);
}

static void do_check_lock(World *world, ProcessName name) {
    note(world, "check lock %s", PROCESS_NAME[name]);
    queue(world, (Event){.type = EVENT_LOCK, .lock = {name, world->alive[name] || world->descendants[name]}});
}

static void do_poll(World *world) {
    assert_false(world->polling);
    assert_true(world->alive[PROCESS_VEGA]);
    world->polls_seen++;
    world->polling = true;
    if (world->polls == POLLS_FAIL)
        queue(world, (Event){.type = EVENT_POLL_FAILED});
    else if (world->polls == POLLS_ANSWER)
        queue(
            world, (Event){
                       .type = EVENT_POLL_ANSWERED,
                       .poll = {
                           .has_release = *world->status.tag != '\0',
                           .tag = world->status.tag,
                           .height_blocks = world->status.height_blocks,
                           .ready = world->status.ready,
                       }});
}

static void do_save(World *world, const Action *action) {
    if (!action->save.answered) {
        assert_true(world->proof_stood);
        assert_string_equal(world->proof_tag, action->save.tag);
        if (!world->save_fails)
            tag_copy(&world->saved_tag, action->save.tag);
    }
    note(
        world, "save %s height=%llu%s", action->save.tag, (unsigned long long)action->save.height_blocks,
        action->save.answered ? " answered" : "");
    queue(world, (Event){.type = EVENT_SAVED, .done = {.ok = !world->save_fails}});
}

static void do_check_proof(World *world, const Action *action) {
    world->proof_stood = !world->proof_falls;
    tag_copy(&world->proof_tag, action->tag);
    note(world, "check proof %s", action->tag);
    queue(world, (Event){.type = EVENT_PROOF, .done = {.ok = world->proof_stood}});
}

static void do_switch(World *world, const Action *action) {
    assert_true(nothing_is_alive(world));
    assert_string_equal(world->saved_tag, action->tag);
    note(world, "switch %s", action->tag);
    queue(world, (Event){.type = EVENT_SWITCHED, .done = {.ok = !world->switch_fails}});
}

static void do_fetch(World *world, const Action *action) {
    assert_false(world->fetching);
    assert_true(world->settings.fetch_enabled && (world->settings.fetch_early || world->core.upgrade.facts.ready));
    world->fetching = true;
    tag_copy(&world->fetched_tag, action->tag);
    note(world, "fetch %s", action->tag);
}

/* Only what was just proven is put in place. */
static void do_place(World *world, const Action *action) {
    assert_true(world->staged_proven);
    assert_string_equal(world->examined_tag, action->tag);
    world->staged_proven = false;
    note(world, "place %s", action->tag);
    queue(world, (Event){.type = EVENT_PLACED, .placed = {!world->place_fails, !world->placed_anew}});
}

static void do_exit(World *world, const Action *action) {
    assert_true(nothing_is_alive(world));
    assert_false(world->exited);
    world->exited = true;
    world->exit_code = action->exit_code;
    note(world, "exit %d", (int)action->exit_code);
}

static void perform(World *world, const Action *action) {
    assert_true(!world->exited || action->type == ACTION_REPORT);
    switch (action->type) {
    case ACTION_INSPECT:
        note(world, "inspect");
        queue(
            world, (Event){
                       .type = EVENT_INSPECTED,
                       .inspected = {
                           .result = world->inspection,
                           .has_data_node = world->has_data_node,
                           .has_statistics = world->has_statistics,
                           .operator_height = world->operator_height,
                       }});
        break;
    case ACTION_QUERY_SEGMENT:
        assert_true(nothing_is_alive(world));
        world->querying = true;
        note(world, "query segment");
        break;
    case ACTION_SPAWN:
        do_spawn(world, action);
        break;
    case ACTION_TERMINATE:
        do_terminate(world, action->process);
        break;
    case ACTION_TERMINATE_GROUP:
        note(world, "terminate group %s", PROCESS_NAME[action->process]);
        break;
    case ACTION_KILL:
        note(world, "kill %s", PROCESS_NAME[action->process]);
        break;
    case ACTION_CHECK_LOCK:
        do_check_lock(world, action->process);
        break;
    case ACTION_POLL:
        do_poll(world);
        break;
    case ACTION_CANCEL_POLL:
        world->polling = world->asking_height = false;
        note(world, "cancel poll");
        break;
    case ACTION_ASK_HEIGHT:
        assert_false(world->asking_height);
        assert_true(world->alive[PROCESS_VEGA]);
        world->asking_height = true;
        note(world, "ask height");
        break;
    case ACTION_ASK_VERSION:
        world->asking = true;
        note(world, "ask version");
        break;
    case ACTION_EXAMINE:
        world->examining = true;
        tag_copy(&world->examined_tag, action->tag);
        note(world, "examine %s", action->tag);
        break;
    case ACTION_FETCH:
        do_fetch(world, action);
        break;
    case ACTION_CANCEL_FETCH:
        assert_true(world->fetching);
        world->fetching = false;
        note(world, "cancel fetch");
        break;
    case ACTION_PLACE:
        do_place(world, action);
        break;
    case ACTION_DISCARD:
        note(world, "discard %s", action->tag);
        break;
    case ACTION_TIDY:
        note(world, "tidy%s%s", *action->tag ? " " : "", action->tag);
        break;
    case ACTION_WARM:
        assert_string_equal(world->saved_tag, action->tag);
        note(world, "warm %s", action->tag);
        break;
    case ACTION_CHECK_PROOF:
        do_check_proof(world, action);
        break;
    case ACTION_CANCEL_TOOLS:
        world->asking = world->querying = world->examining = world->fetching = false;
        note(world, "cancel tools");
        break;
    case ACTION_SAVE:
        do_save(world, action);
        break;
    case ACTION_SWITCH:
        do_switch(world, action);
        break;
    case ACTION_REPORT:
        world->said[action->report.kind]++;
        world->report[action->report.kind] = action->report;
        break;
    case ACTION_EXIT:
        do_exit(world, action);
        break;
    case ACTION_TYPE_COUNT:
        fail();
    }
}

void world_feed(World *world, Event event) {
    queue(world, event);
    while (world->queued > 0) {
        Actions actions;
        Event next = world->queue[0];
        world->queued--;
        memmove(world->queue, world->queue + 1, world->queued * sizeof *world->queue);
        next.now_usec = world->now_usec;
        if (next.type == EVENT_POLL_ANSWERED || next.type == EVENT_POLL_FAILED)
            world->polling = false;
        core_step(&world->core, &next, &actions);
        if (actions.count > world->actions_most)
            world->actions_most = actions.count;
        for (size_t i = 0; i < actions.count; i++)
            perform(world, &actions.items[i]);
    }
}

void world_begin(World *world, const char *unanswered_tag, uint64_t height_blocks) {
    world_feed(world, (Event){.type = EVENT_BEGIN, .begin = {unanswered_tag, height_blocks, 42}});
}

/* The next deadline, if it comes by @until_usec. Deadlines that are always due at once would be a livelock. */
static bool step_to_deadline(World *world, uint64_t until_usec) {
    uint64_t due_usec = core_deadline_usec(&world->core);
    if (due_usec > until_usec)
        return false;
    if (due_usec > world->now_usec)
        world->now_usec = due_usec;
    world_feed(world, (Event){.type = EVENT_DEADLINE});
    return true;
}

void world_pass(World *world, uint64_t usec) {
    enum { STEPS_AT_ONE_MOMENT_MAX = 32 };
    uint64_t until_usec = world->now_usec + usec;
    uint64_t moment_usec = world->now_usec;
    unsigned steps = 0;
    while (step_to_deadline(world, until_usec)) {
        steps = world->now_usec == moment_usec ? steps + 1 : 0;
        moment_usec = world->now_usec;
        if (steps >= STEPS_AT_ONE_MOMENT_MAX)
            fail_msg("always due: %s", world->trace);
    }
    world->now_usec = until_usec;
}

void world_await_poll(World *world) {
    uint64_t until_usec = world->now_usec + SECONDS(60);
    while (!world->polling && step_to_deadline(world, until_usec))
        ;
    assert_true(world->polling);
}

void world_answer(World *world, const char *tag, uint64_t height_blocks, bool ready) {
    world_await_poll(world);
    world_feed(
        world, (Event){.type = EVENT_POLL_ANSWERED, .poll = {tag != NULL, tag ? tag : "", height_blocks, ready}});
}

void world_end(World *world, ProcessName name) {
    assert_true(world->alive[name]);
    world->alive[name] = false;
    world_feed(world, (Event){.type = EVENT_EXITED, .process = {.name = name}});
}

void world_release(World *world, ProcessName name) {
    assert_true(world->descendants[name]);
    world->descendants[name] = false;
}

void world_version(World *world, const char *tag) {
    assert_true(world->asking);
    world->asking = false;
    world_feed(world, (Event){.type = EVENT_VERSION, .version = {tag}});
}

void world_segment(World *world, SegmentResult result, uint64_t height_blocks) {
    assert_true(world->querying);
    world->querying = false;
    world_feed(world, (Event){.type = EVENT_SEGMENT, .segment = {result, height_blocks}});
}

static void examined(World *world, Found found, bool proven, bool is_current) {
    assert_true(world->examining);
    world->examining = false;
    world->staged_proven = found == FOUND_STAGED && proven;
    world_feed(
        world, (Event){.type = EVENT_EXAMINED, .examined = {world->examined_tag, proven, is_current, found}});
}

void world_examined(World *world, bool proven, bool is_current) {
    examined(world, FOUND_IN_PLACE, proven, is_current);
}

void world_found(World *world, Found found, bool proven) {
    examined(world, found, proven, false);
}

void world_fetched(World *world, bool ok, bool progressed, uint64_t retry_after_usec) {
    assert_true(world->fetching);
    world->fetching = false;
    world_feed(
        world, (Event){.type = EVENT_FETCHED, .fetched = {world->fetched_tag, ok, progressed, retry_after_usec}});
}

void world_change_settings(World *world) {
    world_feed(world, (Event){.type = EVENT_SETTINGS, .changed = {&world->settings}});
}

void world_stop(World *world) {
    world_feed(world, (Event){.type = EVENT_STOP_ASKED});
}

void world_up(World *world, const char *version) {
    world_begin(world, NULL, 0);
    world_version(world, version);
    world_answer(world, NULL, 0, false);
    world->trace[0] = '\0';
}

void world_prepare(World *world, const char *tag, uint64_t height_blocks) {
    world_answer(world, tag, height_blocks, false);
    world_examined(world, true, false);
    assert_int_equal(world->core.upgrade.step, UPGRADE_PREPARED);
    world->trace[0] = '\0';
}

void world_end_all(World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (world->alive[name])
            world_end(world, name);
}

void world_expect(World *world, const char *trace) {
    assert_string_equal(world->trace, trace);
    world->trace[0] = '\0';
}

unsigned world_said(World *world, ReportKind kind) {
    unsigned times = world->said[kind];
    world->said[kind] = 0;
    return times;
}
