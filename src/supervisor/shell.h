/* What the parts of the supervisor share. Private to src/supervisor. */
#pragma once

#include "base/cleanup.h"
#include "core/core.h"
#include "home/process_record.h"
#include "home/release.h"
#include "home/staged.h"
#include "home/state_copy.h"
#include "home/survivor.h"
#include "home/visor_record.h"
#include "proc/child.h"
#include "proc/tool.h"
#include "release/fetch.h"
#include "release/proof.h"
#include "rpc/client.h"
#include "rpc/statistics.h"
#include "supervisor/supervisor.h"
#include "supervisor/throttle.h"

#include <systemd/sd-event.h>

/* The core's flag for the height of the snapshot to start from. */
#define HEIGHT_FLAG "--snapshot.load-from-block-height"

enum { EVENTS_MAX = 16 }; /* answers that wait for their step; there are never more than a few */

/** One release being proven (examination.c). */
typedef struct Examination {
    char tag[RELEASE_TAG_MAX + 1];
    Found found;      /* where */
    Staged *staged;   /* what `release` is, while it is not yet in place */
    Release *release; /* found complete; its binaries are being asked */
    Proof *proof;
    Release *proven; /* what the last positive finding was about */
    char proven_tag[RELEASE_TAG_MAX + 1];
    Throttle complaints;
} Examination;

/** The accepted release being fetched (fetching.c). */
typedef struct Fetching {
    char tag[RELEASE_TAG_MAX + 1];
    Fetch *fetch;
    bool again;     /* this is not the first try of this tag */
    bool discarded; /* one of this tag was thrown away, and that was said: what comes of the next, its proof says */
    bool sandbox_told; /* what protects visor-fetch does not change while Visor runs */
    uint64_t began_usec;
    uint64_t told_usec;
    Throttle complaints;
    Throttle warnings;
} Fetching;

/** Files that are watched for changes (watch.c). */
typedef struct Watch {
    sd_event_source *home;
    sd_event_source *private;
    sd_event_source *release;
    char *release_name; /* the last part of the release folder's path */
    char *release_folder;
    sd_event_source *timer; /* looks by itself where inotify cannot */
    bool warned;
} Watch;

/** Becoming another binary (reexec.c). */
typedef struct Reexec {
    char *program; /* the binary that this process runs */
    char *path;    /* by which it was started, maybe a link to that; followed anew each time */
    Tool *rehearsal;
    VisorRecord told; /* what HOME/.visor/lock tells of this Visor */
    bool unwritten;   /* or should tell: it could not be written, and is tried again */
    Throttle complaints;
    bool pending;  /* those who asked wait for the outcome */
    bool arriving; /* of what was asked of the Visor that was this process before */
    bool waited;   /* and that one waited beside the node, too */
    uint64_t arrived_usec;
} Reexec;

/** What an earlier Visor left alive (adoption.c). */
typedef struct Remnants {
    Alive alive[PROCESS_COUNT];
    ProcessRecord records[PROCESS_COUNT]; /* also of the dead */
} Remnants;

/** How often one kind of report was made in the minute that began then. */
typedef struct ReportBudget {
    uint64_t began_usec;
    unsigned lines;
} ReportBudget;

/** What the history has (history.c). */
typedef struct HistoryNotes {
    uint64_t changes;                                /* events that were no alarm */
    uint64_t told[REPORT_KIND_COUNT][PROCESS_COUNT]; /* alarms: 1 + the changes when they were last given */
    uint64_t lost;                                   /* lines that could not be written */
    Throttle complaints;
} HistoryNotes;

typedef struct Supervisor {
    Home *home;
    Config *config;
    FileIdentity config_identity;
    bool config_refused; /* the last change was */
    sd_event *event;
    Core core;
    struct {
        Event items[EVENTS_MAX];
        size_t count;
    } queue;
    bool dispatching;
    sd_event_source *sigterm;
    sd_event_source *sigint;
    sd_event_source *sigquit;
    sd_event_source *deadline;
    sd_event_source *reload;
    Watch watch;

    Inheritance *inheritance; /* the lock of the home; borrowed */
    Reexec reexec;
    bool rehearsing; /* this is no Visor: it looks at what a start would find, and changes nothing (rehearsal.c) */
    pid_t beside;    /* then: of the Visor that runs; 0 = none is seen */

    State state;
    bool state_damaged;
    NodeNote note; /* the last one; goes into the record of what is spawned next */
    ProcessRecord records[PROCESS_COUNT];
    ino_t lock_inodes[PROCESS_COUNT]; /* of the file that a living process has locked; 0 = it lost its name */
    bool unwritten[PROCESS_COUNT];    /* the last try to write that record failed, and that was said */
    bool copy_unsynced;               /* of the state, beside the core's lock, since it was saved */
    Failure held;                     /* what keeps a living node from being taken over */
    char *last_folder;                /* of the release that was started last, as its lock file tells */
    char *earlier;                    /* what ran before `state.previous`, while this Visor remembers */
    Release *running;                 /* what was last found fit to start */
    Child *children[PROCESS_COUNT];
    Tool *segment_tool;
    Tool *version_tool;
    Examination examination;
    Fetching fetching;
    Tool *removal; /* of what was discarded (tidying.c) */
    sd_event_source *removal_retry;
    size_t removals_failed; /* since the last retry: so many at the front of the list are passed over */
    Throttle removal_failures;
    Tool *warming;
    uint64_t fetch_revision; /* counts the changes of [autoInstall] */

    RpcClient *rpc;
    StatisticsClient *statistics;
    Throttle height_failures;
    Throttle poll_failures;
    Throttle disk_failures;
    bool poll_failed; /* and that was said */
    uint64_t poll_failed_usec;
    ReportBudget report_budgets[REPORT_KIND_COUNT];
    HistoryNotes history;
    ExitCode exit_code;
} Supervisor;

