/* Each action of the core, done to the virtual world. */
#include "tests/simulation/invariant.h"
#include "tests/simulation/visor.h"
#include "tests/simulation/world.h"

/* The release that an action is about. */
static int release_of(World *world, const char *tag) {
    int release = release_of_tag(tag);
    if (release == RELEASE_NONE)
        violate(world, VIOLATION_SENSELESS, "an action about the release '%.40s'", tag);
    return release;
}

static void spawn(World *world, const Action *action) {
    Visor *visor = &world->visor;
    ProcessName name = action->spawn.name;
    bool first = name == PROCESS_VEGA;

    invariant_spawn(world, action);
    if (violated(world))
        return;
    visor->data_node_tried = !first;
    bool fails = fault_one_in(world, first ? 40 : 10) || process_holds_lock(world, name);
    if (fails) {
        fault(world, FAULT_SPAWN);
        visor_answer(world, (Event){.type = EVENT_SPAWN_FAILED, .process = {.name = name}});
        return;
    }
    processes_start(world, name, visor->running, action->spawn.height_blocks);
    NodeProcess *process = &world->processes[name];
    process->spawner_pid = visor->pid;
    process->start_number = first ? ++world->node_starts : world->processes[PROCESS_VEGA].start_number;
    process->note = visor->note;
    process->restarts_used = visor->restarts_used;
    if (first)
        disk_copy(&world->disk, &visor->state, false);
    bool is_new = disk_is_full(world) && choice_below(&world->choices, 2) == 0;
    if (is_new || fault_one_in(world, 40)) { /* the file is new, or somebody has cleared it away */
        fault(world, FAULT_NOT_NOTED);
        process->unwritten = true;
        process->known_usec = USEC_NEVER;
        visor_answer(world, (Event){.type = EVENT_NOT_NOTED});
    }
    if (first && process->known_usec == USEC_NEVER)
        disk_copy(&world->disk, &(Record){0}, false);
    if (first) {
        visor->up_since_usec = world->now_usec;
        visor->answering_since_usec = visor->ready_since_usec = USEC_NEVER;
        if (visor->running > world->last_started)
            world->last_started = visor->running;
    }
    visor_answer(world, (Event){.type = EVENT_SPAWNED, .process = {.name = name}});
}

/* Written over in place, that needs no space; where nothing is written yet, it does. */
static bool can_be_noted(const World *world, const NodeProcess *process) {
    return !process->unwritten || !disk_is_full(world);
}

static bool write_note(World *world, const NodeNote *note) {
    bool written = true;
    world->visor.note = *note;
    world->visor.noted = true;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        NodeProcess *process = &world->processes[name];
        if (!process_holds_lock(world, name))
            continue;
        bool can_be = can_be_noted(world, process);
        written = written && (can_be || world->visor.core.processes[name].state == PROCESS_DOWN);
        if (!can_be)
            continue;
        process->note = *note;
        if (process->unwritten)
            process->known_usec = world->now_usec;
        process->unwritten = false;
    }
    state_file_copy(world);
    if (!written)
        visor_answer(world, (Event){.type = EVENT_NOT_NOTED});
    return written;
}

static void switch_release(World *world, const char *tag) {
    int release = release_of(world, tag);
    Outcome outcome = OUTCOME_DONE;

    invariant_switch(world, release);
    if (violated(world))
        return;
    if (fault_one_in(world, 12)) {
        outcome = choice_below(&world->choices, 2) == 0 ? OUTCOME_FAILED : OUTCOME_HALF;
        fault(world, outcome == OUTCOME_FAILED ? FAULT_SWITCH : FAULT_SWITCH_HALF);
    }
    disk_switch(world, release, outcome);
    if (outcome == OUTCOME_DONE)
        invariant_switched(world, release);
    visor_answer(world, (Event){.type = EVENT_SWITCHED, .done = {.ok = outcome == OUTCOME_DONE}});
}

static void place(World *world, const char *tag) {
    Visor *visor = &world->visor;
    int release = release_of(world, tag);

    invariant_place(world, release);
    if (violated(world))
        return;
    FolderState before = world->disk.folders[release].state;
    bool taken = before == FOLDER_COMPLETE || before == FOLDER_WRONG;
    bool fails = taken || disk_is_full(world) || fault_one_in(world, 12);
    bool same = before == FOLDER_ABSENT && !fault_one_in(world, 12);
    if (fails)
        fault(world, FAULT_PLACE);
    disk_place(world, release, fails ? OUTCOME_FAILED : OUTCOME_DONE);
    visor->staged_proven = false;
    if (!fails) {
        visor->proven = same ? release : RELEASE_NONE;
        visor->proven_identity = world->disk.folders[release].identity;
        visor_folder_changed(world, release);
    }
    visor_answer(world, (Event){.type = EVENT_PLACED, .placed = {.ok = !fails, .proven = same}});
}

