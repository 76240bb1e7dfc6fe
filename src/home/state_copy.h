/*
 * The copy of the state in the lock file of the core (home/process_record.h): from it the state is made anew if
 * state.json is damaged or lost. With the core alive it is written with all else that the lock tells; this is for
 * when it is dead, and for whoever reads it.
 */
#pragma once

#include "home/state.h"

/**
 * Reads the copy, of a state that is damaged or, with @removed, is not there: whoever removed it took back what was
 * only decided on and not yet done, so such a copy counts as none. Nor is one believed that came here with a copy
 * of another home, or whose file has lost its name: that may be older than it should be. @ret is owned by the
 * caller (state_clear). Returns 0; 1 if there is none, or none that can be read; -errno described in @failure where
 * memory or descriptors are lacking, so that it may be there.
 */
MUST_USE int state_copy_load(const Home *home, bool removed, State *ret, Failure *failure);

/**
 * Writes @state over the copy, if it is another, in a lock that nobody holds: beside a core that lives, it is
 * written with all else. Returns 0, also if it tells nothing that could have a copy; 1 if it is held, and nothing
 * was written; -errno described in @failure.
 */
MUST_USE int state_copy_save(const Home *home, const State *state, Failure *failure);
