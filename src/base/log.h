/*
 * Visor's own log: one line an event, on standard error, which the node's output shares but never passes through
 * us.
 *
 *     2026-03-01T04:05:06.789+01:00 INFO  upgrade: release is proven  tag=v0.80.0 height=1034000
 *
 * A line is written only if that cannot block: a log reader that hangs must not stop the supervision (a 64 KiB line
 * once froze a node). Lines that could not be written are counted and the count is logged when there is room again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* level, name in config.toml and JSON, label on the console, syslog priority (RFC 5424) */
#define LOG_LEVELS(X)                                                                                              \
    X(LOG_LEVEL_DEBUG, "debug", "DEBUG", 7)                                                                        \
    X(LOG_LEVEL_INFO, "info", "INFO ", 6)                                                                          \
    X(LOG_LEVEL_WARNING, "warning", "WARN ", 4)                                                                    \
    X(LOG_LEVEL_ERROR, "error", "ERROR", 3)

/* format, name in config.toml: "auto" is the journal's when standard error is the journal, otherwise the console's
 */
#define LOG_FORMATS(X)                                                                                             \
    X(LOG_FORMAT_AUTO, "auto")                                                                                     \
    X(LOG_FORMAT_CONSOLE, "console")                                                                               \
    X(LOG_FORMAT_JSON, "json")                                                                                     \
    X(LOG_FORMAT_JOURNAL, "journal")

typedef enum LogLevel {
#define X(level, name, label, priority) level,
    LOG_LEVELS(X)
#undef X
        LOG_LEVEL_COUNT
} LogLevel;

typedef enum LogFormat {
#define X(format, name) format,
    LOG_FORMATS(X)
#undef X
        LOG_FORMAT_COUNT
} LogFormat;

/** The names of levels and formats, by value: what config.toml spells. */
extern const char *const LOG_LEVEL_NAMES[LOG_LEVEL_COUNT];
extern const char *const LOG_FORMAT_NAMES[LOG_FORMAT_COUNT];

typedef enum LogFieldType {
    LOG_FIELD_END,
    LOG_FIELD_STRING,
    LOG_FIELD_INTEGER,
    LOG_FIELD_MILLISECONDS,
} LogFieldType;

/** One key=value of a line. Made by the field_... functions; borrows its strings for the call. */
typedef struct LogField {
    const char *key;
    LogFieldType type;
    const char *string;
    int64_t integer;
} LogField;

static inline LogField field_string(const char *key, const char *value) {
    return (LogField){.key = key, .type = LOG_FIELD_STRING, .string = value ? value : ""};
}

static inline LogField field_integer(const char *key, int64_t value) {
    return (LogField){.key = key, .type = LOG_FIELD_INTEGER, .integer = value};
}

/** A duration given in microseconds, printed in milliseconds with one decimal: took=12.3ms. */
static inline LogField field_duration(const char *key, uint64_t usec) {
    return (LogField){.key = key, .type = LOG_FIELD_MILLISECONDS, .integer = (int64_t)usec};
}

/** error="No such file or directory" from a negative errno. */
LogField field_errno(int error);

/** Sets format and least level of all later lines. LOG_FORMAT_AUTO is resolved here (systemd.exec(5),
 * JOURNAL_STREAM). */
void log_configure(LogFormat format, LogLevel level);

/** Would a line of @level be written? */
bool log_enabled(LogLevel level);

/**
 * Writes one line; @fields ends with a LOG_FIELD_END. A value with blanks or quotes is quoted, control characters
 * are replaced, a line longer than a pipe takes at once (4096 bytes) is cut.
 */
void log_write(LogLevel level, const char *component, const char *message, const LogField *fields);

#define log_event(level, component, message, ...)                                                                  \
    log_write(level, component, message, (const LogField[]){__VA_ARGS__ __VA_OPT__(, ){.type = LOG_FIELD_END}})

#define log_debug(component, ...) log_event(LOG_LEVEL_DEBUG, component, __VA_ARGS__)
#define log_info(component, ...) log_event(LOG_LEVEL_INFO, component, __VA_ARGS__)
#define log_warning(component, ...) log_event(LOG_LEVEL_WARNING, component, __VA_ARGS__)
#define log_error(component, ...) log_event(LOG_LEVEL_ERROR, component, __VA_ARGS__)
