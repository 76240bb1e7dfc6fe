/* Events that come where they cannot come: reported, and otherwise without effect. */
#include "tests/unit/core/world.h"
#include "tests/unit/test.h"

/* One world in each phase that lasts; @kind counts them. */
static bool world_in_phase(World *world, unsigned kind) {
    world_init(world);
    world->has_data_node = kind % 2 == 1;
    if (kind < 2)
        return true;
    world_up(world, "v1.0.0");
    switch (kind / 2) {
    case 1:
        return true;
    case 2: /* failed, its sibling or a descendant left */
        world->descendants[PROCESS_VEGA] = true;
        world_end(world, PROCESS_VEGA);
        return true;
    case 3:
        world_end_all(world);
        return true;
    case 4:
        world_end_all(world);
        world_pass(world, SECONDS(5));
        return true;
    case 5:
        world_answer(world, "v2.0.0", 500, true);
        return true;
    case 6:
        world_prepare(world, "v2.0.0", 500);
        return true;
    case 7:
        world_prepare(world, "v2.0.0", 500);
        world_answer(world, "v2.0.0", 500, true);
        return true;
    case 8:
        world_prepare(world, "v2.0.0", 500);
        world_answer(world, "v2.0.0", 500, true);
        world->switch_fails = true;
        world_end_all(world);
        return true;
    case 9:
        world_stop(world);
        return true;
    case 10:
        world_stop(world);
        world_end_all(world);
        return true;
    case 11: /* something is alive that nobody knows */
        world_init(world);
        world->found[PROCESS_VEGA] = ALIVE_UNKNOWN;
        world_begin(world, NULL, 0);
        return true;
    default:
        return false;
    }
}

/* Could this event come now? Those are walked by all other tests. */
static bool can_come(const World *world, const Event *event) {
    switch (event->type) {
    case EVENT_BEGIN:
        return world->core.node.phase == NODE_IDLE;
    case EVENT_SEGMENT:
        return world->querying;
    case EVENT_EXITED:
        return world->alive[event->process.name];
    case EVENT_LOCK:
        return world->core.processes[event->lock.name].state == PROCESS_DRAINING;
    case EVENT_POLL_ANSWERED:
    case EVENT_POLL_FAILED:
        return world->polling;
    case EVENT_EXAMINED:
        return world->examining;
    case EVENT_FETCHED:
        return world->fetching;
    case EVENT_REHEARSED:
        return world->rehearsing;
    case EVENT_HEIGHT: /* a fact whenever it comes */
    case EVENT_VERSION:
    case EVENT_NOT_NOTED:
    case EVENT_FOLDER_CHANGED:
    case EVENT_SETTINGS:
    case EVENT_STOP_ASKED:
    case EVENT_REEXEC_ASKED:
    case EVENT_DEADLINE:
        return true;
    case EVENT_INSPECTED:
    case EVENT_SPAWNED:
    case EVENT_SPAWN_FAILED:
    case EVENT_PLACED:
    case EVENT_PROOF:
    case EVENT_SAVED:
    case EVENT_SWITCHED:
    case EVENT_REEXEC_FAILED: /* answered at once: never on their own */
    case EVENT_TYPE_COUNT:
        break;
    }
    return false;
}

static const ReleaseRecord RECORD = {.tag = "v9.0.0", .stage = STAGE_DECIDED};

static Event sample(EventType type, ProcessName name, bool good, const Settings *settings) {
    Event event = {.type = type};
    switch (type) {
    case EVENT_BEGIN:
        event.begin.record = good ? &RECORD : NULL;
        break;
    case EVENT_INSPECTED:
        event.inspected.result = good ? EXIT_CODE_OK : EXIT_CODE_CONFIG;
        break;
    case EVENT_SEGMENT:
        event.segment.result = good ? SEGMENT_FOUND : SEGMENT_FAILED;
        break;
    case EVENT_SPAWNED:
    case EVENT_SPAWN_FAILED:
    case EVENT_EXITED:
        event.process.name = name;
        break;
    case EVENT_LOCK:
        event.lock.name = name;
        event.lock.held = good;
        break;
    case EVENT_POLL_ANSWERED:
        event.poll.tag = "v2.0.0";
        event.poll.has_release = event.poll.ready = good;
        break;
    case EVENT_HEIGHT:
        event.height.known = good;
        break;
    case EVENT_VERSION:
        event.version.tag = good ? "v1.0.0" : NULL;
        break;
    case EVENT_EXAMINED:
        event.examined.tag = "v2.0.0";
        event.examined.proven = good;
        break;
    case EVENT_FETCHED:
        event.fetched.tag = "v2.0.0";
        event.fetched.ok = good;
        break;
    case EVENT_PLACED:
        event.placed.ok = event.placed.proven = good;
        break;
    case EVENT_PROOF:
    case EVENT_SAVED:
    case EVENT_SWITCHED:
    case EVENT_REHEARSED:
        event.done.ok = good;
        break;
    case EVENT_SETTINGS:
        event.changed.settings = settings;
        break;
    case EVENT_POLL_FAILED:
    case EVENT_NOT_NOTED:
    case EVENT_FOLDER_CHANGED:
    case EVENT_STOP_ASKED:
    case EVENT_REEXEC_ASKED:
    case EVENT_REEXEC_FAILED:
    case EVENT_DEADLINE:
    case EVENT_TYPE_COUNT:
        break;
    }
    return event;
}

static void test_impossible_events_are_harmless(void **unused) {
    (void)unused;
    World world;
    unsigned phases_seen = 0;
    for (unsigned kind = 0; world_in_phase(&world, kind); kind++) {
        phases_seen |= 1U << world.core.node.phase;
        for (EventType type = 0; type < EVENT_TYPE_COUNT; type++) {
            for (unsigned variant = 0; variant < 4; variant++) {
                (void)world_in_phase(&world, kind);
                Event event = sample(type, (ProcessName)(variant / 2), variant % 2 == 0, &world.settings);
                if (can_come(&world, &event))
                    continue;
                NodePhase phase = world.core.node.phase;
                UpgradeStep step = world.core.upgrade.step;
                world.trace[0] = '\0';
                world_feed(&world, event);
                if (*world.trace || world.core.node.phase != phase || world.core.upgrade.step != step)
                    fail_msg("%s in kind %u: '%s'", EVENT_NAME[type], kind, world.trace);
            }
        }
    }
    /* All phases that last were there; the others are over within a step and its answers. */
    assert_int_equal(phases_seen | 1U << NODE_INSPECTING, (1U << NODE_PHASE_COUNT) - 1);
}

static void test_impossible_events_are_reported(void **unused) {
    (void)unused;
    static const EventType TYPES[] = {
        EVENT_INSPECTED, EVENT_SEGMENT,     EVENT_SPAWNED, EVENT_SPAWN_FAILED, EVENT_EXITED,
        EVENT_LOCK,      EVENT_POLL_FAILED, EVENT_PROOF,   EVENT_SWITCHED,     EVENT_POLL_ANSWERED,
    };
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        World world;
        world_init(&world);
        world_up(&world, "v1.0.0");
        world_feed(&world, sample(TYPES[i], PROCESS_DATA_NODE, true, &world.settings));
        assert_int_equal(world_said(&world, REPORT_IMPOSSIBLE), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_impossible_events_are_harmless),
        cmocka_unit_test(test_impossible_events_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
