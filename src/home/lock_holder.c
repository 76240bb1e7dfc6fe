#include "home/lock_holder.h"

#include "base/cleanup.h"
#include "base/process_walk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int lock_is_held_through(int proc_fd, const char *pid, const char *number) {
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "%.20s/fdinfo/%.20s", pid, number);
    _cleanup_fd_ int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return process_unseen(negative_errno());
    ssize_t length = read(fd, text, sizeof text - 1);
    if (length < 0)
        return process_unseen(negative_errno());
    text[length] = '\0';
    return strstr(text, "FLOCK") != NULL;
}

/*
 * Answered from what the kernel has in memory: a stat of each open file of each process would wait for a dead
 * network file system for ever, and those come together with nodes that do not die.
 */
static bool is_file(int folder_fd, const char *name, const struct stat *file) {
    struct statx opened;
    return statx(folder_fd, name, AT_STATX_DONT_SYNC, STATX_INO, &opened) == 0 && opened.stx_ino == file->st_ino &&
           makedev(opened.stx_dev_major, opened.stx_dev_minor) == file->st_dev;
}

/* ProcessLook: does this process hold the lock on the file @userdata? */
static int look_for_file(int proc_fd, const char *pid, void *userdata) {
    const struct stat *file = userdata;
    _cleanup_directory_ DIR *descriptors = NULL;
    char path[64];
    int r = 0;

    (void)snprintf(path, sizeof path, "%.20s/fd", pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return process_unseen(negative_errno());
    descriptors = fdopendir(fd);
    if (!descriptors) {
        r = process_unseen(negative_errno());
        (void)close(fd);
        return r;
    }
    errno = 0;
    for (const struct dirent *entry; r == 0 && (entry = readdir(descriptors)); errno = 0) {
        if (entry->d_name[0] != '.' && is_file(fd, entry->d_name, file))
            r = lock_is_held_through(proc_fd, pid, entry->d_name);
    }
    return r != 0 ? r : process_unseen(-errno);
}

size_t lock_holders(int folder_fd, const char *name, pid_t *holders, size_t capacity) {
    struct stat file;
    if (fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    int count = process_walk(look_for_file, &file, holders, capacity);
    return count < 0 ? 0 : (size_t)count;
}

int lock_is_held_by(int folder_fd, const char *name, pid_t pid) {
    struct stat file;
    if (fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return negative_errno();
    return process_look_at(look_for_file, &file, pid);
}

void lock_holders_print(
    const pid_t *holders, size_t count, size_t capacity, char (*text)[LOCK_HOLDERS_TEXT_BYTES]) {
    size_t shown = count < capacity ? count : capacity;
    int used = 0;

    (void)snprintf(*text, sizeof *text, "unknown");
    for (size_t i = 0; i < shown; i++)
        used += snprintf(*text + used, sizeof *text - (size_t)used, "%s%d", i > 0 ? "," : "", (int)holders[i]);
    if (count > shown)
        (void)snprintf(*text + used, sizeof *text - (size_t)used, " and %zu more", count - shown);
}

void lock_holders_describe(int folder_fd, const char *name, char (*text)[LOCK_HOLDERS_TEXT_BYTES]) {
    pid_t holders[LOCK_HOLDERS_SHOWN];
    size_t count = lock_holders(folder_fd, name, holders, LOCK_HOLDERS_SHOWN);
    lock_holders_print(holders, count, LOCK_HOLDERS_SHOWN, text);
}

void lock_signal_holders(int folder_fd, const char *name, int signal_number) {
    struct stat file;
    if (fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) == 0)
        process_walk_signal(look_for_file, &file, signal_number);
}
