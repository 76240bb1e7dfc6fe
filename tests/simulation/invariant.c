#include "tests/simulation/invariant.h"

#include "tests/simulation/world.h"

#include <string.h>

enum { STEPS_AT_ONE_MOMENT_MAX = 400 };

/* Polls that bring nothing new, and deadlines at which only a poll was due, would drown all else. */
static void tell_event(World *world, const Event *event) {
    Visor *visor = &world->visor;
    const char *phase = NODE_PHASE_NAME[visor->core.node.phase];
    const char *upgrade_step = UPGRADE_STEP_NAME[visor->core.upgrade.step];
    visor->deadline_untold = event->type == EVENT_DEADLINE;
    visor->told_phase = visor->core.node.phase;
    visor->told_step = visor->core.upgrade.step;
    if (visor->deadline_untold)
        return;
    if (event->type != EVENT_POLL_ANSWERED) {
        visor->told_status = (Status){.tag = NULL};
        say(world, "  %s, in '%s', '%s'", EVENT_NAME[event->type], phase, upgrade_step);
        return;
    }
    Status status = {event->poll.has_release, event->poll.tag, event->poll.height_blocks, event->poll.ready};
    const Status *told = &visor->told_status;
    if (told->tag && strcmp(told->tag, status.tag) == 0 && told->ready == status.ready &&
        told->height_blocks == status.height_blocks)
        return;
    visor->told_status = status;
    say(world, "  poll answered: %s%s, block %llu, in '%s', '%s'", status.has_release ? status.tag : "nothing",
        status.ready ? ", ready" : "", (unsigned long long)status.height_blocks, phase, upgrade_step);
}

void invariant_before_step(World *world, const Event *event) {
    Visor *visor = &world->visor;
    world->tally->steps++;
    world->tally->events[event->type]++;
    world->tally->phases[visor->core.node.phase][event->type]++;
    world->tally->upgrade_steps[visor->core.upgrade.step][event->type]++;
    world_hash(world, event->now_usec);
    world_hash(world, (uint64_t)event->type);
    if (world->trace)
        tell_event(world, event);
    visor->steps_at_moment = visor->moment_usec == world->now_usec ? visor->steps_at_moment + 1 : 0;
    visor->moment_usec = world->now_usec;
    if (visor->steps_at_moment > STEPS_AT_ONE_MOMENT_MAX)
        violate(world, VIOLATION_LIVELOCK, "more than %d", (int)STEPS_AT_ONE_MOMENT_MAX);
    visor->completing = event->type == EVENT_POLL_ANSWERED && visor->core.node.unanswered_tag[0] &&
                        !visor->core.processes[PROCESS_VEGA].ready;
    visor->completed = false;
    if (event->type == EVENT_STOP_ASKED)
        visor->stop_asked = true;
}

static bool is_noted(const NodeNote *note, const Core *core) {
    bool running = core->processes[PROCESS_VEGA].state == PROCESS_RUNNING;
    return note->started_usec == core->node.started_usec && note->start == core->node.start &&
           note->height_blocks == core->node.spawn_height_blocks &&
           (note->answered == core->processes[PROCESS_VEGA].ready || !running) &&
           note->restarts_used == core->node.restarts_used && note->stopping == core->node.reason;
}

/* An adopted node is what it was; only what nobody saw may have to be seen again. */
static void check_adopted(World *world, const Event *event) {
    Visor *visor = &world->visor;
    const Node *node = &visor->core.node;
    const NodeNote *note = &event->inspected.note;
    const NodeProcess *told = event->inspected.alive[PROCESS_VEGA] == ALIVE_ADOPTED
                                  ? &world->processes[PROCESS_VEGA]
                                  : &world->processes[PROCESS_DATA_NODE];
    bool renewed = node->reason == NODE_REASON_RENEWED;

    if (node->started_usec != note->started_usec || node->spawn_height_blocks != note->height_blocks)
        violate(world, VIOLATION_ADOPTED_ANEW, "its start is another one");
    if (note->start == NODE_START_RESTART && node->start != NODE_START_RESTART && !renewed)
        violate(world, VIOLATION_ADOPTED_ANEW, "a restart is no restart any more");
    if (renewed)
        visor->restarts_used = 0;
    else if (node->restarts_used != told->restarts_used)
        violate(
            world, VIOLATION_ADOPTED_ANEW, "%llu restarts used, there were %llu",
            (unsigned long long)node->restarts_used, (unsigned long long)told->restarts_used);
}

