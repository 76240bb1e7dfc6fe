/* What must hold before an action is done. */
#include "tests/simulation/invariant.h"
#include "tests/simulation/world.h"

static bool anything_alive(const World *world) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (process_holds_lock(world, name))
            return true;
    return false;
}

bool invariant_is_proven(const World *world, int release) {
    const Visor *visor = &world->visor;
    return visor->proven == release && world->disk.folders[release].state == FOLDER_COMPLETE &&
           world->disk.folders[release].identity == visor->proven_identity;
}

/* The upgrade height goes with every start of a release until it has answered, and with none after that. */
static void check_height(World *world, uint64_t height_blocks) {
    const Visor *visor = &world->visor;
    int release = visor->running;
    uint64_t upgrade_blocks = world->network.milestones[release].height_blocks;

    if (world->operator_height) {
        if (height_blocks != 0)
            violate(world, VIOLATION_WRONG_HEIGHT, "the operator's arguments name a height already");
    } else if (visor->core.node.start == NODE_START_RESTART && world->has_data_node) {
        if (height_blocks != visor->segment_height_blocks)
            violate(world, VIOLATION_WRONG_HEIGHT, "not the height of the data node's latest segment");
    } else if (height_blocks == 0) {
        if (release > 0 && !world->answered[release] && !world->record_lost[release])
            violate(world, VIOLATION_WRONG_HEIGHT, "%s has never answered and got no height", release_tag(release));
    } else if (height_blocks != upgrade_blocks) {
        violate(world, VIOLATION_WRONG_HEIGHT, "the height is not that of the upgrade");
    } else if (visor->saw_answer[release] || (world->answer_saved[release] && !world->record_lost[release])) {
        violate(world, VIOLATION_WRONG_HEIGHT, "%s has answered and got the height again", release_tag(release));
    }
}

static void check_first_spawn(World *world, const Action *action) {
    Visor *visor = &world->visor;
    if (anything_alive(world))
        violate(world, VIOLATION_MIXED_START, "something of the node is alive");
    if (visor->running < world->switched)
        violate(
            world, VIOLATION_OLDER_STARTED, "%s, after %s", release_tag(visor->running),
            release_tag(world->switched));
    if (!network_is_right(world, visor->running, world->network.node_height_blocks))
        violate(
            world, VIOLATION_WRONG_RELEASE, "%s at block %llu", release_tag(visor->running),
            (unsigned long long)world->network.node_height_blocks);
    const Record *record = state_file_in_place(world);
    bool decided = record->exists && !record->damaged && record->stage == STAGE_DECIDED;
    if (decided && record->release > visor->running && !visor->adopted && !visor->going_back)
        violate(
            world, VIOLATION_UNDECIDED, "%s is decided on, %s is started", release_tag(record->release),
            release_tag(visor->running));
    check_height(world, action->spawn.height_blocks);
}

void invariant_spawn(World *world, const Action *action) {
    Visor *visor = &world->visor;
    ProcessName name = action->spawn.name;

    if (process_holds_lock(world, name))
        violate(world, VIOLATION_SECOND_COPY, "the lock of %s is held", PROCESS_NAME[name]);
    if (visor->stop_asked)
        violate(world, VIOLATION_SENSELESS, "started after the stop was asked for");
    if (visor->segment.running)
        violate(world, VIOLATION_SECOND_COPY, "the data node's database is being asked");
    bool dropped = world->disk.current == RELEASE_NONE; /* since the inspection */
    if (visor->running == RELEASE_NONE || (visor->running != world->disk.current && !dropped)) {
        violate(world, VIOLATION_SENSELESS, "started is not what `current` names");
        return;
    }
    if (!visor->noted || visor->note.stopping != NODE_REASON_NONE)
        violate(world, VIOLATION_NOT_NOTED, "spawned as a node that is not wanted");
    if (visor->note.restarts_used != visor->restarts_used)
        violate(
            world, VIOLATION_BUDGET, "%llu restarts noted, there were %llu",
            (unsigned long long)visor->note.restarts_used, (unsigned long long)visor->restarts_used);
    if (name == PROCESS_VEGA) {
        check_first_spawn(world, action);
        if (visor->note.started_usec != monotonic_usec(world) ||
            visor->note.height_blocks != action->spawn.height_blocks || visor->note.answered)
            violate(world, VIOLATION_NOT_NOTED, "spawned is not what was noted");
    } else if (!world->has_data_node) {
        violate(world, VIOLATION_SENSELESS, "there is no data node");
    } else if (visor->core.processes[PROCESS_VEGA].state != PROCESS_RUNNING) {
        violate(world, VIOLATION_SENSELESS, "a data node without its core");
    }
}

