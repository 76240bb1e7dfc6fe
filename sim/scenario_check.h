/*
 * What may stand in a scenario. A member that is misspelt or of the wrong type makes the whole scenario bad:
 * ignored silently, it would leave a test green that tests nothing.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"

/** Checks a whole file: members, "versions" and "processes". Returns 0, or -EINVAL described in @failure. */
MUST_USE int scenario_check(const json_t *scenario, Failure *failure);

/** Checks members alone, as --set has them. */
MUST_USE int scenario_check_members(const json_t *members, Failure *failure);