/* All that is staged, but what belongs to the release that is to stay. */
static void tidy(World *world, const char *tag) {
    for (int release = 0; release < FOLDERS_MAX; release++)
        if (release != release_of_tag(tag))
            world->disk.folders[release].staged = STAGED_NOTHING;
}

static void check_proof(World *world, const char *tag) {
    Visor *visor = &world->visor;
    int release = release_of(world, tag);
    if (violated(world))
        return;
    visor->watched = release;
    visor->proof_stood = invariant_is_proven(world, release);
    visor_answer(world, (Event){.type = EVENT_PROOF, .done = {.ok = visor->proof_stood}});
}

static void fetch(World *world, const char *tag) {
    int release = release_of(world, tag);
    invariant_fetch(world, release);
    if (!violated(world))
        tool_fetch(world, release);
}

static void examine(World *world, const char *tag) {
    int release = release_of(world, tag);
    if (!violated(world))
        tool_examine(world, release);
}

static void reexec(World *world) {
    invariant_reexec(world);
    if (violated(world))
        return;
    bool written = world->visor.core.node.phase == NODE_WAITING || write_note(world, &world->visor.note);
    if (!written || !state_file_put_back(world) || fault_one_in(world, 4)) {
        fault(world, FAULT_REEXEC_FAILS);
        visor_answer(world, (Event){.type = EVENT_REEXEC_FAILED});
        return;
    }
    fault(world, FAULT_REEXEC);
    say(world, "Visor %u becomes another binary", world->visor.pid);
    visor_become(world, false);
}

static void leave(World *world, ExitCode code) {
    invariant_exit(world, code);
    visor_leave(world, code);
}

static void check_lock(World *world, ProcessName name) {
    visor_answer(world, (Event){.type = EVENT_LOCK, .lock = {name, process_holds_lock(world, name)}});
}

static void tell(World *world, const Action *action) {
    if (action->type == ACTION_POLL || action->type == ACTION_CHECK_LOCK)
        return;
    if (world->visor.deadline_untold)
        say(world, "  deadline, in '%s', '%s'", NODE_PHASE_NAME[world->visor.told_phase],
            UPGRADE_STEP_NAME[world->visor.told_step]);
    world->visor.deadline_untold = false;
    switch (action->type) {
    case ACTION_REPORT:
        say(world, "    says: %s", REPORT_TEXTS[action->report.kind].message);
        break;
    case ACTION_SPAWN:
        say(world, "    spawn %s, height %llu", PROCESS_NAME[action->spawn.name],
            (unsigned long long)action->spawn.height_blocks);
        break;
    case ACTION_SAVE:
        say(world, "    save %s, height %llu, %s", action->save->tag,
            (unsigned long long)action->save->height_blocks, RELEASE_STAGE_NAME[action->save->stage]);
        break;
    case ACTION_NOTE:
        say(world, "    note: height %llu, %sanswered, %llu restarts used, stopping: %s",
            (unsigned long long)action->note.height_blocks, action->note.answered ? "" : "not ",
            (unsigned long long)action->note.restarts_used, NODE_REASON_NAME[action->note.stopping]);
        break;
    case ACTION_TERMINATE:
    case ACTION_TERMINATE_GROUP:
    case ACTION_KILL:
    case ACTION_CHECK_LOCK:
        say(world, "    %s %s", ACTION_NAME[action->type], PROCESS_NAME[action->process]);
        break;
    case ACTION_EXAMINE:
    case ACTION_FETCH:
    case ACTION_PLACE:
    case ACTION_DISCARD:
    case ACTION_TIDY:
    case ACTION_WARM:
    case ACTION_CHECK_PROOF:
    case ACTION_SWITCH:
        say(world, "    %s %s", ACTION_NAME[action->type], action->tag);
        break;
    case ACTION_INSPECT:
    case ACTION_QUERY_SEGMENT:
    case ACTION_POLL:
    case ACTION_CANCEL_POLL:
    case ACTION_ASK_HEIGHT:
    case ACTION_ASK_VERSION:
    case ACTION_CANCEL_FETCH:
    case ACTION_CANCEL_TOOLS:
    case ACTION_REHEARSE:
    case ACTION_REEXEC:
    case ACTION_EXIT:
    case ACTION_TYPE_COUNT:
        say(world, "    %s", ACTION_NAME[action->type]);
        break;
    }
}

