/*
 * Preloaded into a program under test: writes down each call that changes a disk, in the order in which they take
 * effect, so that tests/e2e/power_cut.py can tell what a power cut leaves of them.
 *
 *     LD_PRELOAD=librecord.so RECORD_PROGRAMS="visor visor-fetch" RECORD_LOG=FILE RECORD_FOLDER=HOME visor run ...
 *
 * RECORD_PROGRAMS  the names of the executables that are meant; in others nothing happens
 * RECORD_LOG       a file of LOG_BYTES_MAX bytes, all zero, that all of them share: Head, then one Record after the
 * other RECORD_FOLDER    only what lies on its file system is written down
 *
 * Files and folders are told by their inode: unlike a name, a sandbox lets it be asked for, and it is what fsync is
 * about. One lock is held from before a call until it is written down, so that the order is the true one.
 */
#include "meant.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define LOG_BYTES_MAX (UINT64_C(256) * 1024 * 1024)

typedef struct Head {
    uint64_t used_bytes; /* from the start of the file */
    uint64_t full;       /* something did not fit */
    pthread_mutex_t lock;
    uint32_t lock_made;
    char reserved[4096 - 2 * sizeof(uint64_t) - sizeof(pthread_mutex_t) - sizeof(uint32_t)];
} Head;
_Static_assert(sizeof(Head) == 4096, "the reader begins there");

/* As power_cut.py reads it; then the two names, each ended by NUL, and the data. */
typedef struct Record {
    uint64_t size_bytes; /* of all of it */
    uint64_t kind;       /* a letter: see the calls of write_down() */
    uint64_t pid;
    uint64_t folder;
    uint64_t other_folder;
    uint64_t inode;
    uint64_t mode;
    uint64_t offset; /* or the length of the file */
    uint64_t mtime_nsec;
    uint64_t names_bytes;
    uint64_t data_bytes;
} Record;

static Head *head; /* NULL: not meant */
static dev_t device;

#define REAL(name) ((__typeof__(name) *)(uintptr_t)dlsym(RTLD_NEXT, #name))

static void make_lock(void) {
    pthread_mutexattr_t attributes;
    if (__atomic_exchange_n(&head->lock_made, 1, __ATOMIC_SEQ_CST) != 0)
        return; /* by the first of them, which has no children before */
    head->used_bytes = sizeof *head;
    (void)pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    (void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST); /* some of them are killed */
    (void)pthread_mutex_init(&head->lock, &attributes);
}

