/* What a test does with its world: lets time pass, answers, lets things end. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

#include <string.h>

void world_begin(World *world, const char *unanswered_tag, uint64_t height_blocks) {
    ReleaseRecord record = {.height_blocks = height_blocks, .stage = STAGE_SWITCHED};
    if (unanswered_tag)
        tag_copy(&record.tag, unanswered_tag);
    world_begin_with(world, unanswered_tag ? &record : NULL, true);
}

void world_begin_with(World *world, const ReleaseRecord *record, bool is_current) {
    world_feed(world, (Event){.type = EVENT_BEGIN, .begin = {record, is_current, 42}});
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