/* An upgrade is decided on, by this Visor or, with its note still there, by an earlier one. */
static void check_stop_for_upgrade(World *world, bool inherited) {
    const Record *record = state_file_in_place(world);
    const Visor *visor = &world->visor;
    int from = world->processes[PROCESS_VEGA].release;

    if (record->damaged) /* since it was read, by somebody else */
        return;
    if (!record->exists || record->stage != STAGE_DECIDED || record->release != from + 1) {
        violate(world, VIOLATION_STOPPED_UNRECORDED, "the record does not say so");
        return;
    }
    if (!inherited && (visor->ready_since_usec == USEC_NEVER ||
                       world->now_usec - visor->ready_since_usec < visor->core.settings.stop_delay_usec))
        violate(world, VIOLATION_STOPPED_EARLY, "%s", release_tag(record->release));
    if (!network_node_is_done(world, from))
        violate(
            world, VIOLATION_STOPPED_UNREADY, "block %llu is not reached",
            (unsigned long long)record->height_blocks);
    if (!inherited && !(world->visor.proof_stood && invariant_is_proven(world, record->release)))
        violate(world, VIOLATION_STOPPED_UNPROVEN, "%s is not proven", release_tag(record->release));
}

/* Is all there that was started? A data node that nobody has tried to start yet is missing to no one. */
static bool is_complete(const World *world) {
    const NodeProcess *core = &world->processes[PROCESS_VEGA];
    const NodeProcess *data_node = &world->processes[PROCESS_DATA_NODE];
    bool began = world->visor.data_node_tried || data_node->start_number == core->start_number;
    return core->alive && (data_node->alive || !world->has_data_node || !began);
}

/* Does anything but an upgrade justify to end what is alive and wanted? */
static bool may_be_stopped(const World *world) {
    const Visor *visor = &world->visor;
    if (visor->stop_asked || !is_complete(world) || visor->gave_up || visor->inherited != NODE_REASON_NONE)
        return true;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (world->processes[name].alive && (world->processes[name].terminated || world->processes[name].ending))
            return true;
    return false;
}

void invariant_terminate(World *world, ProcessName name) {
    const Visor *visor = &world->visor;
    const NodeProcess *process = &world->processes[name];
    NodeReason reason = visor->core.node.reason;

    if (visor->core.node.phase == NODE_WAITING)
        violate(world, VIOLATION_UNKNOWN_ALIVE, "SIGTERM to %s", PROCESS_NAME[name]);
    if (!process->alive) {
        if (visor->exit_notice_usec[name] == USEC_NEVER)
            violate(world, VIOLATION_SENSELESS, "SIGTERM to %s, which is dead", PROCESS_NAME[name]);
        return;
    }
    if ((process->note.stopping != reason && !process->unwritten) || reason == NODE_REASON_NONE)
        violate(world, VIOLATION_NOT_NOTED, "SIGTERM without a note that it is being stopped");
    if (reason == NODE_REASON_UPGRADE && !visor->stop_asked)
        check_stop_for_upgrade(world, visor->inherited == NODE_REASON_UPGRADE);
    else if (!may_be_stopped(world))
        violate(
            world, VIOLATION_HEALTHY_SIGNALLED, "SIGTERM to %s for '%s'", PROCESS_NAME[name],
            NODE_REASON_NAME[reason]);
}

