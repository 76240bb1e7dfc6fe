#include "base/files.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int read_to_end(int fd, size_t expected_bytes, size_t limit_bytes, char **ret, size_t *ret_length) {
    _cleanup_free_ char *content = NULL;
    size_t capacity = expected_bytes + 2; /* the NUL, and a byte that tells whether the file grew since fstat */
    size_t length = 0;

    content = malloc(capacity);
    if (!content)
        return -ENOMEM;
    for (;;) {
        ssize_t count = read(fd, content + length, capacity - length - 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        length += (size_t)count;
        if (length > limit_bytes)
            return -EFBIG;
        if (count == 0)
            break;
        if (length + 1 == capacity) {
            char *larger = realloc(content, capacity * 2);
            if (!larger)
                return -ENOMEM;
            content = larger;
            capacity *= 2;
        }
    }
    content[length] = '\0';
    *ret = TAKE_PTR(content);
    *ret_length = length;
    return 0;
}

int file_read_at(
    int folder_fd, const char *path, size_t limit_bytes, char **ret, size_t *ret_length, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    struct stat status;

    /* O_NONBLOCK: opening a FIFO that somebody put in the file's place must not wait for a writer. */
    fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s: %m", path);
    if (fstat(fd, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (S_ISDIR(status.st_mode))
        return failure_set(failure, -EISDIR, "%s is a folder, but a file is expected there", path);
    if (!S_ISREG(status.st_mode))
        return failure_set(failure, -EINVAL, "%s is no regular file", path);
    if ((uint64_t)status.st_size > limit_bytes)
        return failure_set(
            failure, -EFBIG, "%s has %lld bytes, at most %zu are read", path, (long long)status.st_size,
            limit_bytes);

    int r = read_to_end(fd, (size_t)status.st_size, limit_bytes, ret, ret_length);
    if (r < 0)
        return failure_set(failure, r, "cannot read %s: %s", path, strerror(-r));
    return 0;
}

int file_read(const char *path, size_t limit_bytes, char **ret, size_t *ret_length, Failure *failure) {
    return file_read_at(AT_FDCWD, path, limit_bytes, ret, ret_length, failure);
}

int write_all(int fd, const char *content, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, content, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        content += count;
        length -= (size_t)count;
    }
    return 0;
}

int file_replace(
    int folder_fd, const char *name, const char *content, size_t length, mode_t mode, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    _cleanup_free_ char *temporary = NULL;
    int r;

    temporary = string_format(".%s.new", name);
    if (!temporary)
        return failure_set(failure, -ENOMEM, "cannot write %s: out of memory", name);

    /* A fresh inode each time: what a crash left may be somebody's link to a file that is not ours. */
    if (unlinkat(folder_fd, temporary, 0) < 0 && errno != ENOENT)
        return failure_set(failure, negative_errno(), "cannot remove the old %s: %m", temporary);
    fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot create %s: %m", temporary);

    r = write_all(fd, content, length);
    if (r >= 0 && fsync(fd) < 0)
        r = negative_errno();
    FAIL_POINT(FILE_WRITTEN);
    if (r >= 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
        r = negative_errno();
    if (r < 0) {
        (void)unlinkat(folder_fd, temporary, 0);
        return failure_set(failure, r, "cannot write %s: %s", name, strerror(-r));
    }
    FAIL_POINT(FILE_RENAMED);
    if (fsync(folder_fd) < 0)
        return failure_set(failure, negative_errno(), "cannot make %s durable: %m", name);
    FAIL_POINT(FILE_DURABLE);
    return 0;
}

static uint64_t timespec_nsec(const struct timespec *time) {
    return (uint64_t)time->tv_sec * UINT64_C(1000000000) + (uint64_t)time->tv_nsec;
}

FileIdentity file_identity(const struct stat *status) {
    return (FileIdentity){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size_bytes = (uint64_t)status->st_size,
        .mtime_nsec = timespec_nsec(&status->st_mtim),
        .ctime_nsec = timespec_nsec(&status->st_ctim),
    };
}

bool file_identity_equal(const FileIdentity *left, const FileIdentity *right) {
    return left->device == right->device && left->inode == right->inode && left->size_bytes == right->size_bytes &&
           left->mtime_nsec == right->mtime_nsec && left->ctime_nsec == right->ctime_nsec;
}
