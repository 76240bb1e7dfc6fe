/*
 * The event log: one JSON object a line, appended with one write each, so that any number of processes share a file
 * and a test waits for what happened instead of sleeping.
 *
 *     {"t_us":81234567,"pid":4711,"process":"vega","version":"v1.2.0","event":"ready","tag":"v1.3.0","height":200}
 */
#pragma once

#include "base/json.h"
#include "sim/commands.h"

#include <stdint.h>

/** Where the events of this process go. A descriptor of -1 drops them. */
typedef struct EventLog {
    int fd;
    const char *process; /* borrowed, like the version */
    const char *version;
} EventLog;

/** Opens @path, below @folder_fd if it is relative, for the events of @program. Returns 0 or -errno. */
MUST_USE int
event_log_open(EventLog *log, const Program *program, int folder_fd, const char *path, Failure *failure);

void event_log_close(EventLog *log);

/** Writes an event that happens now; @fields become its members, may be NULL, and are released. */
void event_log_write(const EventLog *log, const char *event, json_t *fields);

/** The same for an event that happened at @usec, CLOCK_MONOTONIC. */
void event_log_write_at(const EventLog *log, uint64_t usec, const char *event, json_t *fields);
