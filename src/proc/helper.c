#include "proc/helper.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "proc/stream.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    CANCEL_WAIT_MS = 200,
    KILL_WAIT_USEC = 5 * 1000 * 1000,
    ERROR_KEPT_BYTES = 2 * 1024,
    ERROR_BUFFER_BYTES = 8 * 1024,
    ERROR_LINES_TOLD = 3,
    LEFT_IN_PIPE_MAX = 1024 * 1024, /* pipe(7): no pipe of an ordinary user holds more */
};

struct Helper {
    Child *child;
    Stream output;
    Stream error;
    sd_event_source *deadline;
    uint64_t silence_usec;
    int verdict; /* why it was killed; 0 = it was not */
    bool calling;
    bool cancelled; /* from within a handler: freed as soon as that has returned */
    char name[128];
    HelperLineHandler on_line;
    HelperEndHandler on_end;
    void *userdata;
};

static void helper_free(Helper *helper) {
    if (!helper)
        return;
    stream_free(&helper->output);
    stream_free(&helper->error);
    (void)sd_event_source_disable_unref(helper->deadline);
    (void)child_free(helper->child);
    free(helper);
}

static void cleanup_helper(Helper **helper) {
    helper_free(*helper);
}

static void arm(Helper *helper, uint64_t delay_usec) {
    /* Neither fails on a timer that exists; if they did, an unbounded helper would be the least of our troubles. */
    (void)sd_event_source_set_time_relative(helper->deadline, delay_usec);
    (void)sd_event_source_set_enabled(helper->deadline, SD_EVENT_ONESHOT);
}

/* What it still says after this does not count. */
static void helper_kill(Helper *helper, int verdict) {
    helper->verdict = verdict;
    stream_close(&helper->output);
    child_signal_group(helper->child, SIGKILL);
    arm(helper, KILL_WAIT_USEC);
}

/* Hands over every whole line of the buffer. Returns how many; -ECANCELED if a handler has cancelled the helper. */
static int tell_lines(Helper *helper) {
    Stream *output = &helper->output;
    size_t told_bytes = 0;
    int count = 0;
    char *end;

    while ((end = memchr(output->text + told_bytes, '\n', output->length - told_bytes))) {
        *end = '\0';
        helper->calling = true;
        helper->on_line(output->text + told_bytes, helper->userdata);
        helper->calling = false;
        if (helper->cancelled)
            return -ECANCELED;
        told_bytes = (size_t)(end + 1 - output->text);
        count++;
    }
    output->length -= told_bytes;
    memmove(output->text, output->text + told_bytes, output->length);
    return count;
}

/*
 * Reads one buffer full, never more at once: a helper that prints without end must not hold up the loop. Returns 0;
 * 1 if there may be more; -ECANCELED if a handler has cancelled the helper.
 */
static int read_lines(Helper *helper) {
    int r = stream_read(&helper->output);
    int count = tell_lines(helper);
    if (count < 0)
        return count;
    if (count > 0 && helper->verdict == 0)
        arm(helper, helper->silence_usec);
    if (r == -EFBIG && count == 0)
        helper_kill(helper, -EMSGSIZE);
    else if (r > 0)
        stream_close(&helper->output);
    return r == -EFBIG;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Helper *helper = userdata;
    (void)source;
    (void)fd;
    (void)events;

    if (read_lines(helper) == -ECANCELED)
        helper_free(helper);
    return 0;
}

/* The first lines tell what is wrong; what follows is only read so that the helper does not block. */
static int read_error(Helper *helper) {
    int r = stream_read(&helper->error);
    if (r == -EFBIG)
        helper->error.length = ERROR_KEPT_BYTES;
    return r;
}

static int on_error(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Helper *helper = userdata;
    (void)source;
    (void)fd;
    (void)events;

    if (read_error(helper) > 0)
        stream_close(&helper->error);
    return 0;
}

/* The first lines of standard error as one, "a; b; c". */
static void join_lines(const char *text, char *buffer, size_t size_bytes) {
    size_t used = 0;
    buffer[0] = '\0';
    for (int lines = 0; *text && lines < ERROR_LINES_TOLD && used < size_bytes; lines++) {
        size_t length = strcspn(text, "\n");
        int written =
            snprintf(buffer + used, size_bytes - used, "%s%.*s", lines > 0 ? "; " : "", (int)length, text);
        used += written > 0 ? (size_t)written : 0;
        text += length + strspn(text + length, "\n");
    }
}

