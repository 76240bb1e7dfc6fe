#include "cli/prepare_output.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* How often progress is told: a terminal is drawn anew, a log grows. */
#define TERMINAL_USEC (250 * USEC_PER_MSEC)
#define LOG_USEC (10 * USEC_PER_SEC)

enum { COLUMNS_DEFAULT = 80 };

static const char CLEAR_LINE[] = "\r\033[K"; /* ECMA-48: erase in line */

void prepare_output_begin(PrepareOutput *output, FILE *out, Output format, const char *tag) {
    const char *terminal = getenv("TERM");
    *output = (PrepareOutput){
        .out = out,
        .tag = tag,
        .json = format == OUTPUT_JSON,
        .terminal =
            format == OUTPUT_HUMAN && isatty(fileno(out)) && terminal && *terminal && !streq(terminal, "dumb"),
        .phase = FETCH_PHASE_COUNT,
    };
}

void prepare_output_end(PrepareOutput *output) {
    if (output->drawn)
        fputs(CLEAR_LINE, output->out);
    output->drawn = false;
    (void)fflush(output->out);
}

static void print_json(PrepareOutput *output, json_t *taken) {
    _cleanup_json_ json_t *object = taken;
    if (object)
        (void)json_dumpf(object, output->out, JSON_COMPACT);
    fputs(object ? "\n" : "", output->out);
    (void)fflush(output->out);
}

__attribute__((__format__(__printf__, 2, 3))) static void
print_line(PrepareOutput *output, const char *format, ...) {
    va_list arguments;
    if (output->drawn)
        fputs(CLEAR_LINE, output->out);
    output->drawn = false;
    fprintf(output->out, "%s: ", output->tag);
    va_start(arguments, format);
    (void)vfprintf(output->out, format, arguments);
    va_end(arguments);
    fputs("\n", output->out);
    (void)fflush(output->out);
}

void prepare_output_say(PrepareOutput *output, const char *event, const char *format, ...) {
    char text[FETCH_TEXT_BYTES * 2], printable[FETCH_TEXT_BYTES * 2];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)string_printable(printable, sizeof printable, text);
    if (output->json)
        print_json(output, json_pack("{s:s, s:s, s:s}", "event", event, "tag", output->tag, "text", printable));
    else
        print_line(output, "%s", printable);
}

static size_t terminal_columns(FILE *out) {
    struct winsize size = {0};
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
}

static void draw(PrepareOutput *output, const ProgressLine *line) {
    char text[PROGRESS_LINE_BYTES];
    fprintf(output->out, "%s%s", CLEAR_LINE, progress_line(&text, line, terminal_columns(output->out)));
    output->drawn = true;
    (void)fflush(output->out);
}

static void show_progress(PrepareOutput *output, const FetchEvent *event) {
    uint64_t now_usec = clock_monotonic_usec();
    bool is_new = output->phase != event->phase;
    bool is_last = event->bytes == event->of_bytes;
    char text[PROGRESS_LINE_BYTES];

    if (is_new)
        output->rate = (Rate){0};
    output->phase = event->phase;
    rate_add(&output->rate, now_usec, event->bytes);
    if (!is_new && !(output->terminal && is_last) &&
        usec_since(now_usec, output->told_usec) < (output->terminal ? TERMINAL_USEC : LOG_USEC))
        return;
    output->told_usec = now_usec;
    ProgressLine line = {
        .tag = output->tag,
        .phase = FETCH_PHASE_NAMES[event->phase],
        .bytes = event->bytes,
        .of_bytes = event->of_bytes,
        .bytes_per_second = rate_bytes_per_second(&output->rate),
    };
    if (output->terminal)
        draw(output, &line);
    else if (event->bytes > 0)
        fprintf(output->out, "%s\n", progress_line(&text, &line, 0));
    (void)fflush(output->out);
}

static void join(const FetchList *list, const char *none, char *buffer, size_t size_bytes) {
    size_t used = 0;
    (void)snprintf(buffer, size_bytes, "%s", none);
    for (size_t i = 0; i < list->count && used < size_bytes; i++) {
        int length = snprintf(buffer + used, size_bytes - used, "%s%s", i > 0 ? ", " : "", list->items[i]);
        used += length > 0 ? (size_t)length : 0;
    }
}

static json_t *number_or_null(uint64_t number) {
    return number == FETCH_UNKNOWN ? json_null() : json_integer((json_int_t)number);
}

