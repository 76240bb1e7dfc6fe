/*
 * HOME/.visor/state.json: what a new Visor must know that the rest of the disk does not tell.
 *
 * That is the release that runs, or that Visor decided to switch to. It is written before a switch, and when a
 * release answers: so an older one is never started again for lack of `current`, and the snapshot height of an
 * upgrade is used until its release has answered, and never after.
 */
#pragma once

#include "base/failure.h"
#include "core/tag.h"
#include "home/layout.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct State {
    char tag[RELEASE_TAG_MAX + 1]; /* "" = its binary did not tell */
    char *folder;                  /* absolute; NULL = nothing is recorded */
    char *previous;                /* the folder of the release before, absolute; NULL = it is not known */
    uint64_t height_blocks;        /* of the upgrade; 0 = it was no upgrade */
    bool answered;
} State;

/**
 * Reads the state. @ret is owned by the caller (state_clear).
 *
 * Returns 0, also if there is none yet; 1 if it is damaged, described in @failure: then @ret is empty and the file
 * is left as it is, so that a start which must refuse because of it refuses the next time, too; -errno described in
 * @failure.
 */
MUST_USE int state_load(const Home *home, State *ret, Failure *failure);

/**
 * Renames a damaged state to a name that @failure tells: nothing that may tell a person what happened is deleted.
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int state_set_aside(const Home *home, Failure *failure);

/** Makes @state durable. Returns 0 or -errno described in @failure; then the old state is as it was. */
MUST_USE int state_save(const Home *home, const State *state, Failure *failure);

/** Frees; the state is empty then. */
void state_clear(State *state);

#define _cleanup_state_ __attribute__((__cleanup__(state_clear)))