void supervisor_clear(Supervisor *supervisor);

/** Takes the core through @event and all that follows from it at once. For callbacks of the event loop. */
void supervisor_dispatch(Supervisor *supervisor, Event event);

/** Answers an action: the core gets @event next. For the code that performs actions. */
void supervisor_answer(Supervisor *supervisor, Event event);

/** What the core needs to know of @config. */
Settings supervisor_settings(const Config *config);

void perform(Supervisor *supervisor, const Action *action);

/** Logs what the core has to say (reports.c). */
void report(Supervisor *supervisor, const Report *said);

/* The history: a line that cannot be written is lost, and the log says so once a minute (history.c). */
void history_note_report(Supervisor *supervisor, const Report *said);
void history_note_end(Supervisor *supervisor, ProcessName name, const char *how);

/* What is alive already (adoption.c). */

/** Looks; why something is ALIVE_UNKNOWN goes to @failure. @remnants is owned by the caller (remnants_clear). */
void remnants_look(const Supervisor *supervisor, Remnants *remnants, Failure *failure);
void remnants_clear(Remnants *remnants);
bool remnants_have(const Remnants *remnants, Alive how);

/** The record of a known living process, the core's if it is one; NULL if there is none. */
const ProcessRecord *remnants_living(const Remnants *remnants);

/** Was the data node started together with the core that is on record? */
bool remnants_have_data_node_begun(const Remnants *remnants);

/** Puts all known living processes under watch. Returns 0; 1 if one has just ended, and then none is; -errno. */
MUST_USE int remnants_adopt(Supervisor *supervisor, Remnants *remnants, Failure *failure);

/** Fills in what an inspection says of them. */
void remnants_describe(const Supervisor *supervisor, const Remnants *remnants, Event *event);

#define _cleanup_remnants_ _cleanup_(remnants_clear)

/* Becoming another binary (reexec.c). */
void reexec_asked(Supervisor *supervisor, int token);
void reexec_rehearse(Supervisor *supervisor);
void reexec_reexec(Supervisor *supervisor);

/**
 * Before the supervision begins: learns whom an earlier binary has left without an answer, and from @program,
 * argv[0], where the next one will lie.
 */
void reexec_receive(Supervisor *supervisor, const char *program);

/** It has begun. */
void reexec_begin(Supervisor *supervisor);

/** Something has happened: tells whether this Visor waits now, and for what, and answers whom it can. */
void reexec_follow(Supervisor *supervisor);

/** Writes once more what HOME/.visor/lock tells of this Visor. Somebody may have removed it. */
void reexec_write_again(Supervisor *supervisor);

/** The same into the file that this Visor holds, and into no other: somebody has written to it. */
void reexec_keep_told(Supervisor *supervisor);

/** Visor leaves: whoever still waits for an outcome hears that. */
void reexec_leave(Supervisor *supervisor, ExitCode code);
void reexec_free(Reexec *reexec);

/* Node processes (processes.c). */
void processes_spawn(Supervisor *supervisor, ProcessName name, uint64_t height_blocks);
/** Takes the lock of a node process, for whoever will inherit it. Returns 0; -EBUSY if it is held; -errno. */
MUST_USE int processes_take_lock(const Supervisor *supervisor, ProcessName name, int *ret_fd, Failure *failure);
/** Remembers the lock file that a process holds that this Visor has not started. */
void processes_remember_lock(Supervisor *supervisor, ProcessName name);
/** The end of a node process: for child_start() and child_adopt(). */
void processes_ended(Child *child, const ChildEnd *end, void *userdata);
void processes_signal_all(const Supervisor *supervisor, ProcessName name, int signal_number);
void processes_check_lock(Supervisor *supervisor, ProcessName name);
void processes_check_kept(const Supervisor *supervisor);
void processes_free(Supervisor *supervisor);

