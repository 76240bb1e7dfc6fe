/*
 * HOME/.visor/state.json: what a new Visor must know that the rest of the disk does not tell.
 *
 * That is the last release that Visor decided to switch to. It is written before the switch, so that an older
 * release is never started again for lack of `current`, and again when the release has answered, so that its
 * snapshot height is used until then and never after.
 */
#pragma once

#include "base/failure.h"
#include "core/tag.h"
#include "home/layout.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct State {
    char tag[RELEASE_TAG_MAX + 1]; /* "" = no switch was ever made */
    char *folder;                  /* absolute; NULL with an empty tag */
    uint64_t height_blocks;
    bool answered;
} State;

/**
 * Reads the state. @ret is owned by the caller (state_clear).
 *
 * Returns 0, also if there is none yet; 1 if it was damaged: then it was set aside under the name that @failure
 * tells, and @ret is empty; -errno described in @failure.
 */
MUST_USE int state_load(const Home *home, State *ret, Failure *failure);

/** Makes @state durable. Returns 0 or -errno described in @failure; then the old state is as it was. */
MUST_USE int state_save(const Home *home, const State *state, Failure *failure);

/** Frees; the state is empty then. */
void state_clear(State *state);

#define _cleanup_state_ __attribute__((__cleanup__(state_clear)))
