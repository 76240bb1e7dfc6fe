/* `visor history`: what happened to the node of a home. */
#include "base/cleanup.h"
#include "base/log_line.h"
#include "base/strings.h"
#include "base/timestamp.h"
#include "cli/error.h"
#include "cli/options.h"
#include "home/history.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    FIELDS_MAX = 16,
    TEXT_BYTES = 256, /* of a value, as a person gets to see it */
};

/* The members of a line as fields, whatever a newer Visor may have put there. */
typedef struct Members {
    LogField fields[FIELDS_MAX + 1];
    char keys[FIELDS_MAX][64];
    char values[FIELDS_MAX][TEXT_BYTES];
    size_t count;
} Members;

/* Durations are shown as the log shows them: stop_ms as stop=12.3ms. */
static bool is_duration(const char *key, const json_t *value) {
    static const char ENDING[] = "_ms";
    size_t length = strlen(key), ending_length = sizeof ENDING - 1;
    const double limit_ms = 1e12; /* 30 years; far from what an int64_t of microseconds holds */
    return json_is_number(value) && json_number_value(value) >= 0 && json_number_value(value) <= limit_ms &&
           length > ending_length && streq(key + length - ending_length, ENDING);
}

static void add_member(Members *members, const char *key, const json_t *value) {
    size_t i = members->count++;
    char *name = members->keys[i], *shown = members->values[i];

    (void)string_printable(name, sizeof members->keys[i], key);
    if (is_duration(key, value)) {
        name[strlen(name) - 3] = '\0';
        members->fields[i] = field_duration(name, (uint64_t)(json_number_value(value) * 1000 + 0.5));
    } else if (json_is_integer(value)) {
        members->fields[i] = field_integer(name, json_integer_value(value));
    } else if (json_is_string(value)) {
        members->fields[i] = field_string(name, string_printable(shown, TEXT_BYTES, json_string_value(value)));
    } else {
        _cleanup_free_ char *text = json_print(value, JSON_COMPACT | JSON_ENCODE_ANY);
        members->fields[i] = field_string(name, string_printable(shown, TEXT_BYTES, text ? text : "?"));
    }
}

static void print_human(const HistoryLine *line, void *userdata) {
    char time[TIMESTAMP_BYTES], event[64];
    Members members = {0};
    LogLine shown;
    const char *key;
    json_t *value;
    (void)userdata;

    json_object_foreach(line->object, key, value) {
        if (!streq(key, "time") && !streq(key, "event") && members.count < FIELDS_MAX)
            add_member(&members, key, value);
    }
    log_line_fields(&shown, members.fields);
    printf(
        "%s  %-17s%s%.*s\n", timestamp_local(&time, line->realtime_usec),
        string_printable(event, sizeof event, line->event), shown.length > 0 ? "  " : "", (int)shown.length,
        shown.text);
}

static void print_json(const HistoryLine *line, void *userdata) {
    (void)userdata;
    printf("%s\n", line->text);
}

ExitCode command_history(const Options *options) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    Failure failure = {0};
    uint64_t skipped = 0;

    (void)signal(SIGPIPE, SIG_DFL); /* a reader that has seen enough, as head(1), is no error */
    int r = home_look(options->home, &home, &failure);
    if (r < 0)
        return error_report_home(r, &failure);
    r = history_read(&home, options->output == OUTPUT_JSON ? print_json : print_human, NULL, &skipped, &failure);
    if (r < 0)
        return error_report(EXIT_CODE_IO, "%s", failure.message);
    if (skipped > 0)
        fprintf(
            stderr, "Warning: what is damaged in the history was left out, in %" PRIu64 " place%s\n", skipped,
            skipped == 1 ? "" : "s");
    return EXIT_CODE_OK;
}