static json_t *list_json(const FetchList *list) {
    json_t *array = json_array();
    for (size_t i = 0; list && i < list->count; i++)
        (void)json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *event_json(const FetchEvent *event) {
    const char *name = FETCH_EVENT_NAMES[event->type];
    switch (event->type) {
    case FETCH_EVENT_SANDBOX:
        return json_pack(
            "{s:s, s:o, s:o}", "event", name, "layers", list_json(&event->list), "missing",
            list_json(&event->missing));
    case FETCH_EVENT_WARNING:
        return json_pack("{s:s, s:s}", "event", name, "text", event->text);
    case FETCH_EVENT_FOUND:
        return json_pack(
            "{s:s, s:s, s:s, s:o, s:b}", "event", name, "source", event->from_api ? "api" : "download", "url",
            event->text, "bytes", number_or_null(event->bytes), "digest", event->has_digest);
    case FETCH_EVENT_PROGRESS:
        return json_pack(
            "{s:s, s:s, s:I, s:o}", "event", name, "phase", FETCH_PHASE_NAMES[event->phase], "bytes",
            (json_int_t)event->bytes, "of", number_or_null(event->of_bytes));
    case FETCH_EVENT_RESUMED:
        return json_pack("{s:s, s:I}", "event", name, "bytes", (json_int_t)event->bytes);
    case FETCH_EVENT_VERIFIED:
        return json_pack("{s:s, s:s, s:s}", "event", name, "against", event->text, "sha256", event->sha256);
    case FETCH_EVENT_DONE:
    case FETCH_EVENT_LOOKED:
    case FETCH_EVENT_FAILED:
    case FETCH_EVENT_COUNT:
        break;
    }
    return NULL;
}

static void show_event(PrepareOutput *output, const FetchEvent *event) {
    char amount[AMOUNT_BYTES], layers[FETCH_TEXT_BYTES];

    switch (event->type) {
    case FETCH_EVENT_SANDBOX:
        join(&event->missing, "", layers, sizeof layers);
        if (*layers)
            print_line(output, "visor-fetch goes without a part of its sandbox: %s", layers);
        break;
    case FETCH_EVENT_WARNING:
        print_line(output, "warning: %s", event->text);
        break;
    case FETCH_EVENT_FOUND:
        if (event->bytes == FETCH_UNKNOWN)
            print_line(output, "found at %s", event->text);
        else
            print_line(output, "found at %s, %s", event->text, amount_describe(&amount, event->bytes));
        break;
    case FETCH_EVENT_PROGRESS:
        show_progress(output, event);
        break;
    case FETCH_EVENT_RESUMED:
        print_line(output, "%s are here already, the rest is fetched", amount_describe(&amount, event->bytes));
        break;
    case FETCH_EVENT_VERIFIED:
        print_line(output, "verified against %s: %s", event->text, event->sha256);
        break;
    case FETCH_EVENT_DONE:
    case FETCH_EVENT_LOOKED:
    case FETCH_EVENT_FAILED:
    case FETCH_EVENT_COUNT:
        break;
    }
}

void prepare_output_event(PrepareOutput *output, const FetchEvent *event) {
    if (output->json)
        print_json(output, event_json(event));
    else
        show_event(output, event);
}

void prepare_output_fetched(PrepareOutput *output, const FetchEvent *done) {
    char amount[AMOUNT_BYTES], against[FETCH_TEXT_BYTES];

    if (output->json) {
        print_json(
            output, json_pack(
                        "{s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "event", "fetched", "tag", output->tag, "sha256",
                        done->sha256, "bytes", (json_int_t)done->bytes, "files", (json_int_t)done->files,
                        "unpackedBytes", (json_int_t)done->unpacked_bytes, "verified", list_json(&done->list)));
        return;
    }
    join(&done->list, "nothing", against, sizeof against);
    print_line(
        output, "fetched and unpacked: %s, SHA-256 %s, verified against %s", amount_describe(&amount, done->bytes),
        done->sha256, against);
}

void prepare_output_prepared(PrepareOutput *output, const char *folder, const FetchList *verified) {
    if (output->json)
        print_json(
            output, json_pack(
                        "{s:s, s:s, s:s, s:b, s:o}", "event", "prepared", "tag", output->tag, "folder", folder,
                        "fetched", verified != NULL, "verified", list_json(verified)));
    else
        print_line(output, "in place and proven: %s", folder);
}
