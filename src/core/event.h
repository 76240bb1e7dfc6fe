/* What can happen to the core. Events carry the time, since the core has no clock. */
#pragma once

#include "base/exit_code.h"
#include "core/note.h"
#include "core/process.h"
#include "core/record.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* event, name, meaning */
#define EVENTS(X)                                                                                                  \
    X(EVENT_BEGIN, "begin", "`visor run` holds the home; what is durable was read")                                \
    X(EVENT_INSPECTED, "inspected", "answer to inspect")                                                           \
    X(EVENT_SEGMENT, "segment", "answer to query segment")                                                         \
    X(EVENT_SPAWNED, "spawned", "answer to spawn")                                                                 \
    X(EVENT_SPAWN_FAILED, "spawn failed", "answer to spawn")                                                       \
    X(EVENT_EXITED, "exited", "a node process ended")                                                              \
    X(EVENT_LOCK, "lock", "answer to check lock")                                                                  \
    X(EVENT_POLL_ANSWERED, "poll answered", "answer to poll")                                                      \
    X(EVENT_POLL_FAILED, "poll failed", "answer to poll")                                                          \
    X(EVENT_HEIGHT, "height", "answer to ask height")                                                              \
    X(EVENT_VERSION, "version", "answer to ask version")                                                           \
    X(EVENT_EXAMINED, "examined", "answer to examine")                                                             \
    X(EVENT_FETCHED, "fetched", "answer to fetch")                                                                 \
    X(EVENT_PLACED, "placed", "answer to place")                                                                   \
    X(EVENT_PROOF, "proof", "answer to check proof")                                                               \
    X(EVENT_SAVED, "saved", "answer to save")                                                                      \
    X(EVENT_NOT_NOTED, "not noted", "what a note or a spawn has to write beside a lock could not be written")      \
    X(EVENT_SWITCHED, "switched", "answer to switch")                                                              \
    X(EVENT_FOLDER_CHANGED, "folder changed", "something changed in or around the folder of the accepted release") \
    X(EVENT_SETTINGS, "settings", "config.toml was read again")                                                    \
    X(EVENT_STOP_ASKED, "stop asked", "SIGTERM or SIGINT; each one counts")                                        \
    X(EVENT_REEXEC_ASKED, "reexec asked", "SIGUSR2")                                                               \
    X(EVENT_REHEARSED, "rehearsed", "answer to rehearse")                                                          \
    X(EVENT_REEXEC_FAILED, "reexec failed", "answer to reexec")                                                    \
    X(EVENT_DEADLINE, "deadline", "core_deadline_usec() has come")

typedef enum EventType {
#define X(event, name, meaning) event,
    EVENTS(X)
#undef X
        EVENT_TYPE_COUNT
} EventType;

extern const char *const EVENT_NAME[EVENT_TYPE_COUNT];

typedef enum SegmentResult {
    SEGMENT_FOUND,
    SEGMENT_NONE,   /* the data node has no history segments yet: start without a height */
    SEGMENT_FAILED, /* anything else: the start has failed */
} SegmentResult;

/** Where an examination found the release. */
typedef enum Found {
    FOUND_IN_PLACE, /* its folder is there, be it right or wrong */
    FOUND_ABSENT,   /* a fetch can supply what is missing */
    FOUND_STAGED,   /* it was fetched and is complete, but not yet in place */
    FOUND_USELESS,  /* what was fetched is not the release: it has to go */
} Found;

/** What an inspection finds of a node process that this Visor has not started. */
typedef enum Alive {
    ALIVE_NOTHING,
    ALIVE_ADOPTED, /* identified and under watch: its end will be an event */
    ALIVE_UNKNOWN, /* its lock is held, by what cannot be identified */
} Alive;

/** One event. Strings are borrowed for the step. */
typedef struct Event {
    EventType type;
    uint64_t now_usec; /* CLOCK_MONOTONIC */
    union {
        struct {                         /* EVENT_BEGIN */
            const ReleaseRecord *record; /* what is durable; NULL = nothing */
            bool is_current;             /* `current` names the folder of that release */
            uint64_t seed;               /* any number, another one on every machine */
        } begin;
        struct {             /* EVENT_INSPECTED */
            ExitCode result; /* EXIT_CODE_OK: may start */
            bool has_data_node;
            bool has_statistics;  /* run-config.toml says where to ask for the block height */
            bool is_recorded;     /* what starts, or lives, is the release on record */
            bool operator_height; /* the operator's arguments already name a snapshot height */
            Alive alive[PROCESS_COUNT];
            NodeNote note;        /* of what was adopted */
            bool data_node_began; /* the data node had been spawned in the start of the core that is alive */
            bool ending;          /* what was adopted was told to stop by the death of its Visor */
        } inspected;
        struct { /* EVENT_SEGMENT */
            SegmentResult result;
            uint64_t height_blocks;
        } segment;
        struct { /* EVENT_SPAWNED, EVENT_SPAWN_FAILED, EVENT_EXITED */
            ProcessName name;
        } process;
        struct { /* EVENT_LOCK */
            ProcessName name;
            bool held;
        } lock;
        struct { /* EVENT_POLL_ANSWERED */
            bool has_release;
            const char *tag;
            uint64_t height_blocks;
            bool ready;
        } poll;
        struct { /* EVENT_HEIGHT */
            bool known;
            uint64_t height_blocks;
        } height;
        struct { /* EVENT_VERSION: NULL = the binary did not tell */
            const char *tag;
        } version;
        struct { /* EVENT_EXAMINED */
            const char *tag;
            bool proven;
            bool is_current; /* the folder is the one that `current` names */
            Found found;
        } examined;
        struct { /* EVENT_FETCHED */
            const char *tag;
            bool ok;
            bool progressed;           /* bytes came that need not come again */
            uint64_t retry_after_usec; /* what the server asked for; 0 = nothing */
        } fetched;
        struct { /* EVENT_PLACED */
            bool ok;
            bool proven; /* every file in place is the one that was proven where it was staged */
        } placed;
        struct { /* EVENT_PROOF, EVENT_SAVED, EVENT_SWITCHED, EVENT_REHEARSED */
            bool ok;
        } done;
        struct { /* EVENT_SETTINGS */
            const Settings *settings;
        } changed;
    };
} Event;
