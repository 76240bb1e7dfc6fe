/*
 * One line of the history: a JSON object of its own, first the time and the event, then what belongs to it.
 *
 *     {"time":"2026-03-01T03:05:06.789Z","event":"switched","tag":"v0.80.0","took_ms":4.812}
 *
 * Pure. Readers pass over members and events that they do not know.
 */
#pragma once

#include "base/failure.h"
#include "base/json.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

enum { HISTORY_LINE_MAX = 4096 }; /* bytes, without the newline */

/**
 * Makes the line of @event. Of @fields, ended by a LOG_FIELD_END, strings are made printable and cut, and durations
 * become milliseconds named KEY_ms.
 *
 * @ret, without a newline, is owned by the caller. Returns 0; -EMSGSIZE if it is longer than any reader takes;
 * -ENOMEM.
 */
MUST_USE int history_line_format(uint64_t realtime_usec, const char *event, const LogField *fields, char **ret);

/** A line, taken apart. */
typedef struct HistoryLine {
    const char *text; /* as it was written, without its newline; borrowed */
    uint64_t realtime_usec;
    const char *event; /* not empty; borrowed from @object */
    json_t *object;    /* all of it */
} HistoryLine;

/**
 * Reads @text of @length bytes, a NUL behind them. @ret is cleared by history_line_clear().
 * Returns 0; -EBADMSG if it is no line of a history, or memory is out (jansson does not tell).
 */
MUST_USE int history_line_parse(const char *text, size_t length, HistoryLine *ret);

void history_line_clear(HistoryLine *line);