void invariant_signal(World *world, ProcessName name) {
    const Visor *visor = &world->visor;
    const NodeProcess *process = &world->processes[name];
    if (visor->core.node.phase == NODE_WAITING)
        violate(world, VIOLATION_UNKNOWN_ALIVE, "a signal to %s", PROCESS_NAME[name]);
    if (process->alive && !process->terminated && !visor->stop_asked)
        violate(world, VIOLATION_HEALTHY_SIGNALLED, "%s got no SIGTERM before", PROCESS_NAME[name]);
    if (process->alive && process->terminated && !visor->stop_asked &&
        world->now_usec - process->terminated_usec < visor->core.settings.stop_grace_usec &&
        visor->inherited == NODE_REASON_NONE)
        violate(world, VIOLATION_HEALTHY_SIGNALLED, "the grace of %s is not over", PROCESS_NAME[name]);
}

/* Restarts come back to the budget when the node has been well for long enough, or when its end was asked for. */
static void note_restarts(World *world, const NodeNote *note) {
    Visor *visor = &world->visor;
    if (note->restarts_used >= visor->restarts_used)
        return;
    bool well = visor->answering_since_usec != USEC_NEVER &&
                world->now_usec - visor->answering_since_usec >= visor->core.settings.restarts_budget_reset_usec;
    if (note->stopping != NODE_REASON_RENEWED && !well)
        violate(world, VIOLATION_BUDGET, "restarts are available again, too early");
    visor->restarts_used = note->restarts_used;
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        world->processes[name].restarts_used = note->restarts_used;
}

void invariant_note(World *world, const NodeNote *note) {
    note_restarts(world, note);
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        const NodeProcess *process = &world->processes[name];
        if (process->alive && process->terminated && !process->ending && note->stopping == NODE_REASON_NONE)
            violate(world, VIOLATION_NOT_NOTED, "%s was told to end and is noted as wanted", PROCESS_NAME[name]);
    }
    bool again = world->visor.noted && world->visor.note.stopping == note->stopping;
    if (note->stopping == NODE_REASON_UPGRADE && !again && world->visor.inherited != NODE_REASON_UPGRADE &&
        world->processes[PROCESS_VEGA].alive)
        check_stop_for_upgrade(world, false);
}

void invariant_save(World *world, const ReleaseRecord *record) {
    const Visor *visor = &world->visor;
    int release = record->tag[0] ? release_of_tag(record->tag) : visor->running;
    if (!record->tag[0] && release == RELEASE_NONE) /* it fails: nobody knows which release that would be */
        return;
    if (release == RELEASE_NONE) {
        violate(world, VIOLATION_WRONG_RECORD, "'%.40s' is no release", record->tag);
        return;
    }
    switch (record->stage) {
    case STAGE_DECIDED:
        if (!visor->proof_stood || !invariant_is_proven(world, release))
            violate(world, VIOLATION_STOPPED_UNPROVEN, "decided on, and not proven");
        break;
    case STAGE_SWITCHED:
        if (world->disk.current != release || world->last_started < release)
            violate(world, VIOLATION_WRONG_RECORD, "%s was not switched to and started", release_tag(release));
        break;
    case STAGE_ANSWERED:
        if (release > 0 && !world->answered[release])
            violate(world, VIOLATION_WRONG_RECORD, "%s has never answered", release_tag(release));
        if (release < world->switched)
            violate(
                world, VIOLATION_WRONG_RECORD, "%s after %s", release_tag(release), release_tag(world->switched));
        break;
    case RELEASE_STAGE_COUNT:
        break;
    }
    bool known = record->height_blocks == 0 || release > world->network.upgrade_count ||
                 record->height_blocks == world->network.milestones[release].height_blocks;
    if (!known || (record->stage != STAGE_ANSWERED && record->height_blocks == 0))
        violate(world, VIOLATION_WRONG_RECORD, "not the height of the upgrade to %s", release_tag(release));
}

