#include "home/lock.h"

#include "base/cleanup.h"
#include "base/process_stat.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum {
    SIGNATURE_BYTES = 32,
    TEXT_BYTES_LEAST = 4096 - SIGNATURE_BYTES, /* a page, which is written as a whole */
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

int lock_folder(int folder_fd) {
    if (flock(folder_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? 1 : negative_errno();
}

int lock_look(int folder_fd, const char *name) {
    _cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : negative_errno();
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? 1 : negative_errno();
}

pid_t lock_signer(int folder_fd, const char *name) {
    _cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd < 0 ? 0 : read_pid(fd);
}

/* Of one width: nothing is to be cut off, and the text begins where it ends. */
static int write_signature(int fd, int pid, uint64_t start_ticks) {
    char signature[SIGNATURE_BYTES + 1];
    (void)snprintf(signature, sizeof signature, "%-10d %-20" PRIu64 "\n", pid, start_ticks);
    if (pwrite(fd, signature, SIGNATURE_BYTES, 0) == SIGNATURE_BYTES || errno == ENOSPC || errno == EDQUOT)
        return 0;
    return negative_errno();
}

int lock_sign(int fd, pid_t pid) {
    ProcessStat stat;
    int r = process_stat(pid, &stat); /* where /proc does not tell, nobody can be sure who it is */
    return write_signature(fd, pid > 0 ? (int)pid : (int)getpid(), r < 0 ? 0 : stat.start_ticks);
}

int lock_unsign(int fd) {
    return write_signature(fd, 0, 0);
}

int lock_write_text(int fd, const char *text) {
    _cleanup_free_ char *padded = NULL;
    struct stat status;
    size_t length = strlen(text), room = TEXT_BYTES_LEAST;

    if (fstat(fd, &status) < 0)
        return negative_errno();
    if (length > TEXT_BYTES_MOST)
        return -EFBIG;
    if (status.st_size > SIGNATURE_BYTES && (uint64_t)status.st_size <= SIGNATURE_BYTES + TEXT_BYTES_MOST)
        room = (size_t)status.st_size - SIGNATURE_BYTES;
    else if (status.st_size > SIGNATURE_BYTES && ftruncate(fd, SIGNATURE_BYTES) < 0) /* nobody could read it */
        return negative_errno();
    if (room < length)
        room = length;
    padded = malloc(room);
    if (!padded)
        return -ENOMEM;
    memset(padded, ' ', room);
    memcpy(padded, text, length);
    ssize_t written = pwrite(fd, padded, room, SIGNATURE_BYTES);
    if (written < 0)
        return negative_errno();
    return (size_t)written == room ? 0 : -ENOSPC;
}

static char *text_of(const char *content, size_t length) {
    while (length > 0 && (content[length - 1] == ' ' || content[length - 1] == '\0'))
        length--;
    return strndup(content, length);
}

int lock_read(int folder_fd, const char *name, LockNote *ret) {
    char signature[SIGNATURE_BYTES + 1] = "", *end = NULL;
    _cleanup_free_ char *content = NULL;
    struct stat status;

    *ret = (LockNote){0};
    _cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 1 : negative_errno();
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

/*
 * Answered from what the kernel has in memory: a stat of each open file of each process would wait for a dead
 * network file system for ever, and those come together with nodes that do not die.
 */
static bool is_file(int folder_fd, const char *name, const struct stat *file) {
    struct statx opened;
    return statx(folder_fd, name, AT_STATX_DONT_SYNC, STATX_INO, &opened) == 0 && opened.stx_ino == file->st_ino &&
           makedev(opened.stx_dev_major, opened.stx_dev_minor) == file->st_dev;
}

/* What we are not allowed to see, or what has ended meanwhile, holds nothing; but we must have been able to look.
 */
static int unseen(int r) {
    return is_out_of_means(r) ? r : 0;
}

/* proc(5): the fdinfo of a descriptor tells the locks of its open file. Who only reads the file has none. */
static int holds_lock(int proc_fd, const char *pid, const char *number) {
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "%.20s/fdinfo/%.20s", pid, number);
    _cleanup_fd_ int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return unseen(negative_errno());
    ssize_t length = read(fd, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    return strstr(text, "FLOCK") != NULL;
}

/* Which file is meant: the one that has the name now, or the one that had it until it was removed. */
typedef struct Wanted {
    const struct stat *file;  /* NULL: */
    const char *removed_path; /* its absolute path, as /proc tells that of a removed file */
} Wanted;

static bool is_removed_file(int folder_fd, const char *name, const char *removed_path) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder_fd, name, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    return strcmp(target, removed_path) == 0;
}

static bool is_wanted(int folder_fd, const char *name, const Wanted *wanted) {
    return wanted->file ? is_file(folder_fd, name, wanted->file)
                        : is_removed_file(folder_fd, name, wanted->removed_path);
}

static int has_locked(int proc_fd, const char *pid, const Wanted *wanted) {
    _cleanup_directory_ DIR *descriptors = NULL;
    char path[64];
    int r = 0;
    (void)snprintf(path, sizeof path, "%.20s/fd", pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return unseen(negative_errno());
    descriptors = fdopendir(fd);
    if (!descriptors) {
        r = unseen(negative_errno());
        (void)close(fd);
        return r;
    }
    for (const struct dirent *entry; r == 0 && (entry = readdir(descriptors));) {
        if (entry->d_name[0] != '.' && is_wanted(fd, entry->d_name, wanted))
            r = holds_lock(proc_fd, pid, entry->d_name);
    }
    return r;
}

static int find_holders(const Wanted *wanted, pid_t *holders, size_t capacity) {
    _cleanup_directory_ DIR *processes = opendir("/proc");
    int count = 0;

    if (!processes)
        return negative_errno();
    for (const struct dirent *entry; (entry = readdir(processes));) {
        int r = isdigit((unsigned char)entry->d_name[0]) ? has_locked(dirfd(processes), entry->d_name, wanted) : 0;
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        if ((size_t)count < capacity)
            holders[count] = (pid_t)strtol(entry->d_name, NULL, 10);
        count++;
    }
    return count;
}

size_t lock_holders(int folder_fd, const char *name, pid_t *holders, size_t capacity) {
    struct stat file;
    if (fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    int count = find_holders(&(Wanted){.file = &file}, holders, capacity);
    return count < 0 ? 0 : (size_t)count;
}

int lock_holders_of_removed(const char *path, pid_t *holders, size_t capacity) {
    char removed_path[PATH_MAX];
    int length = snprintf(removed_path, sizeof removed_path, "%s (deleted)", path); /* proc_pid_fd(5) */
    if (length < 0 || (size_t)length >= sizeof removed_path)
        return -ENAMETOOLONG;
    return find_holders(&(Wanted){.removed_path = removed_path}, holders, capacity);
}

void lock_holders_describe(int folder_fd, const char *name, char (*text)[LOCK_HOLDERS_TEXT_BYTES]) {
    enum { HOLDERS_MAX = 8 };
    pid_t holders[HOLDERS_MAX];
    size_t count = lock_holders(folder_fd, name, holders, HOLDERS_MAX);
    int used = 0;

    (void)snprintf(*text, sizeof *text, "unknown");
    for (size_t i = 0; i < count && i < HOLDERS_MAX; i++)
        used += snprintf(*text + used, sizeof *text - (size_t)used, "%s%d", i > 0 ? "," : "", (int)holders[i]);
}

/* The pidfd first, the look after it: then what is signalled is the process that was looked at. */
static void signal_holder(int folder_fd, const char *name, pid_t pid, int signal_number) {
    enum { HOLDERS_MAX = 64 };
    pid_t holders[HOLDERS_MAX];
    _cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    size_t count = pid_fd < 0 ? 0 : lock_holders(folder_fd, name, holders, HOLDERS_MAX);
    for (size_t i = 0; i < count && i < HOLDERS_MAX; i++)
        if (holders[i] == pid)
            (void)syscall(SYS_pidfd_send_signal, pid_fd, signal_number, NULL, 0);
}

void lock_signal_holders(int folder_fd, const char *name, int signal_number) {
    enum { HOLDERS_MAX = 64 };
    pid_t holders[HOLDERS_MAX];
    size_t count = lock_holders(folder_fd, name, holders, HOLDERS_MAX);
    for (size_t i = 0; i < count && i < HOLDERS_MAX; i++)
        if (holders[i] != getpid())
            signal_holder(folder_fd, name, holders[i], signal_number);
}