static void inspected(World *world, const Event *event) {
    Visor *visor = &world->visor;
    bool adopted = false;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        if (event->inspected.alive[name] == ALIVE_NOTHING)
            continue;
        if (visor->core.processes[name].state != PROCESS_DOWN)
            adopted = true;
        else if (
            visor->core.node.phase != NODE_WAITING && event->inspected.alive[name] == ALIVE_ADOPTED &&
            !violated(world))
            violate(world, VIOLATION_UNKNOWN_ALIVE, "%s is alive and left alone", PROCESS_NAME[name]);
    }
    if (adopted)
        check_adopted(world, event);
}

void invariant_adopts(World *world, const Event *event) {
    Visor *visor = &world->visor;
    bool whole = event->inspected.result == EXIT_CODE_OK;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        whole = whole && event->inspected.alive[name] != ALIVE_UNKNOWN;
    if (!whole || (event->inspected.alive[PROCESS_VEGA] == ALIVE_NOTHING &&
                   event->inspected.alive[PROCESS_DATA_NODE] == ALIVE_NOTHING))
        return;
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    const NodeProcess *told = core->alive ? core : &world->processes[PROCESS_DATA_NODE];
    visor->inherited = event->inspected.note.stopping;
    if (visor->inherited == NODE_REASON_NONE && event->inspected.ending)
        visor->inherited = NODE_REASON_RENEWED;
    visor->restarts_used = told->restarts_used;
    visor->up_since_usec = world->now_usec;
    visor->answering_since_usec = USEC_NEVER;
}

void invariant_after_step(World *world, const Event *event) {
    Visor *visor = &world->visor;
    if (event->type == EVENT_INSPECTED && visor->core.node.phase != NODE_ENDED)
        inspected(world, event);
    if (visor->completing && !visor->completed && !visor->core.blocks.watching)
        violate(world, VIOLATION_NOT_COMPLETED, "%s", release_tag(world->processes[PROCESS_VEGA].release));
    if (visor->core.node.phase == NODE_DELAYING || visor->core.node.phase == NODE_SWITCHING)
        visor->inherited = NODE_REASON_NONE;
}

static void check_wait(World *world) {
    const Visor *visor = &world->visor;
    const Core *core = &visor->core;
    if (core->node.phase == NODE_IDLE || core->node.phase == NODE_INSPECTING) {
        violate(world, VIOLATION_NO_DEADLINE, "at rest in '%s'", NODE_PHASE_NAME[core->node.phase]);
        return;
    }
    bool asked = (core->node.phase == NODE_QUERYING && visor->segment.running) ||
                 (core->node.phase == NODE_UP && visor->poll.running) ||
                 (core->node.phase == NODE_SWITCHING && visor->examine.running);
    if (core_deadline_usec(core) == USEC_NEVER && !asked)
        violate(
            world, VIOLATION_NO_DEADLINE, "in '%s', '%s'", NODE_PHASE_NAME[core->node.phase],
            UPGRADE_STEP_NAME[core->upgrade.step]);
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (core->processes[name].state == PROCESS_DRAINING &&
            core_deadline_usec(core) > usec_add(monotonic_usec(world), SEC(1)))
            violate(world, VIOLATION_NO_DEADLINE, "the lock of %s is not looked at again", PROCESS_NAME[name]);
    if (core->node.polling != visor->poll.running && core->node.phase == NODE_UP)
        violate(world, VIOLATION_NO_DEADLINE, "a poll is awaited that nobody makes, or the other way round");
    if (core->upgrade.examining && !visor->examine.running && !violated(world))
        violate(world, VIOLATION_NO_DEADLINE, "an examination is awaited that nobody makes");
    if (core->fetch.running != visor->fetch.running)
        violate(world, VIOLATION_NO_DEADLINE, "a fetch is awaited that nobody makes, or the other way round");
}

