#include "home/lock.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

static pid_t read_pid(int fd) {
    char text[16] = "";
    ssize_t count = pread(fd, text, sizeof text - 1, 0);
    if (count <= 0)
        return 0;
    long pid = strtol(text, NULL, 10);
    return pid > 0 && pid <= 4194304 ? (pid_t)pid : 0; /* PID_MAX_LIMIT */
}

/* A lock on a file that was meanwhile removed or replaced protects nothing. */
static bool is_still_named(int folder_fd, const char *name, int fd) {
    struct stat named, opened;
    return fstatat(folder_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

int lock_take(int folder_fd, const char *name, int *ret_fd, pid_t *ret_holder, Failure *failure) {
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        _cleanup_fd_ int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0)
            return failure_set(failure, negative_errno(), "cannot open the lock .visor/%s: %m", name);
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

int lock_sign(int fd) {
    char text[16];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return negative_errno();
    return 0;
}

static bool has_open(int proc_fd, const char *pid, const struct stat *file) {
    _cleanup_directory_ DIR *descriptors = NULL;
    char path[64];
    (void)snprintf(path, sizeof path, "%.20s/fd", pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    descriptors = fdopendir(fd);
    if (!descriptors) {
        (void)close(fd);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(descriptors));) {
        struct stat opened;
        if (entry->d_name[0] != '.' && fstatat(fd, entry->d_name, &opened, 0) == 0 &&
            opened.st_dev == file->st_dev && opened.st_ino == file->st_ino)
            return true;
    }
    return false;
}

size_t lock_holders(int folder_fd, const char *name, pid_t *holders, size_t capacity) {
    _cleanup_directory_ DIR *processes = opendir("/proc");
    struct stat file;
    size_t count = 0;

    if (!processes || fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    for (const struct dirent *entry; (entry = readdir(processes));) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !has_open(dirfd(processes), entry->d_name, &file))
            continue;
        if (count < capacity)
            holders[count] = (pid_t)strtol(entry->d_name, NULL, 10);
        count++;
    }
    return count;
}
