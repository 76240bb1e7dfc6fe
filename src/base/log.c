#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* How standard error is written to, if not by a descriptor of our own. */
enum Target {
    TARGET_UNKNOWN = -1,
    TARGET_NONE = -2,
    TARGET_FILE = -3,
    TARGET_SOCKET = -4,
    TARGET_POLLED = -5,
};

/* The log is the one thing every part needs and no part owns. */
static struct {
    LogFormat format;
    LogLevel level;
    uint64_t lost_lines;
    int target; /* a descriptor of our own, or one of enum Target */
} log_state = {.target = TARGET_UNKNOWN, .format = LOG_FORMAT_CONSOLE, .level = LOG_LEVEL_INFO};

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
 * O_NONBLOCK is a property of the open file, and that is shared with the node, so it is not ours to set. A pipe or
 * a terminal is opened once more for ourselves; a socket can be asked not to wait for each message; a file never
 * blocks.
 */
static int open_target(void) {
    struct stat status;
    if (fstat(STDERR_FILENO, &status) < 0)
        return TARGET_NONE;
    if (S_ISREG(status.st_mode))
        return TARGET_FILE;
    if (S_ISSOCK(status.st_mode))
        return TARGET_SOCKET;
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 ? fd : TARGET_POLLED;
}

/* The last resort, for a pipe that somebody else owns: poll() tells of it that PIPE_BUF bytes fit (pipe(7)). */
static ssize_t write_polled(const LogLine *line) {
    struct pollfd target = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&target, 1, 0) != 1 || !(target.revents & POLLOUT))
        return -1;
    return write(STDERR_FILENO, line->text, line->length);
}

static ssize_t write_line(const LogLine *line) {
    if (log_state.target == TARGET_UNKNOWN)
        log_state.target = open_target();
    switch (log_state.target) {
    case TARGET_NONE:
        return -1;
    case TARGET_FILE:
        return write(STDERR_FILENO, line->text, line->length);
    case TARGET_SOCKET:
        return send(STDERR_FILENO, line->text, line->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    case TARGET_POLLED:
        return write_polled(line);
    default:
        return write(log_state.target, line->text, line->length);
    }
}

static bool write_without_blocking(const LogLine *line) {
    return write_line(line) == (ssize_t)line->length;
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
