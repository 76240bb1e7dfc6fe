/* One step of the core, as its parts see it. Private to src/core. */
#pragma once

#include "core/core.h"

/** Everything a part needs during one step. */
typedef struct Step {
    Core *core;
    uint64_t now_usec;
    Actions *actions;
} Step;

/** Appends an action; the caller fills in the rest. */
Action *step_do(Step *step, ActionType type);

/** Appends a report. */
void step_report(Step *step, Report report);

/** Says that @detail came where it cannot come. */
void step_impossible(Step *step, const char *detail);

/* The node (node.c). */

/** Leaves because the operator asked to; nothing of the node is alive. */
void node_leave(Step *step);

/** Begins a start: first the facts. */
void node_start(Step *step, NodeStart start);

void node_inspected(Step *step, const Event *event);

/** The only writer of the node's phase. */
void node_enter(Step *step, NodePhase phase);

/** All of its processes are there: what is to be done at once. */
void node_complete(Step *step);

void node_segment(Step *step, const Event *event);
void node_spawned(Step *step, ProcessName name);

/** Wants the node down for @reason; a reason that is there already stays. */
void node_stop(Step *step, NodeReason reason);

/** The operator asked to stop: gracefully the first time, in haste after that. */
void node_stop_asked(Step *step);

/** `current` names the new release: starts it, unless the operator asked to leave. */
void node_switched(Step *step);

/** A process has ended by itself, or could not be started. */
void node_failed(Step *step);

/**
 * A poll has failed. Gives the node up if it began after the time to answer was over: time alone is no failure, for
 * Visor itself may have been frozen.
 */
void node_unanswered(Step *step);

/** The core has answered for the first time since its start. */
void node_answered(Step *step);

/** The running binary did not report its version: it is asked again in a while. */
void node_ask_again(Step *step);

/** If the node is wanted down and all of it is, goes on to what it went down for. */
void node_settle(Step *step);

/** Does what is due at this moment. */
void node_deadline(Step *step);
uint64_t node_deadline_usec(const Core *core);

/* What an earlier Visor left alive (adoption.c). */

/** Takes over what is alive, or waits for its end; false if there is nothing. */
bool adoption_inspected(Step *step, const Event *event);

/* The note (note.c). */

/** Writes beside the node's locks what is so now. */
void node_note(Step *step);

/** That failed: tried again until it succeeds, or nothing of the node is alive. */
void node_not_noted(Step *step);
void node_note_when_due(Step *step);
uint64_t node_note_due_usec(const Core *core);

/* The release record (record.c). */

/** Makes durable that the release @tag has come to @stage. */
void record_save(Step *step, const char *tag, uint64_t height_blocks, ReleaseStage stage);

/** Makes durable that the blocks of the release have been seen to come, and that this was told. */
void record_save_blocks_seen(Step *step);

/** That failed, and nothing waits for it: tried again until it succeeds, or another record takes its place. */
void record_not_saved(Step *step);
void record_save_when_due(Step *step);

/** Visor leaves: what could not be recorded yet is tried once more. */
void record_save_at_last(Step *step);

/* Becoming another binary (handover.c). */

void handover_asked(Step *step);
void handover_rehearsed(Step *step, bool ok);
void handover_failed(Step *step);

/** Begins the rehearsal as soon as it can be. */
void handover_advance(Step *step);

/* The node's processes (departure.c). */

/** Takes a process through an event and does what its cell says. */
void process_feed(Step *step, ProcessName name, ProcessEvent event);

void process_lock(Step *step, ProcessName name, bool held);
bool processes_down(const Core *core);
void processes_deadline(Step *step);
uint64_t processes_deadline_usec(const Core *core);

/* The blocks after an upgrade (blocks.c). */

/** Says @completed as soon as the block height has moved. */
void blocks_watch(Step *step, const Report *completed);

/** An earlier Visor waited for the blocks of the release on record: so does this one. */
void blocks_resume(Step *step);

