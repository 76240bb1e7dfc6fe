#include "home/history.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Neither a link nor a FIFO in the file's place may lead anywhere else or make us wait. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

static int open_history(
    const Home *home, int folder_fd, const char *name, int flags, struct stat *ret_status, int *ret_fd,
    Failure *failure) {
    _cleanup_fd_ int fd = openat(folder_fd, name, flags | OPEN_FLAGS, 0600);
    int r = 0;

    if (fd < 0 || fstat(fd, ret_status) < 0)
        r = negative_errno();
    else if (!S_ISREG(ret_status->st_mode))
        r = -EINVAL;
    if (r >= 0) {
        *ret_fd = TAKE_FD(fd);
        return 0;
    }
    (void)failure_set(
        failure, r, "the history cannot be opened: %s/" HOME_PRIVATE_FOLDER "/%s: %s", home->path, name,
        r == -EINVAL || r == -ELOOP ? "no regular file" : strerror(-r));
    return r == -EINVAL || r == -ELOOP || r == -EISDIR ? failure_cure(failure, r, "move it away") : r;
}

/* --- writing --- */

static int open_to_append(const Home *home, struct stat *ret_status, int *ret_fd, Failure *failure) {
    return open_history(
        home, home->private_fd, HOME_HISTORY_FILE, O_RDWR | O_APPEND | O_CREAT, ret_status, ret_fd, failure);
}

static int rotate(const Home *home, Failure *failure) {
    if (renameat(home->private_fd, HOME_HISTORY_FILE, home->private_fd, HOME_HISTORY_OLD_FILE) == 0)
        return 0;
    return failure_set(
        failure, negative_errno(),
        "%s/" HOME_PRIVATE_FOLDER "/" HOME_HISTORY_FILE " is full and cannot become %s: %m", home->path,
        HOME_HISTORY_OLD_FILE);
}

static bool is_torn(int fd, off_t size_bytes) {
    char last = '\n';
    return size_bytes > 0 && pread(fd, &last, 1, size_bytes - 1) == 1 && last != '\n';
}

/* In one write, so that a reader sees all of it or nothing; what a full disk cuts off is taken back. */
static int write_line(int fd, off_t size_bytes, const char *text, size_t length) {
    char line[HISTORY_LINE_MAX + 2];
    size_t used = 0;
    ssize_t count;

    if (is_torn(fd, size_bytes))
        line[used++] = '\n';
    memcpy(line + used, text, length);
    used += length;
    line[used++] = '\n';
    do
        count = write(fd, line, used);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return negative_errno();
    if ((size_t)count == used)
        return 0;
    return ftruncate(fd, size_bytes) < 0 ? negative_errno() : -ENOSPC;
}

static int append_line(const Home *home, const char *text, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    size_t length = strlen(text);
    struct stat status;

    int r = open_to_append(home, &status, &fd, failure);
    if (r < 0)
        return r;
    if (status.st_size > 0 && (uint64_t)status.st_size + length + 2 > HISTORY_FILE_MAX_BYTES) {
        fd = close_fd(fd);
        r = rotate(home, failure);
        if (r >= 0)
            r = open_to_append(home, &status, &fd, failure);
        if (r < 0)
            return r;
    }
    r = write_line(fd, status.st_size, text, length);
    if (r < 0)
        return failure_set(
            failure, r, "the history cannot be written: %s/" HOME_PRIVATE_FOLDER "/" HOME_HISTORY_FILE ": %s",
            home->path, strerror(-r));
    return 0;
}

int history_append(
    const Home *home, uint64_t realtime_usec, const char *event, const LogField *fields, Failure *failure) {
    _cleanup_free_ char *text = NULL;
    int r = history_line_format(realtime_usec, event, fields, &text);
    if (r < 0)
        return failure_set(failure, r, "a line for the history cannot be made: %s", strerror(-r));
    return append_line(home, text, failure);
}

/* --- reading --- */

typedef struct Files {
    int old_fd; /* -1: there is none */
    int new_fd;
    struct stat old_status;
} Files;

static int open_to_read(
    const Home *home, int folder_fd, const char *name, struct stat *ret_status, int *ret_fd, Failure *failure) {
    int r = open_history(home, folder_fd, name, O_RDONLY, ret_status, ret_fd, failure);
    return r == -ENOENT ? 0 : r;
}

static bool is_still_old(int folder_fd, const Files *files) {
    struct stat now;
    if (fstatat(folder_fd, HOME_HISTORY_OLD_FILE, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return files->old_fd < 0;
    return files->old_fd >= 0 && now.st_dev == files->old_status.st_dev && now.st_ino == files->old_status.st_ino;
}

static void close_files(Files *files) {
    files->old_fd = close_fd(files->old_fd);
    files->new_fd = close_fd(files->new_fd);
}

/* Both as they were at one moment: a Visor that moved the one on between the two calls would hide a whole file. */
static int open_files(const Home *home, int folder_fd, Files *files, Failure *failure) {
    enum { TRIES = 10 };
    struct stat ignored;

    for (int i = 0; i < TRIES; i++) {
        close_files(files);
        int r = open_to_read(home, folder_fd, HOME_HISTORY_OLD_FILE, &files->old_status, &files->old_fd, failure);
        if (r >= 0)
            r = open_to_read(home, folder_fd, HOME_HISTORY_FILE, &ignored, &files->new_fd, failure);
        if (r < 0 || is_still_old(folder_fd, files))
            return r;
    }
    return 0;
}

static int feed(HistoryReader *reader, const Home *home, int fd, Failure *failure) {
    char bytes[16 * 1024];

    while (fd >= 0) {
        ssize_t count = read(fd, bytes, sizeof bytes);
        if (count == 0)
            break;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set(failure, negative_errno(), "the history of %s cannot be read: %m", home->path);
        history_reader_feed(reader, bytes, (size_t)count);
    }
    history_reader_end(reader);
    return 0;
}

int history_read(
    const Home *home, HistoryHandler handler, void *userdata, uint64_t *ret_skipped, Failure *failure) {
    _cleanup_(close_files) Files files = {.old_fd = -1, .new_fd = -1};
    _cleanup_fd_ int folder_fd = -1;
    HistoryReader reader;

    *ret_skipped = 0;
    history_reader_init(&reader, handler, userdata);
    folder_fd = openat(home->fd, HOME_PRIVATE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder_fd < 0 && errno == ENOENT)
        return 0;
    if (folder_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s/" HOME_PRIVATE_FOLDER ": %m", home->path);
    int r = open_files(home, folder_fd, &files, failure);
    if (r >= 0)
        r = feed(&reader, home, files.old_fd, failure);
    if (r >= 0)
        r = feed(&reader, home, files.new_fd, failure);
    *ret_skipped = reader.skipped;
    return r;
}