void invariant_switch(World *world, int release) {
    const Record *record = state_file_in_place(world);
    if (violated(world))
        return;
    if (anything_alive(world))
        violate(world, VIOLATION_SWITCHED_ALIVE, "to %s", release_tag(release));
    if (!record->damaged && (!record->exists || record->release != release || record->stage == STAGE_ANSWERED))
        violate(world, VIOLATION_SWITCHED_UNRECORDED, "to %s", release_tag(release));
    if (!invariant_is_proven(world, release))
        violate(world, VIOLATION_CURRENT_INCOMPLETE, "%s is not proven", release_tag(release));
    if (release < world->switched)
        violate(world, VIOLATION_OLDER_STARTED, "switched back to %s", release_tag(release));
}

void invariant_switched(World *world, int release) {
    if (release > world->switched)
        world->tally->upgrades++;
    world->switched = release;
    world->visor.switched = true;
    world->visor.restarts_used = 0;
}

void invariant_place(World *world, int release) {
    const Folder *folder = &world->disk.folders[release >= 0 ? release : 0];
    if (violated(world))
        return;
    if (!world->visor.staged_proven || world->visor.proven != release || folder->staged == STAGED_NOTHING)
        violate(world, VIOLATION_SENSELESS, "%s is not staged and proven", release_tag(release));
    if (!world->visor.core.settings.fetch_enabled)
        violate(world, VIOLATION_OPERATORS_FILES, "autoInstall is off");
}

void invariant_inspect(World *world) {
    const Visor *visor = &world->visor;
    if (visor->core.node.start == NODE_START_RESTART && visor->restarting_usec != USEC_NEVER &&
        world->now_usec - visor->restarting_usec < visor->core.settings.restarts_delay_usec)
        violate(world, VIOLATION_BUDGET, "restarted before restartsDelaySeconds were over");
}

void invariant_query_segment(World *world) {
    invariant_tool(world, &world->visor.segment, "query segment");
    if (!world->has_data_node)
        violate(world, VIOLATION_SENSELESS, "there is no data node to ask for its segment");
    if (anything_alive(world))
        violate(world, VIOLATION_SENSELESS, "the data node's database is asked while something is alive");
}

void invariant_fetch(World *world, int release) {
    const Visor *visor = &world->visor;
    invariant_tool(world, &visor->fetch, "fetch");
    if (visor->examine.running)
        violate(world, VIOLATION_SENSELESS, "a fetch while what was fetched is examined");
    if (!visor->core.settings.fetch_enabled)
        violate(world, VIOLATION_SENSELESS, "a fetch, and autoInstall is off");
    if (!visor->core.settings.fetch_early && !visor->core.upgrade.facts.ready)
        violate(world, VIOLATION_SENSELESS, "a fetch of %s before the network waits", release_tag(release));
}

void invariant_tool(World *world, const Tool *tool, const char *name) {
    if (tool->running)
        violate(world, VIOLATION_SENSELESS, "%s while that is under way", name);
}

void invariant_reexec(World *world) {
    const Visor *visor = &world->visor;
    if (visor->poll.running || visor->height.running || visor->version.running || visor->segment.running ||
        visor->examine.running || visor->fetch.running || visor->rehearsal.running)
        violate(world, VIOLATION_SENSELESS, "reexec while something is under way");
    if (visor->core.node.phase != NODE_UP && visor->core.node.phase != NODE_WAITING)
        violate(world, VIOLATION_SENSELESS, "reexec in '%s'", NODE_PHASE_NAME[visor->core.node.phase]);
    if (!visor->rehearsed)
        violate(world, VIOLATION_SENSELESS, "reexec of what was not rehearsed, or in vain");
    if (visor->stop_asked)
        violate(world, VIOLATION_SENSELESS, "reexec instead of the stop that was asked for");
}

