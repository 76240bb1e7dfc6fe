/* The text of one log line in each format: pure, so that every corner of it is unit-tested. */
#pragma once

#include "base/log.h"

#include <limits.h>
#include <stddef.h>

/** A finished line, its newline included; at most what a pipe takes in one piece. */
typedef struct LogLine {
    char text[PIPE_BUF];
    size_t length;
} LogLine;

/**
 * Formats one line.
 *
 * - console: `TIME LEVEL component: message  key=value ...`, local time with milliseconds and zone (RFC 3339)
 * - json:    one object a line with time, level, component, message and the fields as members
 * - journal: `<priority>component: message  key=value ...` (sd-daemon(3)); the journal adds the time itself
 *
 * A line that does not fit ends in "..." (in JSON: as a whole object without the fields that did not fit and with
 * `"truncated":true`).
 */
void log_line_format(
    LogLine *line, LogFormat format, LogLevel level, uint64_t realtime_usec, const char *component,
    const char *message, const LogField *fields);

/** Only the `key=value ...` of a console line, without a newline, cut likewise: what else shows fields to a person.
 */
void log_line_fields(LogLine *line, const LogField *fields);
