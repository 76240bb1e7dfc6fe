/*
 * HOME/.visor/state.json: what a new Visor must know that the rest of the disk does not tell.
 *
 * That is the release that runs, or that Visor decided to switch to. It is written before the old node is stopped,
 * when the new one was started, and when it answers: so a switch that was decided is made, an older release is
 * never started again for lack of `current`, and the snapshot height of an upgrade is used until its release has
 * answered, and never after.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "core/record.h"
#include "home/layout.h"

#include <stddef.h>

typedef struct State {
    ReleaseRecord release;
    char *folder;   /* of that release, absolute; NULL = nothing is recorded */
    char *previous; /* the folder of the release before, absolute; NULL = it is not known */
} State;

/**
 * Reads the state. @ret is owned by the caller (state_clear).
 *
 * Returns 0, also if there is none yet; 1 if it is damaged, described in @failure: then @ret is empty and the file
 * is left as it is, so that a start which must refuse because of it refuses the next time, too; -EPROTO if a newer
 * Visor wrote it, which is never guessed at; -errno. Described in @failure.
 */
MUST_USE int state_load(const Home *home, State *ret, Failure *failure);

/** Reads the text of a state. Returns 0, -EBADMSG, -EPROTO (a newer format) or -ENOMEM. */
MUST_USE int state_decode(const char *text, size_t length, State *ret);

/** The same of a state that is a part of another text. @root is borrowed. */
MUST_USE int state_unpack(json_t *root, State *ret);

/** Returns @state as such a part, owned by the caller; NULL if there is no memory. */
json_t *state_pack(const State *state);

/** Makes a second one in @ret, owned by the caller. Returns 0 or -ENOMEM; then @ret is empty. */
MUST_USE int state_duplicate(const State *state, State *ret);

/** Do they tell the same? */
bool state_equal(const State *left, const State *right);

/**
 * Gives a damaged state a name that @failure tells: nothing that may tell a person what happened is deleted. With
 * @replaced it keeps its own as well, until another one is saved in its place: a file that is missing means
 * something else. Returns 0 or -errno described in @failure.
 */
MUST_USE int state_set_aside(const Home *home, bool replaced, Failure *failure);

/** Makes @state durable. Returns 0 or -errno described in @failure; then the old state is as it was. */
MUST_USE int state_save(const Home *home, const State *state, Failure *failure);

/**
 * Sees that the file is what state_save() makes of @state, and makes it so if it is not: somebody has removed it or
 * written over it. Returns 0; 1 if it was not; -errno described in @failure.
 */
MUST_USE int state_keep(const Home *home, const State *state, Failure *failure);

/** Frees; the state is empty then. */
void state_clear(State *state);

#define _cleanup_state_ __attribute__((__cleanup__(state_clear)))
