#include "home/lock.h"

#include "base/cleanup.h"
#include "base/process_stat.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
    SIGNATURE_BYTES = 32,
    PAGE_BYTES = 4096,
    TEXT_BYTES_LEAST = PAGE_BYTES - SIGNATURE_BYTES, /* a page, which is written as a whole */
    TEXT_BYTES_MOST = 64 * 1024,
    PID_MOST = 4194304, /* PID_MAX_LIMIT */
};

static pid_t read_pid(int fd) {
    char text[16] = "";
    ssize_t count = pread(fd, text, sizeof text - 1, 0);
    if (count <= 0)
        return 0;
    long pid = strtol(text, NULL, 10);
    return pid > 0 && pid <= PID_MOST ? (pid_t)pid : 0;
}

/* A lock on a file that was meanwhile removed or replaced protects nothing. */
static bool is_still_named(int folder_fd, const char *name, int fd) {
    struct stat named, opened;
    return fstatat(folder_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* A file, or the folder itself, and nothing else that has the name. Fails as a link does that is not followed. */
static int open_lock(int folder_fd, const char *name, int flags, int *ret_fd) {
    struct stat status;
    _cleanup_fd_ int fd = openat(folder_fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return errno == EISDIR ? -ELOOP : negative_errno();
    if (fstat(fd, &status) < 0)
        return negative_errno();
    if (!S_ISREG(status.st_mode) && strcmp(name, ".") != 0)
        return -ELOOP;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int lock_take(int folder_fd, const char *name, int *ret_fd, pid_t *ret_holder, Failure *failure) {
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        _cleanup_fd_ int fd = -1;
        int r = open_lock(folder_fd, name, O_RDWR | O_CREAT, &fd);
        if (r == -ELOOP)
            return failure_set(failure, r, "the lock .visor/%s is no file: move it away", name);
        if (r < 0)
            return failure_set(failure, r, "cannot open the lock .visor/%s: %s", name, strerror(-r));
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            if (errno != EWOULDBLOCK)
                return failure_set(failure, negative_errno(), "cannot lock .visor/%s: %m", name);
            *ret_holder = read_pid(fd);
            return 1;
        }
        if (is_still_named(folder_fd, name, fd)) {
            *ret_fd = TAKE_FD(fd);
            return 0;
        }
    }
    return failure_set(failure, -EAGAIN, "the lock .visor/%s is being replaced all the time", name);
}

int lock_folder(int folder_fd) {
    if (flock(folder_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? 1 : negative_errno();
}

int lock_look(int folder_fd, const char *name) {
    _cleanup_fd_ int fd = -1;
    int r = open_lock(folder_fd, name, O_RDONLY, &fd);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? 1 : negative_errno();
}

pid_t lock_signer(int folder_fd, const char *name) {
    _cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd < 0 ? 0 : read_pid(fd);
}

/* Of one width: nothing is to be cut off, and the text begins where it ends. */
int lock_sign_for(int fd, pid_t pid, uint64_t start_ticks) {
    char signature[SIGNATURE_BYTES + 1];
    (void)snprintf(signature, sizeof signature, "%-10d %-20" PRIu64 "\n", (int)pid, start_ticks);
    if (pwrite(fd, signature, SIGNATURE_BYTES, 0) == SIGNATURE_BYTES || errno == ENOSPC || errno == EDQUOT)
        return 0;
    return negative_errno();
}

int lock_sign(int fd) {
    ProcessStat stat;
    int r = process_stat(0, &stat); /* where /proc does not tell, nobody can be sure who it is */
    return lock_sign_for(fd, getpid(), r < 0 ? 0 : stat.start_ticks);
}

int lock_unsign(int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return negative_errno();
    /* The text first: it is worth nothing without a signature, and the other way round it would be. */
    if (status.st_size > SIGNATURE_BYTES && pwrite(fd, " ", 1, SIGNATURE_BYTES) < 0)
        return negative_errno();
    return lock_sign_for(fd, 0, 0);
}

/* For a text, in the file as it is; 0 = it is new, or longer than anybody could read it, and cut off. */
static int find_room(int fd, size_t *ret) {
    struct stat status;
    *ret = 0;
    if (fstat(fd, &status) < 0)
        return negative_errno();
    if (status.st_size <= SIGNATURE_BYTES)
        return 0;
    if ((uint64_t)status.st_size > SIGNATURE_BYTES + TEXT_BYTES_MOST)
        return ftruncate(fd, SIGNATURE_BYTES) < 0 ? negative_errno() : 0;
    *ret = (size_t)status.st_size - SIGNATURE_BYTES;
    return 0;
}

static int write_text(int fd, const char *text, size_t length, size_t offset) {
    ssize_t written = pwrite(fd, text, length, (off_t)(SIGNATURE_BYTES + offset));
    if (written < 0)
        return negative_errno();
    return (size_t)written == length ? 0 : -ENOSPC;
}

int lock_write_text(int fd, const char *text) {
    _cleanup_free_ char *padded = NULL;
    size_t length = strlen(text), room = 0;

    int r = length > TEXT_BYTES_MOST ? -EFBIG : find_room(fd, &room);
    if (r < 0)
        return r;
    size_t wanted = room > 0 ? room : TEXT_BYTES_LEAST;
    while (wanted < length) /* by pages, so that the next one may be a little longer */
        wanted += PAGE_BYTES - (SIGNATURE_BYTES + wanted) % PAGE_BYTES;
    if (wanted > TEXT_BYTES_MOST)
        wanted = TEXT_BYTES_MOST;
    padded = malloc(wanted);
    if (!padded)
        return -ENOMEM;
    memset(padded, ' ', wanted);
    if (room > 0 && room < wanted) /* with blanks, so that a full disk is met before the text there is touched */
        r = write_text(fd, padded, wanted - room, room);
    if (r < 0)
        return r;
    memcpy(padded, text, length);
    return write_text(fd, padded, wanted, 0);
}

static char *text_of(const char *content, size_t length) {
    while (length > 0 && (content[length - 1] == ' ' || content[length - 1] == '\0'))
        length--;
    return strndup(content, length);
}

int lock_read_open(int fd, LockNote *ret) {
    char signature[SIGNATURE_BYTES + 1] = "", *end = NULL;
    _cleanup_free_ char *content = NULL;
    struct stat status;

    *ret = (LockNote){0};
    if (fstat(fd, &status) < 0)
        return negative_errno();
    if (!S_ISREG(status.st_mode) || status.st_size > SIGNATURE_BYTES + TEXT_BYTES_MOST)
        return -EFBIG;
    content = malloc(SIGNATURE_BYTES + TEXT_BYTES_MOST + 1);
    if (!content)
        return -ENOMEM;
    ssize_t length = pread(fd, content, SIGNATURE_BYTES + TEXT_BYTES_MOST, 0);
    if (length < 0)
        return negative_errno();
    content[length] = '\0';
    size_t signed_bytes = length < SIGNATURE_BYTES ? (size_t)length : SIGNATURE_BYTES;
    memcpy(signature, content, signed_bytes);
    ret->text = text_of(content + signed_bytes, (size_t)length - signed_bytes);
    if (!ret->text)
        return -ENOMEM;
    long pid = strtol(signature, &end, 10);
    ret->pid = pid > 0 && pid <= PID_MOST ? (pid_t)pid : 0;
    ret->start_ticks = strtoull(end, NULL, 10);
    return 0;
}

int lock_read(int folder_fd, const char *name, LockNote *ret) {
    *ret = (LockNote){0};
    _cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 1 : negative_errno();
    return lock_read_open(fd, ret);
}