/* In case that the state file is lost. A decision that was taken back with its file may still stand in the copy. */
static void check_copy(World *world) {
    const Record *copy = &world->disk.copy, *record = state_file_in_place(world);
    if (disk_has_good_copy(&world->disk) && record->exists && !record->damaged && !record_equal(copy, record))
        violate(
            world, VIOLATION_NOT_COPIED, "the lock of the core tells of %s, '%s'; the record of %s, '%s'",
            release_tag(copy->release), RELEASE_STAGE_NAME[copy->stage], release_tag(record->release),
            RELEASE_STAGE_NAME[record->stage]);
}

void invariant_at_rest(World *world) {
    const Visor *visor = &world->visor;
    check_wait(world);
    check_copy(world);
    bool saved = visor->core.node.save_due_usec == USEC_NEVER && visor->core.node.record.stage == STAGE_ANSWERED;
    if (visor->told != RELEASE_NONE && saved)
        world->told_for_good[visor->told] = true;
    for (ProcessName name = 0; name < PROCESS_COUNT && !violated(world); name++) {
        const NodeProcess *process = &world->processes[name];
        bool known = visor->core.processes[name].state == PROCESS_RUNNING ||
                     visor->core.processes[name].state == PROCESS_TERMINATING;
        if (process->alive && known && !process->unwritten && !is_noted(&process->note, &visor->core))
            violate(
                world, VIOLATION_NOT_NOTED, "beside %s, in '%s'", PROCESS_NAME[name],
                NODE_PHASE_NAME[visor->core.node.phase]);
    }
}

/* Without statistics, one that dies between the record and the word never tells it. */
static bool is_told(const World *world, int release) {
    return release == 0 || world->told[release] || !world->has_statistics || world->record_lost[release];
}

static bool is_settled(UpgradeStep step) {
    return step == UPGRADE_NONE || step == UPGRADE_INSTALLED;
}

void invariant_live(World *world) {
    const Visor *visor = &world->visor;
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    int release = network_release(world);
    const Record *record = &world->disk.durable_record;

    network_node_follows(world);
    if (!visor->alive || visor->core.node.phase != NODE_UP)
        violate(
            world, VIOLATION_NOT_ALIVE, "Visor is %s%s", visor->alive ? "in " : "not there",
            visor->alive ? NODE_PHASE_NAME[visor->core.node.phase] : "");
    else if (!process_answers(world, PROCESS_VEGA) || !visor->core.processes[PROCESS_VEGA].ready)
        violate(world, VIOLATION_NOT_ALIVE, "the core does not answer");
    else if (world->has_data_node && !world->processes[PROCESS_DATA_NODE].alive)
        violate(world, VIOLATION_NOT_ALIVE, "the data node is not there");
    else if (core->release != release || (world->disk.current != release && world->disk.current != RELEASE_NONE))
        violate(world, VIOLATION_NOT_RIGHT, "%s runs, %s should", release_tag(core->release), release_tag(release));
    else if (world->network.node_height_blocks + 1 < network_height_blocks(world))
        violate(world, VIOLATION_NOT_RIGHT, "the node's blocks do not move");
    else if (!is_settled(visor->core.upgrade.step))
        violate(world, VIOLATION_NOT_RIGHT, "the upgrade is at '%s'", UPGRADE_STEP_NAME[visor->core.upgrade.step]);
    else if (!is_told(world, release))
        violate(world, VIOLATION_NOT_COMPLETED, "that of %s was never told", release_tag(release));
    else if (core->known_usec > world->now_usec)
        violate(world, VIOLATION_NOT_WRITTEN, "the core");
    else if (world->has_data_node && world->processes[PROCESS_DATA_NODE].known_usec > world->now_usec)
        violate(world, VIOLATION_NOT_WRITTEN, "the data node");
    else if (!record->exists || record->release != release || record->stage != STAGE_ANSWERED)
        violate(
            world, VIOLATION_NOT_RECORDED, "%s runs, the record says %s", release_tag(release),
            record->exists ? release_tag(record->release) : "nothing");
}