void invariant_exit(World *world, ExitCode code) {
    const Visor *visor = &world->visor;
    bool other = code == EXIT_CODE_NODE_ALIVE;
    if (anything_alive(world) && !other)
        violate(world, VIOLATION_LEFT_ALIVE, "left with %d", (int)code);
    if (code == EXIT_CODE_OK && !visor->stop_asked)
        violate(world, VIOLATION_SENSELESS, "left without being asked to");
    if (visor->unsaved_usec != 0 && visor->unsaved_usec != world->now_usec)
        violate(world, VIOLATION_NOT_NOTED, "left without a last try to save what was not saved");
    if (code == EXIT_CODE_NODE_FAILED && !visor->gave_up &&
        visor->restarts_used < visor->core.settings.max_restarts)
        violate(world, VIOLATION_BUDGET, "gave up after %llu restarts", (unsigned long long)visor->restarts_used);
}

static uint64_t time_to_answer_usec(const Visor *visor) {
    const Settings *settings = &visor->core.settings;
    return visor->core.node.start == NODE_START_RESTART ? settings->restart_connection_usec
                                                        : settings->first_connection_usec;
}

/* A Visor that dies between the word and its record is one that tells it twice; no other is. */
static void completed(World *world, const Report *report) {
    int release = release_of_tag(report->tag);
    world->visor.completed = true;
    if (release < 0 || release >= RELEASES_MAX || !world->answered[release])
        violate(world, VIOLATION_NOT_COMPLETED, "told of '%.40s', which has not answered", report->tag);
    else if (world->told_for_good[release] && !world->record_lost[release])
        violate(world, VIOLATION_NOT_COMPLETED, "told of %s once more", report->tag);
    else
        world->told[world->visor.told = release] = true;
}

void invariant_report(World *world, const Report *report) {
    Visor *visor = &world->visor;
    switch ((int)report->kind) { /* the few that claim something */
    case REPORT_IMPOSSIBLE:
        violate(world, VIOLATION_IMPOSSIBLE, "%s", report->detail ? report->detail : "");
        break;
    case REPORT_RESTARTING:
        if (visor->restarts_used >= visor->core.settings.max_restarts)
            violate(world, VIOLATION_BUDGET, "restart %llu", (unsigned long long)visor->restarts_used + 1);
        visor->restarts_used++;
        visor->restarting_usec = world->now_usec;
        break;
    case REPORT_BUDGET_FULL:
        if (visor->restarts_used > 0)
            violate(world, VIOLATION_NOT_NOTED, "all restarts are available again");
        break;
    case REPORT_NEVER_ANSWERED:
        visor->gave_up = true;
        if (world->now_usec - visor->up_since_usec < time_to_answer_usec(visor))
            violate(
                world, VIOLATION_GAVE_UP_EARLY, "after %llu s",
                (unsigned long long)((world->now_usec - visor->up_since_usec) / SEC(1)));
        break;
    case REPORT_COMPLETED:
        if (!visor->switched)
            violate(world, VIOLATION_NOT_COMPLETED, "told with times that only an earlier Visor knows");
        completed(world, report);
        break;
    case REPORT_COMPLETED_LATER:
        completed(world, report);
        break;
    case REPORT_FAILED:
        if (world->processes[report->process].ending)
            violate(world, VIOLATION_BUDGET, "the end that the death of Visor brought about counts as a failure");
        break;
    case REPORT_ABORTED:
        if (invariant_is_proven(world, world->disk.record.release) && visor->proof_stood)
            violate(world, VIOLATION_SENSELESS, "an upgrade is called off that could be made");
        break;
    case REPORT_ADOPTED:
        visor->adopted = visor->inherited != NODE_REASON_UPGRADE;
        world->tally->adoptions++;
        break;
    default:
        break;
    }
}
