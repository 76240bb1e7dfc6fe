/* Dying on purpose: by a signal or with a code, without any of the good manners of a stop. */
#pragma once

#include "sim/event_log.h"
#include "sim/scenario.h"
#include "sim/starts.h"

/** The number of a signal by its name, "SIGSEGV"; 0 if there is none. */
int crash_signal_number(const char *name);

/** Is this start among those that the scenario lets crash ("crash_times")? */
bool crash_is_due(const Scenario *scenario, const Starts *starts);

/** Writes the event "crash" and dies as the scenario says: "crash_signal", else with the code of "crash_exit". */
__attribute__((__noreturn__)) void crash_now(const Scenario *scenario, const EventLog *log);
