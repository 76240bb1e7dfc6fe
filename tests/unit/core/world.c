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
    if (!fails && world->note_fails)
        queue(world, (Event){.type = EVENT_NOT_NOTED});
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
    const ReleaseRecord *record = action->save;
    if (!world->save_fails)
        world->saved = *record;
    if (record->stage == STAGE_DECIDED) {
        assert_true(world->proof_stood);
        assert_string_equal(world->proof_tag, record->tag);
        if (!world->save_fails)
            tag_copy(&world->saved_tag, record->tag);
    }
    note(
        world, "save %s height=%llu%s%s", record->tag, (unsigned long long)record->height_blocks,
        record->stage == STAGE_DECIDED ? "" : " ",
        record->stage == STAGE_DECIDED ? "" : RELEASE_STAGE_NAME[record->stage]);
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
                           .is_recorded = !world->went_back,
                           .operator_height = world->operator_height,
                           .alive = {world->found[PROCESS_VEGA], world->found[PROCESS_DATA_NODE]},
                           .note = world->found_note,
                           .data_node_began = world->data_node_began,
                           .ending = world->ending,
                       }});
        break;
    case ACTION_QUERY_SEGMENT:
        assert_true(nothing_is_alive(world));
        world->querying = true;
        note(world, "query segment");
        break;
    case ACTION_NOTE:
        world->node_note = action->note;
        world->notes++;
        if (world->note_fails && !nothing_is_alive(world))
            queue(world, (Event){.type = EVENT_NOT_NOTED});
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
    case ACTION_REHEARSE:
        world->rehearsing = true;
        note(world, "rehearse");
        break;
    case ACTION_REEXEC:
        note(world, "reexec");
        if (world->reexec_fails)
            queue(world, (Event){.type = EVENT_REEXEC_FAILED});
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
