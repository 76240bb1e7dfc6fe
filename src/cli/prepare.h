/* What the steps of `visor prepare` share. */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "cli/prepare_output.h"
#include "config/config.h"
#include "home/layout.h"

#include <systemd/sd-event.h>

typedef struct Prepare {
    sd_event *event;
    PrepareOutput output;
    Home home;
    Config *config;
    const char *tag;
    char *folder;        /* where the release belongs */
    char *program;       /* visor-fetch */
    json_t *request;     /* what it is asked for */
    char *staging;       /* where it puts that */
    FetchList *verified; /* against what the fetched release was verified; NULL: nothing was fetched */
    int interrupted;     /* the signal that ends all this; 0 = none */
} Prepare;

/** Runs the event loop until @done. Returns 0; -EINTR if a signal wants an end; -errno. */
MUST_USE int prepare_wait(Prepare *prepare, const bool *done);

/** The same for @delay_usec. */
MUST_USE int prepare_pause(Prepare *prepare, uint64_t delay_usec);

/** Says why something could not be waited for, and returns @code. */
int prepare_stopped(Prepare *prepare, int code, Failure *failure);

/**
 * Fetches the release into the staging folder (prepare_fetch.c). Follows another visor-fetch that is at it.
 *
 * Returns 0; 1 if the release is in its place meanwhile, by the other's doing; -errno described in @failure.
 */
MUST_USE int prepare_fetch(Prepare *prepare, Failure *failure);

/** Completes, proves and places what was fetched (prepare_place.c). Returns 0 or -errno described in @failure. */
MUST_USE int prepare_place(Prepare *prepare, Failure *failure);

/** Asks the binaries of the release in @folder for their version (prepare_place.c). The same results. */
MUST_USE int prepare_prove(Prepare *prepare, const char *folder, Failure *failure);

/** Puts aside what is still staged of a release that is in its place (prepare_place.c). */
void prepare_drop_staged(Prepare *prepare);

/** Removes what was put aside (prepare_place.c). */
void prepare_clear_up(Prepare *prepare);
