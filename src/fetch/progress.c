#include "fetch/progress.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"

#include <poll.h>
#include <string.h>

enum {
    TOLD_AGAIN_USEC = 250 * 1000, /* 4 events a second are enough for a progress bar */
    HEARTBEAT_USEC = 750 * 1000,  /* a quarter of a second before anybody misses it */
};

static const char *const PHASE_NAMES[] = {
#define X(phase, name) [phase] = (name),
    PHASES(X)
#undef X
};

static const struct {
    const char *name;
    int exit_code;
} STEP_TABLE[] = {
#define X(step, name, code) [step] = {(name), (code)},
    STEPS(X)
#undef X
};

void progress_init(Progress *progress, int fd) {
    *progress = (Progress){.fd = fd, .of_bytes = BYTES_UNKNOWN};
}

/* The pipe may have been made non-blocking by whoever reads it: the flag belongs to both ends' open files. */
static int write_line(int fd, const char *line, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, line, length);
        if (count < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            (void)poll(&writable, 1, -1);
            continue;
        }
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        line += count;
        length -= (size_t)count;
    }
    return 0;
}

int progress_event(Progress *progress, json_t *event) {
    _cleanup_json_ json_t *taken = event;
    _cleanup_free_ char *text = NULL;
    _cleanup_free_ char *line = NULL;

    if (progress->silent)
        return -EPIPE;
    text = taken ? json_dumps(taken, JSON_COMPACT) : NULL;
    line = text ? string_format("%s\n", text) : NULL;
    if (!line)
        return -ENOMEM;
    if (strlen(line) > EVENT_BYTES_MAX)
        return -EMSGSIZE;
    int r = write_line(progress->fd, line, strlen(line));
    if (r < 0)
        progress->silent = true;
    return r;
}

int progress_end(Progress *progress, json_t *event) {
    int r = progress_event(progress, event);
    progress->ended = progress->ended || r >= 0;
    return r;
}

int progress_warning(Progress *progress, const char *text) {
    char printable[sizeof((Failure *)NULL)->message];
    return progress_event(
        progress,
        json_pack("{s:s, s:s}", "event", "warning", "text", string_printable(printable, sizeof printable, text)));
}

static json_t *bytes_or_null(uint64_t bytes) {
    return bytes == BYTES_UNKNOWN ? json_null() : json_integer((json_int_t)bytes);
}

static int tell(Progress *progress) {
    progress->told_usec = clock_monotonic_usec();
    return progress_event(
        progress, json_pack(
                      "{s:s, s:s, s:I, s:o}", "event", "progress", "phase", PHASE_NAMES[progress->phase], "bytes",
                      (json_int_t)progress->bytes, "of", bytes_or_null(progress->of_bytes)));
}

static bool is_due(const Progress *progress, uint64_t after_usec) {
    return progress->told_usec == 0 || usec_since(clock_monotonic_usec(), progress->told_usec) >= after_usec;
}

int progress_set(Progress *progress, Phase phase, uint64_t bytes, uint64_t of_bytes) {
    bool is_new = phase != progress->phase;
    progress->phase = phase;
    progress->bytes = bytes;
    progress->of_bytes = of_bytes;
    return is_new || is_due(progress, TOLD_AGAIN_USEC) ? tell(progress) : 0;
}

int progress_beat(Progress *progress) {
    return is_due(progress, HEARTBEAT_USEC) ? tell(progress) : 0;
}

bool error_is_of_the_disk(int error) {
    return error == -ENOSPC || error == -EDQUOT || error == -EIO || error == -EROFS || error == -EFBIG;
}

int progress_failed(Progress *progress, const Failed *failed) {
    char printable[sizeof failed->failure.message];
    json_t *retry_after = failed->retry_after_seconds > 0 ? json_integer(failed->retry_after_seconds) : json_null();
    json_t *event = json_pack(
        "{s:s, s:s, s:s, s:b, s:o}", "event", "failed", "step", STEP_TABLE[failed->step].name, "text",
        string_printable(printable, sizeof printable, failed->failure.message), "progressed", failed->progressed,
        "retryAfterSeconds", retry_after);
    if (!progress->ended)
        progress->silent = progress_event(progress, event) < 0; /* nobody is left to tell that nobody is left */
    else
        json_decref(event);
    progress->ended = true;
    bool of_the_disk = failed->step != STEP_REQUEST && error_is_of_the_disk(failed->error);
    return of_the_disk ? EVENT_EXIT_DISK : STEP_TABLE[failed->step].exit_code;
}