static void summarize(const Helper *helper, HelperResult *result) {
    char end[128], joined[224], printable[224];

    helper->error.text[helper->error.length < ERROR_KEPT_BYTES ? helper->error.length : ERROR_KEPT_BYTES] = '\0';
    join_lines(helper->error.text, joined, sizeof joined);
    (void)string_printable(printable, sizeof printable, joined);
    if (result->result == -ETIMEDOUT)
        (void)snprintf(
            result->summary, sizeof result->summary, "%s was silent for %llu s and was killed%s%s", helper->name,
            (unsigned long long)(helper->silence_usec / USEC_PER_SEC), *printable ? ": " : "", printable);
    else if (result->result == -EMSGSIZE)
        (void)snprintf(
            result->summary, sizeof result->summary, "%s printed a line of more than %d bytes and was killed",
            helper->name, HELPER_LINE_MAX);
    else
        (void)snprintf(
            result->summary, sizeof result->summary, "%s %s%s%s", helper->name,
            child_end_describe(&result->end, end, sizeof end), *printable ? ": " : "", printable);
}

/* Tells the end, once. */
static void deliver(Helper *helper, HelperResult *result) {
    HelperEndHandler handler = helper->on_end;
    if (!handler)
        return;
    if (result->result < 0)
        summarize(helper, result);
    helper->on_end = NULL;
    helper->calling = true;
    handler(result, helper->userdata);
    helper->calling = false;
}

/* First SIGKILL; what that does not end within a few seconds hangs in the kernel, and nobody waits for it. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
    Helper *helper = userdata;
    (void)usec;

    if (helper->verdict != 0) {
        HelperResult result = {.result = helper->verdict, .end = {.unknown = true}};
        deliver(helper, &result);
        return 0;
    }
    /* It may be Visor that stood still: then what the helper said meanwhile lies in the pipe, and arms this anew.
     */
    int armed = SD_EVENT_OFF;
    if (read_lines(helper) == -ECANCELED)
        helper_free(helper);
    else if (sd_event_source_get_enabled(source, &armed) >= 0 && armed == SD_EVENT_OFF)
        helper_kill(helper, -ETIMEDOUT);
    return 0;
}

/* What it printed last may still be in the pipes. Returns 0, or -ECANCELED. */
static int read_rest(Helper *helper) {
    int r = 1;
    for (int bytes = 0; r == 1 && bytes < LEFT_IN_PIPE_MAX && helper->verdict == 0; bytes += HELPER_LINE_MAX)
        r = read_lines(helper);
    (void)read_error(helper);
    return r < 0 ? r : 0;
}

static void on_end(Child *child, const ChildEnd *end, void *userdata) {
    _cleanup_(cleanup_helper) Helper *helper = userdata;
    HelperResult result = {.end = *end};

    child_signal_group(child, SIGKILL); /* whatever it left behind has no business any more */
    if (read_rest(helper) < 0)
        return;
    result.result = helper->verdict != 0 ? helper->verdict : child_end_is_good(end) ? 0 : -ECHILD;
    deliver(helper, &result);
}

static int open_all(sd_event *event, Helper *helper, int *ret_output_fd, int *ret_error_fd) {
    int r = stream_open(event, &helper->output, HELPER_LINE_MAX + 1, on_output, helper, ret_output_fd);
    if (r >= 0)
        r = stream_open(event, &helper->error, ERROR_BUFFER_BYTES, on_error, helper, ret_error_fd);
    if (r >= 0)
        r = sd_event_add_time_relative(
            event, &helper->deadline, CLOCK_MONOTONIC, helper->silence_usec, 0, on_deadline, helper);
    return r;
}

int helper_start(
    sd_event *event, const HelperRequest *request, HelperLineHandler on_line, HelperEndHandler on_end_handler,
    void *userdata, Helper **ret, Failure *failure) {
    _cleanup_(cleanup_helper) Helper *helper = calloc(1, sizeof *helper);
    _cleanup_fd_ int output_fd = -1;
    _cleanup_fd_ int error_fd = -1;

    if (!helper)
        return failure_set(failure, -ENOMEM, "cannot run %s: out of memory", request->path);
    *helper = (Helper){
        .output = {.fd = -1},
        .error = {.fd = -1},
        .silence_usec = request->silence_usec,
        .on_line = on_line,
        .on_end = on_end_handler,
        .userdata = userdata,
    };
    (void)snprintf(helper->name, sizeof helper->name, "%s", request->path);
    int r = open_all(event, helper, &output_fd, &error_fd);
    if (r < 0)
        return failure_set(failure, r, "cannot run %s: %s", request->path, strerror(-r));

    SpawnRequest spawn = {
        .path = request->path,
        .arguments = request->arguments,
        .output_fd = output_fd,
        .error_fd = error_fd,
        .lock_fd = -1,
        .death_signal = SIGKILL,
    };
    r = child_start(event, &spawn, on_end, helper, &helper->child, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(helper);
    return 0;
}

Helper *helper_cancel(Helper *helper) {
    if (!helper)
        return NULL;
    child_signal_group(helper->child, SIGKILL);
    child_await_end(helper->child, CANCEL_WAIT_MS);
    if (helper->calling)
        helper->cancelled = true;
    else
        helper_free(helper);
    return NULL;
}