/* What is written down of the node (records.c). */

/**
 * Writes into the lock that @lock_fd holds what is about to be started: before it is there, and it signs that
 * itself, so a Visor that dies in between leaves nothing untold. Returns 0, also if it cannot be written, which is
 * said and tried again; -ENOMEM described in @failure.
 */
MUST_USE int records_begin(Supervisor *supervisor, ProcessName name, int lock_fd, Failure *failure);
/** It was started: learns who it is. */
void records_started(Supervisor *supervisor, ProcessName name);
/** Writes beside each process that lives what a new Visor must know of the node. */
void records_note(Supervisor *supervisor, const NodeNote *note);
/** The state was saved: copies it, durably, to where it is looked for if state.json is lost. */
void records_copy_state(Supervisor *supervisor);
/** Something is not written down: the core is told, and tries again. */
void records_tell_unwritten(Supervisor *supervisor);
/** Sees that HOME/.visor is there, and writes anew what was lost with it. */
void records_keep_private(Supervisor *supervisor);
/** A lock file may have been written to by somebody else: if it tells of another process or state now, it is put
 * right. */
void records_keep_text(Supervisor *supervisor);
/** The same of the state. */
void records_keep_state(Supervisor *supervisor);

/**
 * Writes once more what a new Visor must know: what the locks tell, and the state. Somebody may have removed it.
 * Returns 0, or -errno described in @failure if a living process or the state is not written down: another Visor
 * could not take it over, or would not know what it is in the middle of. That was said, and is tried again while
 * the node lives.
 */
int records_write_again(Supervisor *supervisor, Failure *failure);

/* The facts of a start (inspection.c). */
void inspect(Supervisor *supervisor);
/** Returns 0; -EPROTO if a newer Visor wrote the state; described in @failure. */
MUST_USE int inspect_begin(Supervisor *supervisor, Event *ret, Failure *failure);
/**
 * The look itself: what is alive, and is that, or what would be started, as it must be? Puts under watch what can
 * be taken over. @remnants is owned by the caller (remnants_clear). Returns 0 or -errno; described in @failure, as
 * is what is ALIVE_UNKNOWN.
 */
MUST_USE int inspect_look(Supervisor *supervisor, Remnants *remnants, Failure *failure);

/* What the binaries say (tools.c). */

void tools_ask_version(Supervisor *supervisor);
void tools_query_segment(Supervisor *supervisor);
void tools_cancel(Supervisor *supervisor);

/* The accepted release (examination.c). */
void examination_start(Supervisor *supervisor, const char *tag);
void examination_watch(Supervisor *supervisor, const char *tag);
bool examination_stands(const Supervisor *supervisor, const char *tag);
void examination_cancel(Examination *examination);
void examination_free(Examination *examination);

/* The fetch of the accepted release (fetching.c). */
void fetching_start(Supervisor *supervisor, const char *tag);
void fetching_cancel(Supervisor *supervisor);

/** What was said of fetching is news again: another release, or other settings. */
void fetching_forget(Fetching *fetching);

/* What was fetched, on its way into the home (staged.c). */

/**
 * Loads what was fetched of the release @tag, to be proven before it goes to @folder. Fills in examination.found.
 * Returns 0; 1 if nothing complete is there; -errno described in @failure.
 */
MUST_USE int staged_load(Supervisor *supervisor, const char *tag, const char *folder, Failure *failure);
void staged_place(Supervisor *supervisor, const char *tag);
void staged_discard(Supervisor *supervisor, const char *tag);

/* Room on the disk, and in memory (tidying.c). */

/** Puts aside what was staged of other releases than @tag; "": all of it, and finished releases over the number. */
void tidying_clear(Supervisor *supervisor, const char *tag);

/** Removes what was put aside, in the background. */
void tidying_remove(Supervisor *supervisor);

/** Reads the binaries of the proven release @tag into the page cache, in the background. */
void tidying_warm(Supervisor *supervisor, const char *tag);

/* The record and the link (switching.c). */
void save(Supervisor *supervisor, const ReleaseRecord *record);
void record_running(Supervisor *supervisor);
void switch_release(Supervisor *supervisor, const char *tag);

/** Logs what the disk refused, once a minute while it stays the same. */
void switching_complain(Supervisor *supervisor, const Failure *failure);

/* Changes on disk (watch.c, reload.c). */
void watch_start(Supervisor *supervisor);
void watch_release(Supervisor *supervisor, const char *folder);
void watch_config_link(Supervisor *supervisor);
void watch_free(Watch *watch);
void reload_soon(Supervisor *supervisor);
void reload_now(Supervisor *supervisor, bool asked);
