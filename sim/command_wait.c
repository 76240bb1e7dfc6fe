/* `wait`: the first event of a kind, for scripts, which then need no sleep. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "sim/report.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    TIMEOUT_SECONDS = 60,
    LOOK_NSEC = 5 * 1000 * 1000, /* the log may not exist yet, nor its folder: looking is simpler than watching */
};

/* -- matching -------------------------------------------------------------------------------------------------- */

/* Is @value what `key=TEXT` asks for? Strings are compared as they are, everything else as JSON. */
static bool value_is(const json_t *value, const char *text) {
    _cleanup_free_ char *dump = NULL;
    if (json_is_string(value))
        return streq(json_string_value(value), text);
    dump = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    return dump && streq(dump, text);
}

/* Does the event of @line match "EVENT,key=value,..."? */
static bool line_matches(const char *line, const char *pattern) {
    _cleanup_json_ json_t *event = json_loads(line, 0, NULL);
    _cleanup_free_ char *words = strdup(pattern);
    char *rest = words;
    const char *name = strsep(&rest, ",");

    if (!name || !value_is(json_object_get(event, "event"), name))
        return false;
    for (char *key; (key = strsep(&rest, ","));) {
        char *equals = strchr(key, '='); /* checked by the caller */
        *equals = '\0';
        if (!value_is(json_object_get(event, key), equals + 1))
            return false;
    }
    return true;
}

static bool pattern_is_right(const char *pattern) {
    for (const char *comma = strchr(pattern, ','); comma; comma = strchr(comma + 1, ',')) {
        const char *end = strchrnul(comma + 1, ',');
        const char *equals = memchr(comma + 1, '=', (size_t)(end - comma - 1));
        if (!equals || equals == comma + 1)
            return false;
    }
    return *pattern != '\0' && *pattern != ',';
}

/* -- reading --------------------------------------------------------------------------------------------------- */

/* A log that grows: each call goes on where the last one ended. */
typedef struct Tail {
    FILE *stream; /* NULL until the file is there */
    char *line;
    size_t capacity;
} Tail;

static void tail_free(Tail *tail) {
    if (tail->stream)
        (void)fclose(tail->stream);
    free(tail->line);
}

/* The next whole line without its newline, NULL if there is none yet; one that is being written stays unread. */
static const char *tail_next(Tail *tail, const char *path) {
    if (!tail->stream && !(tail->stream = fopen(path, "re")))
        return NULL;
    long begin = ftell(tail->stream);
    clearerr(tail->stream);
    ssize_t length = getline(&tail->line, &tail->capacity, tail->stream);
    if (length > 0 && tail->line[length - 1] == '\n') {
        tail->line[length - 1] = '\0';
        return tail->line;
    }
    (void)fseek(tail->stream, begin, SEEK_SET);
    return NULL;
}

static bool find_event(const char *path, const char *pattern, uint64_t deadline_usec) {
    const struct timespec look = {.tv_nsec = LOOK_NSEC};
    __attribute__((__cleanup__(tail_free))) Tail tail = {0};

    for (;;) {
        bool late = clock_monotonic_usec() >= deadline_usec; /* asked first, so that there is a last look */
        const char *line;
        while ((line = tail_next(&tail, path))) {
            if (line_matches(line, pattern)) {
                (void)puts(line);
                return true;
            }
        }
        if (late)
            return false;
        (void)nanosleep(&look, NULL);
    }
}

int command_wait(Program *program) {
    const Arguments *arguments = &program->arguments;
    double timeout_seconds = TIMEOUT_SECONDS;
    char *end = NULL;

    int code = report_surplus(program, 1);
    if (code != 0)
        return code;
    if (!arguments->log || arguments->word_count == 0 || !pattern_is_right(arguments->words[0]))
        return report_error(
            EXIT_CODE_USAGE, "expected: vega-sim wait --log FILE [--timeout SECONDS] EVENT[,KEY=VALUE...]");
    if (arguments->timeout)
        timeout_seconds = strtod(arguments->timeout, &end);
    if (end && (end == arguments->timeout || *end != '\0' || !(timeout_seconds >= 0 && timeout_seconds < 1e9)))
        return report_error(EXIT_CODE_USAGE, "--timeout %s: expected seconds", arguments->timeout);

    uint64_t deadline_usec = program->main_usec + (uint64_t)(timeout_seconds * (double)USEC_PER_SEC);
    if (find_event(arguments->log, arguments->words[0], deadline_usec))
        return 0;
    return report_error(
        EXIT_CODE_FAILED, "no event %s in %s within %g s", arguments->words[0], arguments->log, timeout_seconds);
}