/** Another upgrade begins: what was to be said of the last one is not any more. */
void blocks_forget(Step *step);

/**
 * The next start, or what was taken over, has been inspected: without statistics there is nothing to wait for, and
 * if it is another release, the operator has gone back and nothing of that upgrade will be complete.
 */
void blocks_inspected(Step *step, const Event *event);

/** The node answers, again: from now on its blocks should come. */
void blocks_expected(Step *step);

/** The question under way was cancelled. */
void blocks_unasked(Step *step);

void blocks_height(Step *step, bool known, uint64_t height_blocks);
void blocks_deadline(Step *step);
uint64_t blocks_deadline_usec(const Core *core);

/* The upgrade (plan.c). */

/** Reads the node's answer into facts. */
void upgrade_observe(Step *step, const Event *event);

void upgrade_running(Step *step, const char *tag);
void upgrade_examined(Step *step, const Event *event);
void upgrade_folder_changed(Step *step);
void upgrade_placed(Step *step, const Event *event);
void upgrade_proof(Step *step, bool stands);
void upgrade_saved(Step *step, bool ok);
void upgrade_stopped(Step *step);
void upgrade_switched(Step *step, bool ok);
void upgrade_started(Step *step);

/** The old node is down: looks at the proof once more, then switches, or goes back to the old release. */
void upgrade_switch_when_due(Step *step);
void upgrade_switch_or_abort(Step *step, bool proven);

/** What the disk refused is tried again soon, and talked about, as @kind, once a minute. */
void upgrade_try_again(Step *step, ReportKind kind);

/** The release that `current` names has never answered: its upgrade goes on where an earlier Visor was. */
void upgrade_restore(Step *step);

/**
 * An earlier Visor decided on the upgrade and the old node is going down (@phase NODE_STOPPING), or down
 * (NODE_SWITCHING): goes on with it, and proves the release anew meanwhile.
 */
void upgrade_resume(Step *step, NodePhase phase);

/** The release of a resumed upgrade was examined. */
void upgrade_examined_anew(Step *step, const Event *event);

/** The examination under way was ended; another is due. */
void upgrade_interrupted(Step *step);

/** Examines the release if that is due. */
void upgrade_examine_when_due(Step *step);

/** Nothing is accepted any more. */
void upgrade_forget(Upgrade *upgrade);

/** The new release has answered: the upgrade is complete. */
void upgrade_completed(Step *step);

/** Does what the step that the facts call for demands now; called at the end of every step of the core. */
void upgrade_advance(Step *step);
uint64_t upgrade_deadline_usec(const Core *core);

/** When the old node may be stopped, once it is ready: after the stop delay, and not before a failed try is due
 * again. */
uint64_t upgrade_stop_due_usec(const Core *core);

/* Fetching it (fetch_plan.c). */

/** A release is accepted: plans the first try. */
void fetch_plan_begin(Step *step);

/** The network waits, or what stood in the way may have changed: the next try is due now. */
void fetch_plan_hurry(Step *step);

void fetch_plan_settings_changed(Step *step, const Settings *before);

/** The try under way was ended with the other tools. */
void fetch_plan_interrupted(Step *step);

/** A try has ended. */
void fetch_plan_ended(Step *step, const Event *event);

/** Begins a try that is due, and ends one that nobody wants any more. */
void fetch_plan_advance(Step *step);
uint64_t fetch_plan_deadline_usec(const Core *core);

/* What is said of it (announce.c). */

enum {
    UPGRADE_ALARM_USEC = 60 * 1000 * 1000, /* what keeps an upgrade from going on is repeated so often */
    UPGRADE_RETRY_USEC = 2 * 1000 * 1000,  /* what the disk refused is tried again after so long */
};

/** Says that the step is another one than @before. */
void upgrade_announce(Step *step, UpgradeStep before);

/** Says that the network waits, and when that is due again. */
void upgrade_announce_blocked(Step *step);
