/*
 * A scripted world around the core: virtual time, processes that live and die when the test says so, and the
 * answers that come at once given from facts that the test sets. Holds the invariants after every step.
 */
#pragma once

#include "core/core.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECONDS(count) ((uint64_t)((count)*1e6))

enum {
    WORLD_QUEUE_MAX = 16,
    WORLD_TRACE_BYTES = 16 * 1024,
};

/** What becomes of a poll. */
typedef enum Polls {
    POLLS_HANG,   /* stays under way until the test answers it */
    POLLS_ANSWER, /* answered at once with `status` */
    POLLS_FAIL,
} Polls;

typedef struct World {
    Core core;
    Settings settings;
    uint64_t now_usec;

    /* What is answered at once. */
    ExitCode inspection;
    bool has_data_node;
    bool went_back; /* the operator has made `current` name another release than the one on record */
    bool operator_height;
    bool has_statistics;
    bool spawn_fails[PROCESS_COUNT];
    bool descendants[PROCESS_COUNT]; /* somebody else holds the lock */
    bool proof_falls;
    bool save_fails;
    bool switch_fails;
    bool place_fails;
    bool placed_anew; /* beside files of the operator's: to be proven again */
    bool reexec_fails;
    bool note_fails;
    Alive
        found[PROCESS_COUNT]; /* by an inspection, from an earlier Visor; ALIVE_ADOPTED has to be `alive` as well */
    NodeNote found_note;
    bool data_node_began;
    bool ending;
    Polls polls;
    struct {
        char tag[RELEASE_TAG_MAX + 1]; /* "" = no release info */
        uint64_t height_blocks;
        bool ready;
    } status;

    /* What is so. */
    bool alive[PROCESS_COUNT];
    bool polling;
    bool asking;
    bool asking_height;
    bool querying;
    bool rehearsing;
    bool examining;
    char examined_tag[RELEASE_TAG_MAX + 1];
    bool fetching;
    char fetched_tag[RELEASE_TAG_MAX + 1];
    bool staged_proven; /* the last examination found it staged, and good */
    bool proof_stood;   /* the last look at the proof */
    char proof_tag[RELEASE_TAG_MAX + 1];
    char saved_tag[RELEASE_TAG_MAX + 1]; /* "" = none since the last switch */
    ReleaseRecord saved;                 /* the last one that could be */
    NodeNote node_note;                  /* the last one */
    unsigned notes;
    bool exited;
    ExitCode exit_code;

    /* What was seen. */
    char trace[WORLD_TRACE_BYTES]; /* actions but polls and reports: "spawn vega height=7; ask version" */
    unsigned said[REPORT_KIND_COUNT];
    unsigned polls_seen;
    Report report[REPORT_KIND_COUNT]; /* the last of each kind; its strings are only to be compared with NULL */
    size_t actions_most;

    Event queue[WORLD_QUEUE_MAX];
    size_t queued;
} World;

/** A world at second 1000 in which everything goes well and a poll hangs. */
void world_init(World *world);

/** Takes the core through @event, now, and through the answers that follow at once. */
void world_feed(World *world, Event event);

/** EVENT_BEGIN; @unanswered_tag may be NULL. */
void world_begin(World *world, const char *unanswered_tag, uint64_t height_blocks);

/** The same with the record of an earlier Visor; NULL = none. */
void world_begin_with(World *world, const ReleaseRecord *record, bool is_current);

/** Lets @usec pass, with every deadline of the core on its time. */
void world_pass(World *world, uint64_t usec);

/** Lets time pass until the core polls, at most 60 s. */
void world_await_poll(World *world);

/** Awaits a poll and answers it; @tag NULL = no release info. */
void world_answer(World *world, const char *tag, uint64_t height_blocks, bool ready);

/** A process ends. */
void world_end(World *world, ProcessName name);

/** A descendant of a process that held its lock ends. */
void world_release(World *world, ProcessName name);

void world_version(World *world, const char *tag);
void world_segment(World *world, SegmentResult result, uint64_t height_blocks);
void world_examined(World *world, bool proven, bool is_current);

/** The examination under way finds the release where @found says. */
void world_found(World *world, Found found, bool proven);

/** The fetch under way ends. */
void world_fetched(World *world, bool ok, bool progressed, uint64_t retry_after_usec);
void world_change_settings(World *world);
void world_stop(World *world);

/** Begins, answers the first poll and tells the version: a node that is up and well. The trace is cleared. */
void world_up(World *world, const char *version);

/** Accepts @tag and proves it: an upgrade that waits for its block. The trace is cleared. */
void world_prepare(World *world, const char *tag, uint64_t height_blocks);

/** Ends every live process, one after the other. */
void world_end_all(World *world);

/** Asserts that exactly these actions (polls and reports aside) happened since the last call. */
void world_expect(World *world, const char *trace);

/** How often @kind was reported since the last call for it. */
unsigned world_said(World *world, ReportKind kind);
