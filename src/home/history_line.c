#include "home/history_line.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "base/timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_BYTES = 64,
    STRING_BYTES = 256,    /* tags, names and how a process ended are much shorter */
    PRECISION_DIGITS = 15, /* enough for the microseconds of a year, and 0.1 stays 0.1 */
};

static bool set(json_t *object, const char *key, json_t *taken) {
    return json_object_set_new(object, key, taken) == 0; /* a NULL fails, too */
}

static bool set_field(json_t *object, const LogField *field) {
    char printable[STRING_BYTES], key[KEY_BYTES];
    switch (field->type) {
    case LOG_FIELD_STRING:
        return set(object, field->key, json_string(string_printable(printable, sizeof printable, field->string)));
    case LOG_FIELD_INTEGER:
        return set(object, field->key, json_integer(field->integer));
    case LOG_FIELD_MILLISECONDS:
        (void)snprintf(key, sizeof key, "%s_ms", field->key);
        return set(object, key, json_real((double)field->integer / 1000));
    case LOG_FIELD_END:
        break;
    }
    return false;
}

int history_line_format(uint64_t realtime_usec, const char *event, const LogField *fields, char **ret) {
    _cleanup_json_ json_t *object = json_object();
    _cleanup_free_ char *text = NULL;
    char time[TIMESTAMP_BYTES];

    if (!object || !set(object, "time", json_string(timestamp_utc(&time, realtime_usec))) ||
        !set(object, "event", json_string(event)))
        return -ENOMEM;
    for (const LogField *field = fields; field->type != LOG_FIELD_END; field++)
        if (!set_field(object, field))
            return -ENOMEM;
    text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(PRECISION_DIGITS));
    if (!text)
        return -ENOMEM;
    if (strlen(text) > HISTORY_LINE_MAX)
        return -EMSGSIZE;
    *ret = TAKE_PTR(text);
    return 0;
}

int history_line_parse(const char *text, size_t length, HistoryLine *ret) {
    _cleanup_json_ json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const char *time = json_string_value(json_object_get(object, "time"));
    const char *event = json_string_value(json_object_get(object, "event"));
    uint64_t realtime_usec;

    if (!time || !event || !*event || timestamp_parse(time, &realtime_usec) < 0)
        return -EBADMSG;
    *ret = (HistoryLine){.text = text, .realtime_usec = realtime_usec, .event = event, .object = TAKE_PTR(object)};
    return 0;
}

void history_line_clear(HistoryLine *line) {
    json_decref(line->object);
    *line = (HistoryLine){0};
}
