#include "proc/tool.h"

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
};

struct Tool {
    Child *child;
    Stream output;
    Stream error;
    sd_event_source *deadline;
    uint64_t timeout_usec;
    int verdict; /* why it was killed; 0 = it was not */
    char name[128];
    ToolHandler handler;
    void *userdata;
};

static void tool_free(Tool *tool) {
    if (!tool)
        return;
    stream_free(&tool->output);
    stream_free(&tool->error);
    (void)sd_event_source_disable_unref(tool->deadline);
    (void)child_free(tool->child);
    free(tool);
}

static void cleanup_tool(Tool **tool) {
    tool_free(*tool);
}

static void tool_kill(Tool *tool, int verdict) {
    if (tool->verdict == 0)
        tool->verdict = verdict;
    child_signal_group(tool->child, SIGKILL);
}

static int on_stream(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Tool *tool = userdata;
    Stream *stream = fd == tool->output.fd ? &tool->output : &tool->error;
    (void)source;
    (void)events;

    int r = stream_read(stream);
    if (r != 0)
        stream_close(stream);
    if (r == -EFBIG)
        tool_kill(tool, -EFBIG);
    return 0;
}

static void summarize(const Tool *tool, ToolResult *result) {
    char end[128], first_line[192], printable[256];
    const char *said = *tool->error.text ? tool->error.text : tool->output.text;

    (void)snprintf(first_line, sizeof first_line, "%.*s", (int)strcspn(said, "\n"), said);
    (void)string_printable(printable, sizeof printable, first_line);
    if (result->result == -ETIMEDOUT)
        (void)snprintf(
            result->summary, sizeof result->summary, "'%s' did not end within %llu s", tool->name,
            (unsigned long long)(tool->timeout_usec / USEC_PER_SEC));
    else if (result->result == -EFBIG)
        (void)snprintf(
            result->summary, sizeof result->summary, "'%s' printed more than %d bytes", tool->name,
            TOOL_OUTPUT_MAX);
    else
        (void)snprintf(
            result->summary, sizeof result->summary, "'%s' %s%s%s", tool->name,
            child_end_describe(&result->end, end, sizeof end), *printable ? ": " : "", printable);
}

/* Tells the result, once. */
static void deliver(Tool *tool, ToolResult *result) {
    ToolHandler handler = tool->handler;
    result->output = tool->output.text;
    result->error = tool->error.text;
    if (result->result < 0)
        summarize(tool, result);
    tool->handler = NULL;
    if (handler)
        handler(result, tool->userdata);
}

/*
 * First SIGKILL. What that does not end within a few seconds hangs in the kernel, and nobody waits for it any
 * longer; a lock that it was given keeps the node from being started beside it.
 */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
    Tool *tool = userdata;
    bool killed_before = tool->verdict == -ETIMEDOUT;

    tool_kill(tool, -ETIMEDOUT);
    if (killed_before) {
        ToolResult result = {.result = -ETIMEDOUT, .end = {.unknown = true}};
        deliver(tool, &result);
        return 0;
    }
    int r = sd_event_source_set_time(source, usec + KILL_WAIT_USEC);
    return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void on_end(Child *child, const ChildEnd *end, void *userdata) {
    _cleanup_(cleanup_tool) Tool *tool = userdata;
    ToolResult result = {.end = *end};

    child_signal_group(child, SIGKILL); /* whatever it left behind has no business any more */
    /* What it printed last may still be in the pipes, and may be too much as well. */
    if (stream_read(&tool->output) == -EFBIG || stream_read(&tool->error) == -EFBIG)
        tool->verdict = tool->verdict != 0 ? tool->verdict : -EFBIG;

    result.result = tool->verdict != 0 ? tool->verdict : child_end_is_good(end) ? 0 : -ECHILD;
    deliver(tool, &result);
}

static void describe_command(Tool *tool, const ToolRequest *request) {
    int length = snprintf(tool->name, sizeof tool->name, "%s", request->path);
    for (size_t i = 0; request->arguments[i] && length > 0 && (size_t)length < sizeof tool->name; i++)
        length += snprintf(tool->name + length, sizeof tool->name - (size_t)length, " %s", request->arguments[i]);
}

int tool_start(
    sd_event *event, const ToolRequest *request, ToolHandler handler, void *userdata, Tool **ret,
    Failure *failure) {
    _cleanup_(cleanup_tool) Tool *tool = calloc(1, sizeof *tool);
    _cleanup_fd_ int output_fd = -1;
    _cleanup_fd_ int error_fd = -1;
    int r;

    if (!tool)
        return failure_set(failure, -ENOMEM, "cannot run %s: out of memory", request->path);
    *tool = (Tool){
        .output = {.fd = -1},
        .error = {.fd = -1},
        .timeout_usec = request->timeout_usec,
        .handler = handler,
        .userdata = userdata,
    };
    describe_command(tool, request);

    r = stream_open(event, &tool->output, TOOL_OUTPUT_MAX, on_stream, tool, &output_fd);
    if (r >= 0)
        r = stream_open(event, &tool->error, TOOL_OUTPUT_MAX, on_stream, tool, &error_fd);
    if (r >= 0)
        r = sd_event_add_time_relative(
            event, &tool->deadline, CLOCK_MONOTONIC, request->timeout_usec, 0, on_deadline, tool);
    if (r < 0)
        return failure_set(failure, r, "cannot run %s: %s", request->path, strerror(-r));

    SpawnRequest spawn = {
        .path = request->path,
        .arguments = request->arguments,
        .output_fd = output_fd,
        .error_fd = error_fd,
        .lock_fd = request->keeps_lock ? request->lock_fd : -1,
        .death_signal = SIGKILL,
    };
    r = child_start(event, &spawn, on_end, tool, &tool->child, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(tool);
    return 0;
}

Tool *tool_cancel(Tool *tool) {
    if (!tool)
        return NULL;
    child_signal_group(tool->child, SIGKILL);
    child_await_end(tool->child, CANCEL_WAIT_MS);
    tool_free(tool);
    return NULL;
}
