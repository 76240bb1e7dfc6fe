#include "release/fetch_event.h"

#include "base/json.h"
#include "base/strings.h"

#include <string.h>

#define X(name, text) [name] = text,
const char *const FETCH_EVENT_NAMES[FETCH_EVENT_COUNT] = {FETCH_EVENTS(X)};
const char *const FETCH_PHASE_NAMES[FETCH_PHASE_COUNT] = {FETCH_PHASES(X)};
const char *const FETCH_STEP_NAMES[FETCH_STEP_COUNT] = {FETCH_STEPS(X)};
#undef X

enum {
    SHA256_DIGITS = 64,
    RETRY_AFTER_MAX_SECONDS = 24 * 60 * 60,
};

/* Each reader takes one member and tells whether it is what it must be. */
static bool read_text(const json_t *root, const char *key, char *buffer, size_t size_bytes) {
    const char *text = json_string_value(json_object_get(root, key));
    if (text)
        (void)string_printable(buffer, size_bytes, text);
    return text;
}

static bool read_number(const json_t *root, const char *key, uint64_t *ret) {
    const json_t *value = json_object_get(root, key);
    *ret = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool read_number_or_null(const json_t *root, const char *key, uint64_t *ret) {
    if (json_is_null(json_object_get(root, key))) {
        *ret = FETCH_UNKNOWN;
        return true;
    }
    return read_number(root, key, ret);
}

static bool read_boolean(const json_t *root, const char *key, bool *ret) {
    const json_t *value = json_object_get(root, key);
    *ret = json_is_true(value);
    return json_is_boolean(value);
}

static bool read_sha256(const json_t *root, char (*ret)[SHA256_DIGITS + 1]) {
    const char *text = json_string_value(json_object_get(root, "sha256"));
    bool is_digest = text && strlen(text) == SHA256_DIGITS && strspn(text, "0123456789abcdef") == SHA256_DIGITS;
    if (is_digest)
        memcpy(*ret, text, sizeof *ret);
    return is_digest;
}

static bool read_list(const json_t *root, const char *key, FetchList *ret) {
    const json_t *array = json_object_get(root, key);
    size_t i;
    json_t *item;

    if (!json_is_array(array))
        return false;
    json_array_foreach(array, i, item) {
        if (!json_is_string(item))
            return false;
        if (ret->count < FETCH_LIST_MAX)
            (void)string_printable(ret->items[ret->count++], FETCH_ITEM_BYTES, json_string_value(item));
    }
    return true;
}

/* The place of the string @key among @names; @count if it is not there. */
static unsigned read_name(const json_t *root, const char *key, const char *const *names, unsigned count) {
    const char *text = json_string_value(json_object_get(root, key));
    unsigned i = 0;
    while (i < count && !(text && streq(text, names[i])))
        i++;
    return i;
}

static bool read_found(const json_t *root, FetchEvent *event) {
    static const char *const SOURCES[] = {"download", "api"};
    unsigned source = read_name(root, "source", SOURCES, 2);
    event->from_api = source == 1;
    return source < 2 && read_text(root, "url", event->text, sizeof event->text) &&
           read_number_or_null(root, "bytes", &event->bytes) && read_boolean(root, "digest", &event->has_digest);
}

static bool read_progress(const json_t *root, FetchEvent *event) {
    event->phase = (FetchPhase)read_name(root, "phase", FETCH_PHASE_NAMES, FETCH_PHASE_COUNT);
    return event->phase < FETCH_PHASE_COUNT && read_number(root, "bytes", &event->bytes) &&
           read_number_or_null(root, "of", &event->of_bytes);
}

static bool read_done(const json_t *root, FetchEvent *event) {
    return read_sha256(root, &event->sha256) && read_number(root, "bytes", &event->bytes) &&
           read_number(root, "files", &event->files) &&
           read_number(root, "unpackedBytes", &event->unpacked_bytes) && read_list(root, "verified", &event->list);
}

static bool read_looked(const json_t *root, FetchEvent *event) {
    return read_text(root, "url", event->text, sizeof event->text) &&
           read_number_or_null(root, "bytes", &event->bytes) && read_list(root, "verifiable", &event->list) &&
           read_number_or_null(root, "serverTime", &event->server_time_seconds);
}

static bool read_failed(const json_t *root, FetchEvent *event) {
    event->step = (FetchStep)read_name(root, "step", FETCH_STEP_NAMES, FETCH_STEP_COUNT);
    if (event->step == FETCH_STEP_COUNT || !read_text(root, "text", event->text, sizeof event->text) ||
        !read_boolean(root, "progressed", &event->progressed) ||
        !read_number_or_null(root, "retryAfterSeconds", &event->retry_after_seconds))
        return false;
    if (event->retry_after_seconds == FETCH_UNKNOWN)
        event->retry_after_seconds = 0;
    if (event->retry_after_seconds > RETRY_AFTER_MAX_SECONDS)
        event->retry_after_seconds = RETRY_AFTER_MAX_SECONDS;
    return true;
}

static bool read_event(const json_t *root, FetchEvent *event) {
    switch (event->type) {
    case FETCH_EVENT_SANDBOX:
        return read_list(root, "layers", &event->list) && read_list(root, "missing", &event->missing);
    case FETCH_EVENT_WARNING:
        return read_text(root, "text", event->text, sizeof event->text);
    case FETCH_EVENT_FOUND:
        return read_found(root, event);
    case FETCH_EVENT_PROGRESS:
        return read_progress(root, event);
    case FETCH_EVENT_RESUMED:
        return read_number(root, "bytes", &event->bytes);
    case FETCH_EVENT_VERIFIED:
        return read_text(root, "against", event->text, sizeof event->text) && read_sha256(root, &event->sha256);
    case FETCH_EVENT_DONE:
        return read_done(root, event);
    case FETCH_EVENT_LOOKED:
        return read_looked(root, event);
    case FETCH_EVENT_FAILED:
        return read_failed(root, event);
    case FETCH_EVENT_COUNT:
        break;
    }
    return false;
}

int fetch_event_parse(const char *line, FetchEvent *ret, Failure *failure) {
    _cleanup_json_ json_t *root = NULL;
    char printable[81];

    *ret = (FetchEvent){0};
    if (json_parse(line, strlen(line), JSON_REJECT_DUPLICATES, &root, NULL) == -ENOMEM)
        return failure_set(failure, -ENOMEM, "a line of visor-fetch cannot be read: out of memory");
    if (!json_is_string(json_object_get(root, "event")))
        return failure_set(
            failure, -EBADMSG, "this line is no event: %s", string_printable(printable, sizeof printable, line));
    ret->type = (FetchEventType)read_name(root, "event", FETCH_EVENT_NAMES, FETCH_EVENT_COUNT);
    if (ret->type == FETCH_EVENT_COUNT)
        return 1;
    if (!read_event(root, ret))
        return failure_set(
            failure, -EBADMSG, "this event lacks something or has it in a wrong form: %s",
            string_printable(printable, sizeof printable, line));
    return 0;
}

bool fetch_event_is_last(const FetchEvent *event) {
    return event->type == FETCH_EVENT_DONE || event->type == FETCH_EVENT_LOOKED ||
           event->type == FETCH_EVENT_FAILED;
}
