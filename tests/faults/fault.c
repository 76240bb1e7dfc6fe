/*
 * Preloaded into a program under test: its Nth call that touches the disk fails, or is where it is killed.
 *
 *     LD_PRELOAD=libfault.so FAULT_PROGRAM=visor-fetch FAULT_COUNTER=FILE FAULT_AT=17 FAULT_KIND=EIO visor prepare
 * ...
 *
 * FAULT_PROGRAM  the name of the executable that is meant; in others nothing happens
 * FAULT_COUNTER  8 bytes in a file: the number of calls so far, of the program and all its forks together
 * FAULT_AT       the call that is hit, from 1; 0 only counts
 * FAULT_KIND     "kill", or the name of an errno: "EIO", "ENOSPC"
 *
 * Counted are calls on regular files and folders: what opens for writing or inside a folder, makes, moves, removes,
 * writes, reads, changes, or syncs them.
 */
#include "meant.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static _Atomic uint64_t *counter; /* shared with forks */
static uint64_t at;
static int kind; /* an errno; 0 = kill */

__attribute__((__constructor__)) static void begin(void) {
    const char *file = getenv("FAULT_COUNTER");
    const char *name = getenv("FAULT_KIND");
    const char *number = getenv("FAULT_AT");
    if (!file || !name || !number || !is_meant("FAULT_PROGRAM"))
        return;
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0)
        abort();
    void *shared = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    (void)close(fd);
    at = strtoull(number, NULL, 10);
    kind = strcmp(name, "EIO") == 0 ? EIO : strcmp(name, "ENOSPC") == 0 ? ENOSPC : 0;
    counter = shared;
}

/* Is this the call? Then errno says what became of it, or nothing ever is again. */
static bool hit(void) {
    if (!counter || atomic_fetch_add(counter, 1) + 1 != at)
        return false;
    if (kind == 0)
        (void)raise(SIGKILL);
    errno = kind;
    return true;
}

static bool is_on_disk(int fd) {
    struct stat status;
    return counter && fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

#define REAL(name) ((__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name))

#define BY_FD(type, name, parameters, ...)                                                                         \
    type name parameters {                                                                                         \
        if (is_on_disk(fd) && hit())                                                                               \
            return -1;                                                                                             \
        return REAL(name)(__VA_ARGS__);                                                                            \
    }

#define BY_PATH(name, parameters, ...)                                                                             \
    int name parameters {                                                                                          \
        if (hit())                                                                                                 \
            return -1;                                                                                             \
        return REAL(name)(__VA_ARGS__);                                                                            \
    }

BY_FD(ssize_t, write, (int fd, const void *bytes, size_t length), fd, bytes, length)
BY_FD(ssize_t, pwrite, (int fd, const void *bytes, size_t length, off_t offset), fd, bytes, length, offset)
BY_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t length, off64_t offset), fd, bytes, length, offset)
BY_FD(ssize_t, read, (int fd, void *bytes, size_t length), fd, bytes, length)
BY_FD(ssize_t, pread, (int fd, void *bytes, size_t length, off_t offset), fd, bytes, length, offset)
BY_FD(ssize_t, pread64, (int fd, void *bytes, size_t length, off64_t offset), fd, bytes, length, offset)
BY_FD(int, fsync, (int fd), fd)
BY_FD(int, fdatasync, (int fd), fd)
BY_FD(int, ftruncate, (int fd, off_t length), fd, length)
BY_FD(int, ftruncate64, (int fd, off64_t length), fd, length)
BY_FD(int, fchmod, (int fd, mode_t mode), fd, mode)
BY_FD(int, futimens, (int fd, const struct timespec times[2]), fd, times)
BY_PATH(mkdir, (const char *path, mode_t mode), path, mode)
BY_PATH(mkdirat, (int fd, const char *path, mode_t mode), fd, path, mode)
BY_PATH(rmdir, (const char *path), path)
BY_PATH(unlink, (const char *path), path)
BY_PATH(unlinkat, (int fd, const char *path, int flags), fd, path, flags)
BY_PATH(rename, (const char *from, const char *to), from, to)
BY_PATH(renameat, (int from_fd, const char *from, int to_fd, const char *to), from_fd, from, to_fd, to)
BY_PATH(
    renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags), from_fd, from, to_fd, to,
    flags)
BY_PATH(
    linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags), from_fd, from, to_fd, to, flags)
BY_PATH(symlinkat, (const char *target, int fd, const char *path), target, fd, path)
BY_PATH(fchmodat, (int fd, const char *path, mode_t mode, int flags), fd, path, mode, flags)

static bool is_of_interest(int fd, int flags) {
    return fd != AT_FDCWD || (flags & O_ACCMODE) != O_RDONLY;
}

#define OPEN_MODE(flags)                                                                                           \
    mode_t mode = 0;                                                                                               \
    if ((flags)&O_CREAT) {                                                                                         \
        va_list more;                                                                                              \
        va_start(more, flags);                                                                                     \
        mode = (mode_t)va_arg(more, unsigned);                                                                     \
        va_end(more);                                                                                              \
    }

#define OPENAT(name)                                                                                               \
    int name(int fd, const char *path, int flags, ...) {                                                           \
        OPEN_MODE(flags)                                                                                           \
        if (is_of_interest(fd, flags) && hit())                                                                    \
            return -1;                                                                                             \
        return REAL(name)(fd, path, flags, mode);                                                                  \
    }

#define OPEN(name)                                                                                                 \
    int name(const char *path, int flags, ...) {                                                                   \
        OPEN_MODE(flags)                                                                                           \
        if (is_of_interest(AT_FDCWD, flags) && hit())                                                              \
            return -1;                                                                                             \
        return REAL(name)(path, flags, mode);                                                                      \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
