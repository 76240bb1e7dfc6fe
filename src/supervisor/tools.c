/* What the running release's own binaries are asked. */
#include "base/cleanup.h"
#include "base/strings.h"
#include "home/lock.h"
#include "release/version.h"
#include "supervisor/segment_output.h"
#include "supervisor/shell.h"

#include <string.h>

enum {
    SEGMENT_TIMEOUT_USEC = 60 * 1000 * 1000, /* it opens the data node's network history */
};

static void on_version(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    char tag[RELEASE_TAG_MAX + 1] = "";
    Failure failure = {0};
    int r = result->result;

    supervisor->version_tool = NULL;
    if (r < 0)
        log_warning("node", result->summary);
    else if ((r = version_output_parse(result->output, &tag, &failure)) < 0)
        log_warning("node", "the running binary was asked for its version", field_string("error", failure.message));
    supervisor_dispatch(supervisor, (Event){.type = EVENT_VERSION, .version = {.tag = r < 0 ? NULL : tag}});
}

void tools_ask_version(Supervisor *supervisor) {
    Failure failure = {0};
    ToolRequest request = version_request(supervisor->running->run_config->vega.full_path);

    supervisor->version_tool = tool_cancel(supervisor->version_tool);
    int r = tool_start(supervisor->event, &request, on_version, supervisor, &supervisor->version_tool, &failure);
    if (r < 0) {
        log_warning("node", failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_VERSION});
    }
}

static Event read_segment(const ToolResult *result) {
    Event event = {.type = EVENT_SEGMENT};
    Failure failure = {0};

    event.segment.result = SEGMENT_FAILED;
    if (result->result < 0 &&
        (segment_output_says_none(result->error) || segment_output_says_none(result->output))) {
        log_info("data-node", "it has no history segments yet: the start uses no snapshot height");
        event.segment.result = SEGMENT_NONE;
    } else if (result->result < 0) {
        log_error("data-node", result->summary);
    } else if (segment_output_parse(result->output, &event.segment.height_blocks, &failure) < 0) {
        log_error(
            "data-node", "its latest history segment could not be read", field_string("error", failure.message));
    } else {
        event.segment.result = SEGMENT_FOUND;
    }
    return event;
}

static void on_segment(const ToolResult *result, void *userdata) {
    Supervisor *supervisor = userdata;
    supervisor->segment_tool = NULL;
    supervisor_dispatch(supervisor, read_segment(result));
}

/* The query has to look into the same home as the data node, so it takes over what the data node's arguments say.
 */
static char **segment_arguments(const RunBinary *data_node) {
    const char *arguments[8];
    size_t used = 0;
    const char *home = arguments_flag(data_node->arguments, "--home");

    for (size_t i = 0; data_node->arguments[i]; i++) {
        if (streq(data_node->arguments[i], "datanode")) {
            arguments[used++] = "datanode";
            break;
        }
    }
    arguments[used++] = "network-history";
    arguments[used++] = "latest-history-segment";
    if (home && *home) {
        arguments[used++] = "--home";
        arguments[used++] = home;
    }
    arguments[used++] = "--output";
    arguments[used++] = "json";
    arguments[used] = NULL;
    return string_list_copy(arguments);
}

/* With the data node's lock, so that the data node is not started beside it: they share a database. */
static int query_segment(Supervisor *supervisor, Failure *failure) {
    _cleanup_string_list_ char **arguments = NULL;
    _cleanup_fd_ int lock_fd = -1;
    const RunBinary *data_node = release_binary(supervisor->running, PROCESS_DATA_NODE);

    arguments = segment_arguments(data_node);
    if (!arguments)
        return failure_set(failure, -ENOMEM, "cannot ask for the latest segment: out of memory");
    int r = processes_take_lock(supervisor, PROCESS_DATA_NODE, &lock_fd, failure);
    if (r < 0)
        return r;
    /* What it tells of a data node is over, and a tool is not taken over by anybody. */
    r = lock_write_text(lock_fd, "");
    if (r < 0)
        return failure_set(failure, r, "cannot ask for the latest segment: write its lock: %s", strerror(-r));
    ToolRequest request = {
        .path = data_node->full_path,
        .arguments = (const char *const *)arguments,
        .timeout_usec = SEGMENT_TIMEOUT_USEC,
        .keeps_lock = true,
        .lock_fd = lock_fd,
    };
    return tool_start(supervisor->event, &request, on_segment, supervisor, &supervisor->segment_tool, failure);
}

void tools_query_segment(Supervisor *supervisor) {
    Failure failure = {0};
    if (query_segment(supervisor, &failure) < 0) {
        log_error("data-node", failure.message);
        supervisor_answer(supervisor, (Event){.type = EVENT_SEGMENT, .segment = {.result = SEGMENT_FAILED}});
    }
}

void tools_cancel(Supervisor *supervisor) {
    supervisor->version_tool = tool_cancel(supervisor->version_tool);
    supervisor->segment_tool = tool_cancel(supervisor->segment_tool);
    supervisor->removal = tool_cancel(supervisor->removal);
    supervisor->warming = tool_cancel(supervisor->warming);
    examination_cancel(&supervisor->examination);
    fetching_cancel(supervisor);
}
