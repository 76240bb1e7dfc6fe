#include "sim/event_log.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int event_log_open(EventLog *log, const Program *program, int folder_fd, const char *path, Failure *failure) {
    int fd = openat(folder_fd, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open the event log %s: %m", path);
    *log = (EventLog){.fd = fd, .process = program->process, .version = program->version.text};
    return 0;
}

void event_log_close(EventLog *log) {
    log->fd = close_fd(log->fd);
}

void event_log_write(const EventLog *log, const char *event, json_t *fields) {
    event_log_write_at(log, clock_monotonic_usec(), event, fields);
}

void event_log_write_at(const EventLog *log, uint64_t usec, const char *event, json_t *fields) {
    _cleanup_json_ json_t *members = fields;
    _cleanup_json_ json_t *line = NULL;
    _cleanup_free_ char *text = NULL;

    if (log->fd < 0)
        return;
    line = json_pack(
        "{s:I, s:i, s:s, s:s, s:s}", "t_us", (json_int_t)usec, "pid", (int)getpid(), "process", log->process,
        "version", log->version, "event", event);
    if (!line || (members && json_object_update(line, members) < 0))
        return;
    text = json_dumps(line, JSON_COMPACT);
    if (!text)
        return;
    size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL: the line must go out in one write */
    (void)!write_all(log->fd, text, length + 1);
}