__attribute__((__constructor__)) static void begin(void) {
    const char *log = getenv("RECORD_LOG"), *folder = getenv("RECORD_FOLDER");
    struct stat status;
    if (!log || !folder || !is_meant("RECORD_PROGRAMS"))
        return;
    int fd = open(log, O_RDWR | O_CLOEXEC);
    if (fd < 0 || stat(folder, &status) < 0)
        abort();
    void *shared = mmap(NULL, LOG_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        abort();
    (void)close(fd);
    device = status.st_dev;
    head = shared;
    make_lock();
}

static void lock(void) {
    if (head && pthread_mutex_lock(&head->lock) == EOWNERDEAD)
        (void)pthread_mutex_consistent(&head->lock);
}

static void unlock(void) {
    int error = errno;
    if (head)
        (void)pthread_mutex_unlock(&head->lock);
    errno = error;
}

/* Where the data of a record goes, which are the last of it; NULL if there is no room left. */
static char *write_down(char kind, Record record, const char *name, const char *other_name) {
    size_t name_bytes = strlen(name) + 1, other_bytes = strlen(other_name) + 1;
    record.kind = (uint64_t)kind;
    record.pid = (uint64_t)getpid();
    record.names_bytes = name_bytes + other_bytes;
    record.size_bytes = (sizeof record + record.names_bytes + record.data_bytes + 7) & ~UINT64_C(7);
    if (head->used_bytes + record.size_bytes > LOG_BYTES_MAX) {
        head->full = 1;
        return NULL;
    }
    char *at = (char *)head + head->used_bytes;
    memcpy(at, &record, sizeof record);
    memcpy(at + sizeof record, name, name_bytes);
    memcpy(at + sizeof record + name_bytes, other_name, other_bytes);
    head->used_bytes += record.size_bytes;
    return at + sizeof record + record.names_bytes;
}

/* --- what an entry of a folder is ------------------------------------------------------------------------------
 */

typedef struct Entry {
    uint64_t folder; /* its inode */
    char name[NAME_MAX + 1];
    struct stat status;
    bool exists;
    bool recorded; /* its folder lies on the disk in question */
} Entry;

/* errno is left as it was. */
static Entry look(int fd, const char *path) {
    char buffer[PATH_MAX];
    Entry entry = {0};
    struct stat folder;
    int error = errno;
    if (head && strlen(path) < sizeof buffer) {
        (void)snprintf(buffer, sizeof buffer, "%s", path);
        entry.recorded = fstatat(fd, dirname(buffer), &folder, 0) == 0 && folder.st_dev == device;
        entry.folder = folder.st_ino;
        (void)snprintf(buffer, sizeof buffer, "%s", path);
        (void)snprintf(entry.name, sizeof entry.name, "%.255s", basename(buffer));
        entry.exists = fstatat(fd, path, &entry.status, AT_SYMLINK_NOFOLLOW) == 0;
    }
    errno = error;
    return entry;
}

static void tell_made(char kind, int fd, const char *path, const char *target) {
    Entry entry = look(fd, path);
    if (!entry.recorded)
        return;
    Record record = {.folder = entry.folder, .inode = entry.status.st_ino, .mode = entry.status.st_mode};
    (void)write_down(kind, record, entry.name, target);
}

#define AROUND(type, call, after)                                                                                  \
    lock();                                                                                                        \
    type result = call;                                                                                            \
    if (head && result >= 0) {                                                                                     \
        after;                                                                                                     \
    }                                                                                                              \
    unlock();                                                                                                      \
    return result

int mkdirat(int fd, const char *path, mode_t mode) {
    AROUND(int, REAL(mkdirat)(fd, path, mode), tell_made('M', fd, path, ""));
}

int mkdir(const char *path, mode_t mode) {
    return mkdirat(AT_FDCWD, path, mode);
}

int symlinkat(const char *target, int fd, const char *path) {
    AROUND(int, REAL(symlinkat)(target, fd, path), tell_made('S', fd, path, target));
}

int symlink(const char *target, const char *path) {
    return symlinkat(target, AT_FDCWD, path);
}

int linkat(int from_fd, const char *from, int fd, const char *path, int flags) {
    AROUND(int, REAL(linkat)(from_fd, from, fd, path, flags), tell_made('L', fd, path, ""));
}

static void tell_gone(const Entry *entry) {
    if (entry->recorded)
        (void)write_down('U', (Record){.folder = entry->folder, .inode = entry->status.st_ino}, entry->name, "");
}

int unlinkat(int fd, const char *path, int flags) {
    Entry entry;
    lock();
    entry = look(fd, path);
    int result = REAL(unlinkat)(fd, path, flags);
    if (result == 0)
        tell_gone(&entry);
    unlock();
    return result;
}

int unlink(const char *path) {
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path) {
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
    lock();
    Entry entry = look(from_fd, from), other = look(to_fd, to);
    int result = REAL(renameat2)(from_fd, from, to_fd, to, flags);
    if (result == 0 && entry.recorded && other.recorded) {
        Record record = {
            .folder = entry.folder, .other_folder = other.folder, .inode = entry.status.st_ino, .mode = flags};
        (void)write_down('R', record, entry.name, other.name);
    }
    unlock();
    return result;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
    return renameat2(from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* --- what a file contains ---------------------------------------------------------------------------------------
 */

static bool is_recorded(int fd, struct stat *status) {
    int error = errno;
    bool recorded = head && fstat(fd, status) == 0 && status->st_dev == device &&
                    (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode));
    errno = error;
    return recorded;
}

static Record about(const struct stat *status) {
    return (Record){
        .inode = status->st_ino,
        .mode = status->st_mode,
        .mtime_nsec = (uint64_t)status->st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)status->st_mtim.tv_nsec,
    };
}

static void tell_written(int fd, const void *bytes, size_t length, off_t offset) {
    struct stat status;
    if (!is_recorded(fd, &status))
        return;
    Record record = about(&status);
    record.offset = (uint64_t)offset;
    record.data_bytes = length;
    char *data = write_down('W', record, "", "");
    if (data)
        memcpy(data, bytes, length);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct stat status;
    if (!is_recorded(fd, &status)) /* the log above all: nobody waits for a reader of that with the lock held */
        return REAL(write)(fd, bytes, length);
    AROUND(
        ssize_t, REAL(write)(fd, bytes, length),
        tell_written(fd, bytes, (size_t)result, lseek(fd, 0, SEEK_CUR) - result));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    AROUND(ssize_t, REAL(pwrite)(fd, bytes, length, offset), tell_written(fd, bytes, (size_t)result, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    return pwrite(fd, bytes, length, offset);
}

static void tell_sent(int to_fd, int from_fd, size_t length) {
    struct stat status;
    if (length == 0 || !is_recorded(to_fd, &status))
        return;
    Record record = about(&status);
    record.offset = (uint64_t)(lseek(to_fd, 0, SEEK_CUR) - (off_t)length);
    record.data_bytes = length;
    char *data = write_down('W', record, "", "");
    if (data && pread(from_fd, data, length, lseek(from_fd, 0, SEEK_CUR) - (off_t)length) != (ssize_t)length)
        head->full = 1;
}

ssize_t sendfile(int to_fd, int from_fd, off_t *offset, size_t length) {
    AROUND(ssize_t, REAL(sendfile)(to_fd, from_fd, offset, length), tell_sent(to_fd, from_fd, (size_t)result));
}

ssize_t sendfile64(int to_fd, int from_fd, off64_t *offset, size_t length) {
    return sendfile(to_fd, from_fd, offset, length);
}

static void tell_status(char kind, int fd) {
    struct stat status;
    if (!is_recorded(fd, &status))
        return;
    Record record = about(&status);
    record.offset = (uint64_t)status.st_size;
    (void)write_down(kind, record, "", "");
}

int ftruncate(int fd, off_t length) {
    AROUND(int, REAL(ftruncate)(fd, length), tell_status('T', fd));
}

int ftruncate64(int fd, off64_t length) {
    return ftruncate(fd, length);
}

int fchmod(int fd, mode_t mode) {
    AROUND(int, REAL(fchmod)(fd, mode), tell_status('F', fd));
}

static void tell_mode(int fd, const char *path) {
    Entry entry = look(fd, path);
    if (entry.recorded && entry.exists)
        (void)write_down('F', about(&entry.status), "", "");
}

int fchmodat(int fd, const char *path, mode_t mode, int flags) {
    AROUND(int, REAL(fchmodat)(fd, path, mode, flags), tell_mode(fd, path));
}

int futimens(int fd, const struct timespec times[2]) {
    AROUND(int, REAL(futimens)(fd, times), tell_status('F', fd));
}

int fsync(int fd) {
    AROUND(int, REAL(fsync)(fd), tell_status('Y', fd));
}

int fdatasync(int fd) {
    AROUND(int, REAL(fdatasync)(fd), tell_status('Y', fd));
}

/* --- opening ----------------------------------------------------------------------------------------------------
 */

static int open_recorded(int fd, const char *path, int flags, mode_t mode) {
    lock();
    Entry entry = look(fd, path);
    int opened = REAL(openat)(fd, path, flags, mode);
    if (opened >= 0 && head) {
        if (!entry.exists)
            tell_made('C', fd, path, "");
        else if (flags & O_TRUNC)
            tell_status('T', opened);
    }
    unlock();
    return opened;
}

#define OPEN_MODE(flags)                                                                                           \
    mode_t mode = 0;                                                                                               \
    if ((flags)&O_CREAT) {                                                                                         \
        va_list more;                                                                                              \
        va_start(more, flags);                                                                                     \
        mode = (mode_t)va_arg(more, unsigned);                                                                     \
        va_end(more);                                                                                              \
    }                                                                                                              \
    bool changes = head && ((flags) & (O_CREAT | O_TRUNC))

#define OPENAT(name)                                                                                               \
    int name(int fd, const char *path, int flags, ...) {                                                           \
        OPEN_MODE(flags);                                                                                          \
        return changes ? open_recorded(fd, path, flags, mode) : REAL(name)(fd, path, flags, mode);                 \
    }

#define OPEN(name)                                                                                                 \
    int name(const char *path, int flags, ...) {                                                                   \
        OPEN_MODE(flags);                                                                                          \
        return changes ? open_recorded(AT_FDCWD, path, flags, mode) : REAL(name)(path, flags, mode);               \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* What is executed, and with which words: which node may have run. */
int execv(const char *path, char *const arguments[]) {
    char words[4096] = "";
    size_t used = 0;
    for (char *const *word = arguments; head && *word && used < sizeof words; word++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s\n", *word);
    lock();
    if (head)
        (void)write_down('X', (Record){0}, path, words);
    unlock();
    return REAL(execv)(path, arguments);
}
