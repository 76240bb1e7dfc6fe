/* One history, from the first start of Visor to the end, when all has to be well. */
#pragma once

#include "tests/simulation/world.h"

/**
 * Lives through the history that @choices lead to. @tally is added to; @trace may be NULL. Returns the world as it
 * is at the end, for its violation and hash, in @world.
 */
void history_live(World *world, const Choices *choices, Tally *tally, FILE *trace);

/** The same, and an assertion of the core that fails is a violation like any other. */
void history_live_guarded(World *world, const Choices *choices, Tally *tally, FILE *trace);
