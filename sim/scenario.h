/*
 * What the simulated node is to do: the members of a JSON object, with more specific ones for a process, for a
 * version, and for a process of a version. It is asked anew at each decision, never copied, so that a change of the
 * file takes effect at once.
 *
 *     {"stop_ms": 100, "processes": {"data-node": {"stop_ms": 0}},
 *      "versions": {"v1.2.0": {"crash_at": 300, "processes": {"data-node": {"crash_at": 0}}}}}
 *
 * The first that has the member wins: --set, process of the version, version, process, top level.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "sim/commands.h"

#include <stdbool.h>
#include <stdint.h>

/** Checks what a scenario may contain. Returns 0, or -EINVAL described in the failure. */
typedef int (*ScenarioCheck)(const json_t *members, Failure *failure);

typedef struct ScenarioScheme {
    ScenarioCheck check_file;
    ScenarioCheck check_settings; /* of --set */
} ScenarioScheme;

typedef struct Scenario {
    const ScenarioScheme *scheme;
    const char *process; /* borrowed, like the version */
    const char *version;
    json_t *settings; /* from --set; an object */
    json_t *members;  /* from the file; an object */
} Scenario;

/**
 * The scenario of @program with the command line's settings and nothing from a file.
 * Returns 0, -EINVAL for a --set that is wrong, or -ENOMEM; described in @failure.
 */
MUST_USE int scenario_new(const Program *program, Scenario *ret, Failure *failure);

/** The same for a scenario that is none of a node's. */
MUST_USE int scenario_new_of(const ScenarioScheme *scheme, const Program *program, Scenario *ret, Failure *failure);

void scenario_free(Scenario *scenario);

/** Replaces what came from the file by @members; the reference is taken over. */
void scenario_replace(Scenario *scenario, json_t *members);

/** The value of member @name, borrowed; NULL if nothing sets it. A JSON null is a value. */
const json_t *scenario_find(const Scenario *scenario, const char *name);

/** Does the value of member @name hold for this version only? */
bool scenario_is_of_version(const Scenario *scenario, const char *name);

/** The value as a number, boolean or text; what is not set is @fallback. */
int64_t scenario_integer(const Scenario *scenario, const char *name, int64_t fallback);
bool scenario_boolean(const Scenario *scenario, const char *name, bool fallback);
const char *scenario_string(const Scenario *scenario, const char *name, const char *fallback);

/** The value of a member in milliseconds, in microseconds; 0 if it is not set. */
uint64_t scenario_usec(const Scenario *scenario, const char *name);
