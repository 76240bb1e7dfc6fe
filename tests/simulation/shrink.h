/*
 * Makes a history that fails a short one: parts of its stream of choices are taken out, zeroed and lowered for as
 * long as the same invariant is violated.
 */
#pragma once

#include "tests/simulation/choice.h"
#include "tests/simulation/violation.h"

/** Lives through the history of @seed, recording its choices in @record. Returns the violation. */
Violation shrink_record(uint64_t seed, ChoiceList *record);

/** Shrinks @choices, which violate @kind, in place. Tries at most @tries_max histories. */
void shrink(ChoiceList *choices, ViolationKind kind, unsigned tries_max);
