/* The file a scenario comes from: where it is, reading it, and noticing that it changed. */
#pragma once

#include "sim/event_log.h"
#include "sim/loop.h"
#include "sim/scenario.h"

typedef struct ScenarioFile ScenarioFile;

/** Called after the scenario has been replaced. */
typedef void (*ScenarioHandler)(void *userdata);

/**
 * Where the scenario of @program lies: --scenario, else scenario.json in the home, else VEGA_SIM_SCENARIO, else
 * scenario.json beside the executable. Owned by the caller (free); NULL when memory is out.
 */
char *scenario_path(const Program *program);

/**
 * Reads the scenario from @path into @scenario; a file that is missing means that all is as by default.
 * Returns 0; -EINVAL for bad content, or -errno, described in @failure: then @scenario is as it was.
 */
MUST_USE int scenario_load(Scenario *scenario, const char *path, Failure *failure);

/**
 * Watches @path and reads it into @scenario now, and again whenever it is replaced, written or removed. Each
 * reading after the first is an event "scenario", or "bad-scenario" if it is bad: then the earlier one stays.
 *
 * Everything is borrowed. Returns 0 or -errno, described in @failure.
 */
MUST_USE int scenario_file_new(
    Loop *loop, Scenario *scenario, const char *path, const EventLog *log, ScenarioHandler handler, void *userdata,
    ScenarioFile **ret, Failure *failure);

/** Returns NULL; NULL is fine. */
ScenarioFile *scenario_file_free(ScenarioFile *file);
