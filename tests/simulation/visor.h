/*
 * Visor as the machine has it: a real core, the events that wait for it, and every action done against the virtual
 * world. It may die before, within and after each action; the service manager starts another one.
 */
#pragma once

#include "tests/simulation/disk.h"
#include "tests/simulation/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUEUE_MAX = 16 };

/* Put back, but nobody is called for it. */
#define PUT_BACK_WITH_NOTE_USEC (USEC_NEVER - 1)

/** What is under way and will be answered. */
typedef struct Tool {
    bool running;
    uint64_t due_usec;
} Tool;

typedef enum PollEnd {
    POLL_ANSWERED,
    POLL_ERROR,
    POLL_TIMED_OUT,
} PollEnd;

typedef enum FetchEnd {
    FETCH_DONE,
    FETCH_FAILED,
    FETCH_PROGRESSED,
    FETCH_USELESS,
} FetchEnd;

typedef enum Death {
    DEATH_BEFORE,
    DEATH_WITHIN,
    DEATH_AFTER,
} Death;

typedef struct Visor {
    bool alive;
    unsigned pid;
    unsigned life;
    Core core;
    Event queue[QUEUE_MAX];
    size_t queued;
    bool stop_asked;
    uint64_t thaw_usec;        /* frozen until then */
    uint32_t actions_to_death; /* 0 = it does not die of that */
    Death death;
    uint64_t restart_usec; /* when the service manager starts the next one */

    Tool poll;
    PollEnd poll_end;
    Tool height;
    Tool version;
    Tool segment;
    Tool examine;
    int examined;
    unsigned examined_identity;
    Found found;
    Tool fetch;
    int fetched;
    FetchEnd fetch_end;
    Tool rehearsal;

    int running;  /* the release that was last found fit to start */
    int recorded; /* the release of the record, as this Visor has read or written it */
    int proven;
    unsigned proven_identity;
    bool staged_proven; /* the last examination found it staged, and good */
    bool proof_stood;
    int watched;
    uint64_t folder_notice_usec;
    uint64_t exit_notice_usec[PROCESS_COUNT];
    ReleaseRecord record_read; /* what it read at its start */
    bool noted;
    NodeNote note; /* the last one that was written */

    /* What the checks go by. */
    bool gave_up;
    bool switched;   /* it has made a switch */
    bool rehearsed;  /* and that went well */
    bool completing; /* the step under way is the first answer of a release that was upgraded to */
    bool completed;  /* and that was told */
    int told;        /* the last release of which it told that */
    bool adopted;
    Record state; /* what it holds to be the record, whatever is on the disk */
    uint64_t put_back_usec;
    bool copy_unsynced;
    uint64_t unsaved_usec; /* when the last try failed to save what a release came to; 0 = it did not */
    bool going_back;       /* the record could not be written back when an upgrade was called off */
    bool data_node_tried;  /* since this start of the core */
    uint64_t ready_since_usec;
    uint64_t restarting_usec;
    NodeReason inherited; /* why an earlier Visor, or its death, was stopping what was adopted */
    uint64_t restarts_used;
    uint64_t answering_since_usec;
    uint64_t up_since_usec; /* the spawn, or the adoption */
    uint64_t segment_height_blocks;
    bool saw_answer[RELEASES_MAX];
    uint64_t moment_usec;
    unsigned steps_at_moment;
    int next_source;      /* visor_sources.c */
    bool deadline_untold; /* nothing was told of the deadline under way */
    NodePhase told_phase; /* in which it came */
    UpgradeStep told_step;
    Status told_status;  /* the last poll that was told */
    unsigned calm_steps; /* since something else than its own deadlines happened */
} Visor;

struct World;

/** Starts one, unless one lives. */
void visor_start(struct World *world);

/** SIGKILL. */
void visor_die(struct World *world);

/** Takes the core through @event and what follows from it at once. Does nothing if Visor is not alive. */
void visor_dispatch(struct World *world, Event event);

/** A process has ended; who watches it will be told. */
void visor_process_ended(struct World *world, ProcessName name);

/** The folder of @release has changed. */
void visor_folder_changed(struct World *world, int release);

/** The next moment at which something else than its polls and deadlines happens to it. */
uint64_t visor_calm_until_usec(const struct World *world);

/** When it next has something to do; frozen or not. */
uint64_t visor_due_usec(struct World *world);

/** Does the thing that visor_due_usec() found to be the next. */
void visor_advance(struct World *world);

/** CLOCK_MONOTONIC of the machine, and the other way round. */
uint64_t monotonic_usec(const struct World *world);
uint64_t from_monotonic_usec(const struct World *world, uint64_t usec);

/* What visor.c and its parts share. */

void perform(struct World *world, const Action *action);

/** Dies in the middle of @action: done, half done or not. */
void perform_partly(struct World *world, const Action *action);

void state_file_save(struct World *world, const ReleaseRecord *save);
void state_file_save_partly(struct World *world, const ReleaseRecord *save);
void state_file_record_running(struct World *world);
/** A save that was made, but called failed, is noticed and undone, and so is damage; false if that fails, too, and
 * is tried again. */
bool state_file_put_back(struct World *world);
/** Writes what Visor holds to be the record into the lock file of the core. */
void state_file_copy(struct World *world);
/** What Visor has made durable, as far as it knows. */
const Record *state_file_in_place(const struct World *world);
void visor_answer(struct World *world, Event event);
void visor_become(struct World *world, bool anew);
void visor_leave(struct World *world, ExitCode code);
Event visor_begin_event(struct World *world);
Event visor_inspected_event(struct World *world);
void tool_examine(struct World *world, int release);
void tool_examine_ends(struct World *world);
void tool_fetch(struct World *world, int release);
void tool_fetch_ends(struct World *world);
void tool_poll(struct World *world);
void tool_poll_ends(struct World *world);
void tool_ask_version(struct World *world);
void tool_ask_version_ends(struct World *world);
void tool_query_segment(struct World *world);
void tool_query_segment_ends(struct World *world);
void tool_ask_height(struct World *world);
void tool_ask_height_ends(struct World *world);
void tool_rehearse(struct World *world);
void tool_rehearse_ends(struct World *world);
void visor_cancel_tools(struct World *world);
