/*
 * What HOME/.visor/lock tells of the Visor that holds it, beside its pid: which version it is, and what became of
 * the last request to become another binary. `visor reexec` reads it. It needs no space on a full disk.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"

#include <stddef.h>

/* outcome, name */
#define REEXEC_OUTCOMES(X)                                                                                         \
    X(REEXEC_NONE, "none")                                                                                         \
    X(REEXEC_WAITING, "waiting") /* until the node is up */                                                        \
    X(REEXEC_TRYING, "trying")                                                                                     \
    X(REEXEC_REFUSED, "refused") /* and the old Visor goes on */                                                   \
    X(REEXEC_DONE, "done")

typedef enum ReexecOutcome {
#define X(outcome, name) outcome,
    REEXEC_OUTCOMES(X)
#undef X
        REEXEC_OUTCOME_COUNT
} ReexecOutcome;

typedef struct VisorRecord {
    char version[64];
    int token; /* of the request that `outcome` is about */
    ReexecOutcome outcome;
    char text[1024]; /* of a refusal: why */
} VisorRecord;

/** Writes @record into the lock that is open as @lock_fd. Returns 0 or -errno. */
MUST_USE int visor_record_write(int lock_fd, const VisorRecord *record);

/** Reads it. Returns 0; 1 if the lock tells nothing of that kind; -errno. */
MUST_USE int visor_record_load(const Home *home, VisorRecord *ret);

/** Reads the text of the lock. Returns 0 or -EBADMSG. */
MUST_USE int visor_record_decode(const char *text, size_t length, VisorRecord *ret);
