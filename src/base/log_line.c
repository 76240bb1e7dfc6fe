#include "base/log_line.h"

#include "base/strings.h"
#include "base/timestamp.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const int PRIORITIES[LOG_LEVEL_COUNT] = {
#define X(level, name, label, priority) [level] = priority,
    LOG_LEVELS(X)
#undef X
};

static const char *const LABELS[LOG_LEVEL_COUNT] = {
#define X(level, name, label, priority) [level] = label,
    LOG_LEVELS(X)
#undef X
};

/* Appends to a line as long as it fits; `reserved` keeps room for what must still come. */
typedef struct Writer {
    LogLine *line;
    size_t reserved;
    bool full;
} Writer;

static void put(Writer *writer, const char *text, size_t length) {
    if (writer->full || writer->line->length + length + writer->reserved > sizeof writer->line->text) {
        writer->full = true;
        return;
    }
    memcpy(writer->line->text + writer->line->length, text, length);
    writer->line->length += length;
}

static void put_string(Writer *writer, const char *text) {
    put(writer, text, strlen(text));
}

__attribute__((__format__(__printf__, 2, 3))) static void put_format(Writer *writer, const char *format, ...) {
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        put(writer, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void put_time(Writer *writer, uint64_t realtime_usec) {
    char time[TIMESTAMP_BYTES];
    put_string(writer, timestamp_local(&time, realtime_usec));
}

static void put_milliseconds(Writer *writer, int64_t usec) {
    put_format(writer, "%lld.%lld", (long long)(usec / 1000), (long long)(usec % 1000 / 100));
}

static bool needs_quotes(const char *value) {
    if (!*value)
        return true;
    for (size_t length; *value; value += length) {
        length = printable_sequence_length(value);
        if (length == 0 || strchr(" \"=\\", *value))
            return true;
    }
    return false;
}

/* One character, or @replacement for one that a terminal would obey; returns its bytes. */
static size_t put_printable(Writer *writer, const char *text, const char *replacement) {
    size_t length = printable_sequence_length(text);
    put(writer, length > 0 ? text : replacement, length > 0 ? length : 1);
    return length > 0 ? length : 1;
}

static void put_plain(Writer *writer, const char *text) {
    while (*text)
        text += put_printable(writer, text, (unsigned char)*text < ' ' ? " " : "?");
}

static void put_quoted(Writer *writer, const char *value) {
    put_string(writer, "\"");
    while (*value) {
        if (*value == '"' || *value == '\\')
            put_string(writer, "\\");
        if (*value == '\n') {
            put_string(writer, "\\n");
            value++;
        } else {
            value += put_printable(writer, value, "?");
        }
    }
    put_string(writer, "\"");
}

static void put_text_field(Writer *writer, const LogField *field) {
    put_format(writer, "%s=", field->key);
    switch (field->type) {
    case LOG_FIELD_STRING:
        if (needs_quotes(field->string))
            put_quoted(writer, field->string);
        else
            put_plain(writer, field->string);
        break;
    case LOG_FIELD_INTEGER:
        put_format(writer, "%lld", (long long)field->integer);
        break;
    case LOG_FIELD_MILLISECONDS:
        put_milliseconds(writer, field->integer);
        put_string(writer, "ms");
        break;
    case LOG_FIELD_END:
        break;
    }
}

static void put_text_fields(Writer *writer, const LogField *fields) {
    for (const LogField *field = fields; field->type != LOG_FIELD_END; field++) {
        put_string(writer, field == fields ? "" : " ");
        put_text_field(writer, field);
    }
}

static void put_text(Writer *writer, const char *component, const char *message, const LogField *fields) {
    static const char CUT[] = "...\n";
    writer->reserved = sizeof CUT - 1;
    put_format(writer, "%s: ", component);
    put_plain(writer, message);
    put_string(writer, fields->type == LOG_FIELD_END ? "" : "  ");
    put_text_fields(writer, fields);
    bool cut = writer->full;
    *writer = (Writer){.line = writer->line};
    put_string(writer, cut ? CUT : "\n");
}

/* Bytes that are no UTF-8 would make the whole line unreadable for a JSON parser (RFC 8259, 8.1). */
static void put_json_string(Writer *writer, const char *text) {
    put_string(writer, "\"");
    while (*text) {
        unsigned char byte = (unsigned char)*text;
        size_t length = utf8_sequence_length(text);
        if (length == 0)
            put_string(writer, "\\ufffd");
        else if (byte == '"' || byte == '\\')
            put_format(writer, "\\%c", byte);
        else if (byte < ' ' || byte == 0x7f)
            put_format(writer, "\\u%04x", byte);
        else
            put(writer, text, length);
        text += length > 0 ? length : 1;
    }
    put_string(writer, "\"");
}

static void put_json_field(Writer *writer, const LogField *field) {
    put_string(writer, ",");
    put_json_string(writer, field->key);
    put_string(writer, ":");
    switch (field->type) {
    case LOG_FIELD_STRING:
        put_json_string(writer, field->string);
        break;
    case LOG_FIELD_INTEGER:
        put_format(writer, "%lld", (long long)field->integer);
        break;
    case LOG_FIELD_MILLISECONDS:
        put_milliseconds(writer, field->integer);
        break;
    case LOG_FIELD_END:
        break;
    }
}

static void put_json(
    Writer *writer, LogLevel level, uint64_t realtime_usec, const char *component, const char *message,
    const LogField *fields) {
    static const char CUT[] = ",\"truncated\":true}\n";
    writer->reserved = sizeof CUT - 1;
    put_string(writer, "{\"time\":\"");
    put_time(writer, realtime_usec);
    put_format(writer, "\",\"level\":\"%s\",\"component\":\"%s\",\"message\":", LOG_LEVEL_NAMES[level], component);

    size_t whole_length = writer->line->length;
    put_json_string(writer, message);
    if (writer->full) { /* only a message of more than 4 KB comes here */
        writer->line->length = whole_length;
        writer->full = false;
        put_string(writer, "\"\"");
        writer->full = true;
    }
    whole_length = writer->line->length;

    for (const LogField *field = fields; field->type != LOG_FIELD_END && !writer->full; field++) {
        put_json_field(writer, field);
        if (!writer->full)
            whole_length = writer->line->length;
    }
    bool cut = writer->full;
    writer->line->length = whole_length;
    *writer = (Writer){.line = writer->line};
    put_string(writer, cut ? CUT : "}\n");
}

void log_line_format(
    LogLine *line, LogFormat format, LogLevel level, uint64_t realtime_usec, const char *component,
    const char *message, const LogField *fields) {
    Writer writer = {.line = line};
    line->length = 0;

    switch (format) {
    case LOG_FORMAT_JSON:
        put_json(&writer, level, realtime_usec, component, message, fields);
        return;
    case LOG_FORMAT_JOURNAL:
        put_format(&writer, "<%d>", PRIORITIES[level]);
        break;
    case LOG_FORMAT_AUTO:
    case LOG_FORMAT_CONSOLE:
    case LOG_FORMAT_COUNT:
        put_time(&writer, realtime_usec);
        put_format(&writer, " %s ", LABELS[level]);
        break;
    }
    put_text(&writer, component, message, fields);
}

void log_line_fields(LogLine *line, const LogField *fields) {
    static const char CUT[] = "...";
    Writer writer = {.line = line, .reserved = sizeof CUT - 1};
    line->length = 0;
    put_text_fields(&writer, fields);
    if (writer.full) {
        writer = (Writer){.line = line};
        put_string(&writer, CUT);
    }
}
