/* What the two questions to a binary have in common, `version` and `latest-history-segment`. */
#pragma once

#include "sim/event_log.h"
#include "sim/scenario.h"

/**
 * Writes the event "main", into the event log of the home or the one that VEGA_SIM_LOG names, if any, and reads the
 * scenario. Returns 0, or an exit code after the error was reported; on 0 @ret is freed with scenario_free.
 */
MUST_USE int tool_begin(const Program *program, Scenario *ret);

/**
 * Misbehaves as @how says: "hang" (never returns), "huge" (output without an end), "garbage" or "fail".
 * Returns the exit code, or -1 if @how is nothing of that.
 */
MUST_USE int tool_misbehave(const char *how);