void perform(World *world, const Action *action) {
    Visor *visor = &world->visor;
    world->tally->actions[action->type]++;
    world_hash(world, (uint64_t)action->type);
    if (world->trace)
        tell(world, action);
    switch (action->type) {
    case ACTION_INSPECT:
        invariant_inspect(world);
        visor_answer(world, visor_inspected_event(world));
        break;
    case ACTION_QUERY_SEGMENT:
        invariant_query_segment(world);
        tool_query_segment(world);
        break;
    case ACTION_SPAWN:
        spawn(world, action);
        break;
    case ACTION_TERMINATE:
        invariant_terminate(world, action->process);
        processes_terminate(world, action->process);
        break;
    case ACTION_TERMINATE_GROUP:
        invariant_signal(world, action->process);
        processes_terminate_group(world, action->process);
        break;
    case ACTION_KILL:
        invariant_signal(world, action->process);
        processes_kill(world, action->process);
        break;
    case ACTION_CHECK_LOCK:
        check_lock(world, action->process);
        break;
    case ACTION_POLL:
        invariant_tool(world, &visor->poll, "poll");
        tool_poll(world);
        break;
    case ACTION_CANCEL_POLL:
        visor->poll.running = visor->height.running = false;
        break;
    case ACTION_ASK_HEIGHT:
        invariant_tool(world, &visor->height, "ask height");
        tool_ask_height(world);
        break;
    case ACTION_ASK_VERSION:
        tool_ask_version(world);
        break;
    case ACTION_EXAMINE:
        examine(world, action->tag);
        break;
    case ACTION_FETCH:
        fetch(world, action->tag);
        break;
    case ACTION_CANCEL_FETCH:
        if (!visor->fetch.running)
            violate(world, VIOLATION_SENSELESS, "a fetch is cancelled that is not under way");
        visor->fetch.running = false;
        break;
    case ACTION_PLACE:
        place(world, action->tag);
        break;
    case ACTION_DISCARD:
        if (release_of(world, action->tag) != RELEASE_NONE)
            world->disk.folders[release_of_tag(action->tag)].staged = STAGED_NOTHING;
        break;
    case ACTION_TIDY:
        tidy(world, action->tag);
        break;
    case ACTION_WARM:
        break;
    case ACTION_CHECK_PROOF:
        check_proof(world, action->tag);
        break;
    case ACTION_CANCEL_TOOLS:
        visor_cancel_tools(world);
        break;
    case ACTION_NOTE:
        invariant_note(world, &action->note);
        (void)write_note(world, &action->note);
        (void)state_file_put_back(world);
        break;
    case ACTION_SAVE:
        state_file_save(world, action->save);
        break;
    case ACTION_SWITCH:
        switch_release(world, action->tag);
        break;
    case ACTION_REHEARSE:
        invariant_tool(world, &visor->rehearsal, "rehearse");
        tool_rehearse(world);
        break;
    case ACTION_REEXEC:
        reexec(world);
        break;
    case ACTION_REPORT:
        world->tally->reports[action->report.kind]++;
        invariant_report(world, &action->report);
        break;
    case ACTION_EXIT:
        leave(world, action->exit_code);
        break;
    case ACTION_TYPE_COUNT:
        break;
    }
}

/* Died between the parts of one action: the answer never comes. */
void perform_partly(World *world, const Action *action) {
    switch ((int)action->type) {
    case ACTION_SAVE:
        state_file_save_partly(world, action->save);
        break;
    case ACTION_SWITCH:
        invariant_switch(world, release_of(world, action->tag));
        if (!violated(world))
            disk_switch(world, release_of_tag(action->tag), OUTCOME_INTERRUPTED);
        break;
    case ACTION_PLACE:
        invariant_place(world, release_of(world, action->tag));
        if (!violated(world))
            disk_place(world, release_of_tag(action->tag), OUTCOME_INTERRUPTED);
        break;
    case ACTION_SPAWN: /* forked, and the child goes its way; it needs a moment until its lock file tells who it is
                        */
        perform(world, action);
        if (!world->processes[action->spawn.name].unwritten)
            world->processes[action->spawn.name].known_usec =
                usec_add(world->now_usec, choice_spread(&world->choices, 0, SEC(3)));
        break;
    default:
        perform(world, action);
        break;
    }
}
