/*
 * What HOME/.visor/lock tells of the Visor that holds it, beside its pid: which version it is, whether it can do
 * nothing but wait, and what became of the last request to become another binary. `visor reexec` and `visor check`
 * read it. It needs no space on a full disk.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"

#include <stdbool.h>
#include <stddef.h>

/* outcome, name */
#define REEXEC_OUTCOMES(X)                                                                                         \
    X(REEXEC_NONE, "none")                                                                                         \
    X(REEXEC_WAITING, "waiting") /* until the node is up */                                                        \
    X(REEXEC_TRYING, "trying")                                                                                     \
    X(REEXEC_REFUSED, "refused") /* and the old Visor goes on */                                                   \
    X(REEXEC_DONE, "done")                                                                                         \
    X(REEXEC_FAILED, "failed") /* nobody supervises the node, or soon will: `text` tells why */

typedef enum ReexecOutcome {
#define X(outcome, name) outcome,
    REEXEC_OUTCOMES(X)
#undef X
        REEXEC_OUTCOME_COUNT
} ReexecOutcome;

enum { VISOR_REQUESTS_MAX = 8 };

typedef struct VisorRecord {
    char version[64];
    int tokens[VISOR_REQUESTS_MAX]; /* of the requests that `outcome` is about, the last one last */
    size_t token_count;
    ReexecOutcome outcome;
    char text[1024];  /* why it was refused, or failed */
    char waits[1024]; /* what it cannot take over, and why; "": it does not wait for the end of anything */
} VisorRecord;

/** Is @token that of one of the requests? */
bool visor_record_has(const VisorRecord *record, int token);

/** Adds a request; if there are too many, the first one is forgotten. 0 and what is there already are not added. */
void visor_record_add(VisorRecord *record, int token);

/** The token of the last request; 0 = there is none. */
int visor_record_last(const VisorRecord *record);

/** Writes @record into the lock that is open as @lock_fd. Returns 0 or -errno. */
MUST_USE int visor_record_write(int lock_fd, const VisorRecord *record);

/** Reads it. Returns 0; 1 if the lock tells nothing of that kind; -errno. */
MUST_USE int visor_record_load(const Home *home, VisorRecord *ret);

/** Reads the text of the lock. Returns 0 or -EBADMSG. */
MUST_USE int visor_record_decode(const char *text, size_t length, VisorRecord *ret);
