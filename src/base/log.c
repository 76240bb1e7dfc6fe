#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const LOG_LEVEL_NAMES[LOG_LEVEL_COUNT] = {
#define X(level, name, label, priority) [level] = name,
    LOG_LEVELS(X)
#undef X
};

const char *const LOG_FORMAT_NAMES[LOG_FORMAT_COUNT] = {
#define X(format, name) [format] = name,
    LOG_FORMATS(X)
#undef X
};

/* The log is the one thing every part needs and no part owns. */
static struct {
    LogFormat format;
    LogLevel level;
    uint64_t lost_lines;
} log_state = {.format = LOG_FORMAT_CONSOLE, .level = LOG_LEVEL_INFO};

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that leads to the journal. */
static bool stderr_is_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

void log_configure(LogFormat format, LogLevel level) {
    if (format == LOG_FORMAT_AUTO)
        format = stderr_is_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_CONSOLE;
    log_state.format = format;
    log_state.level = level;
}

bool log_enabled(LogLevel level) {
    return level >= log_state.level;
}

LogField field_errno(int error) {
    return field_string("error", strerror(error < 0 ? -error : error));
}

/*
 * The descriptor is shared with the node, so O_NONBLOCK (a property of the open file, not of the descriptor) is not
 * ours to set. poll() tells of a pipe that PIPE_BUF bytes fit, and lines are no longer than that (pipe(7)).
 */
static bool write_without_blocking(const LogLine *line) {
    struct pollfd target = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&target, 1, 0) != 1 || !(target.revents & POLLOUT))
        return false;
    ssize_t written = write(STDERR_FILENO, line->text, line->length);
    return written >= 0;
}

static void report_lost_lines(void) {
    if (log_state.lost_lines == 0)
        return;
    LogField fields[] = {
        field_integer("count", (int64_t)log_state.lost_lines),
        {.type = LOG_FIELD_END},
    };
    LogLine line;
    log_line_format(
        &line, log_state.format, LOG_LEVEL_WARNING, clock_realtime_usec(), "log",
        "lines were lost because the reader of standard error did not keep up", fields);
    if (write_without_blocking(&line))
        log_state.lost_lines = 0;
}

void log_write(LogLevel level, const char *component, const char *message, const LogField *fields) {
    if (!log_enabled(level))
        return;

    int saved_errno = errno;
    LogLine line;
    report_lost_lines();
    log_line_format(&line, log_state.format, level, clock_realtime_usec(), component, message, fields);
    if (!write_without_blocking(&line))
        log_state.lost_lines++;
    errno = saved_errno;
}
