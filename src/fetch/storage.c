#include "fetch/storage.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MODE_AT_FIRST = 0600,
    FOLDER_MODE = 0755,
    ELEMENT_BYTES = 256, /* NAME_MAX and a NUL */
};

/* The disk begins after so much, so that the fsync at the end is short and the node's own writes are not held up.
 */
#define FLUSH_BYTES (UINT64_C(8) * 1024 * 1024)

void storage_init(Storage *storage, int folder_fd, StorageProgress progress, void *userdata) {
    *storage = (Storage){.folder_fd = folder_fd, .progress = progress, .userdata = userdata};
}

void storage_clear(Storage *storage) {
    while (storage->waiting_count > 0)
        (void)close_fd(storage->waiting[--storage->waiting_count].fd);
}

static int failed(Failure *failure, int r, const char *verb, const char *path) {
    char printable[256];
    return failure_set(
        failure, r, "cannot %s %s of the release: %s", verb, string_printable(printable, sizeof printable, path),
        strerror(-r));
}

/* Opens the folder @element below @parent_fd, made if there is none. */
static int open_folder(int parent_fd, const char *element) {
    bool made = mkdirat(parent_fd, element, FOLDER_MODE) == 0;
    if (!made && errno != EEXIST)
        return negative_errno();
    _cleanup_fd_ int fd = openat(parent_fd, element, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return negative_errno();
    if (made && fchmod(fd, FOLDER_MODE) < 0) /* whatever the umask is */
        return negative_errno();
    return TAKE_FD(fd);
}

/*
 * Opens the folder that the first @length bytes of @path name, making what is missing. @ret is owned by the caller.
 */
static int open_path(const Storage *storage, const char *path, size_t length, int *ret) {
    _cleanup_fd_ int fd = openat(storage->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return negative_errno();
    for (size_t at = 0; at < length;) {
        char element[ELEMENT_BYTES];
        size_t element_length = strcspn(path + at, "/");
        if (element_length >= sizeof element)
            return -ENAMETOOLONG;
        memcpy(element, path + at, element_length);
        element[element_length] = '\0';
        int next_fd = open_folder(fd, element);
        if (next_fd < 0)
            return next_fd;
        (void)close_fd(fd);
        fd = next_fd;
        at += element_length + 1;
    }
    *ret = TAKE_FD(fd);
    return 0;
}

int storage_make_folder(Storage *storage, const char *path, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    int r = open_path(storage, path, strlen(path), &fd);
    return r < 0 ? failed(failure, r, "make the folder", path) : 0;
}

int storage_create(Storage *storage, const char *path, mode_t mode, StoredFile *ret, Failure *failure) {
    _cleanup_fd_ int folder_fd = -1;
    _cleanup_fd_ int fd = -1;
    const char *slash = strrchr(path, '/');

    int r = open_path(storage, path, slash ? (size_t)(slash - path) : 0, &folder_fd);
    if (r < 0)
        return failed(failure, r, "make the folder of", path);
    fd = openat(
        folder_fd, slash ? slash + 1 : path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
        FILE_MODE_AT_FIRST);
    if (fd < 0)
        return failed(failure, negative_errno(), "create", path);
    if (fchmod(fd, mode) < 0)
        return failed(failure, negative_errno(), "set the mode of", path);
    *ret = (StoredFile){.fd = TAKE_FD(fd)};
    return 0;
}

int storage_write(StoredFile *file, const void *bytes, size_t length, uint64_t offset) {
    const char *next = bytes;
    while (length > 0) {
        ssize_t count = pwrite(file->fd, next, length, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return negative_errno();
        next += count;
        offset += (uint64_t)count;
        length -= (size_t)count;
    }
    if (offset > file->length)
        file->length = offset;
    if (file->length - file->flushed_bytes >= FLUSH_BYTES) {
        /* Only begins; its errors are told again by fsync. */
        (void)sync_file_range(
            file->fd, (off_t)file->flushed_bytes, (off_t)(file->length - file->flushed_bytes),
            SYNC_FILE_RANGE_WRITE);
        file->flushed_bytes = file->length;
    }
    return 0;
}

int storage_finish_file(Storage *storage, StoredFile *file, uint64_t size_bytes, Failure *failure) {
    _cleanup_fd_ int fd = TAKE_FD(file->fd);

    if (size_bytes != file->length && ftruncate(fd, (off_t)size_bytes) < 0)
        return failure_set(failure, negative_errno(), "cannot set the size of a file of the release: %m");
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    if (storage->waiting_count == STORAGE_WAITING_MAX) {
        int r = storage_flush(storage, failure);
        if (r < 0)
            return r;
    }
    storage->waiting[storage->waiting_count].bytes = size_bytes;
    storage->waiting[storage->waiting_count++].fd = TAKE_FD(fd);
    return 0;
}

void storage_drop_file(StoredFile *file) {
    file->fd = close_fd(file->fd);
}

int storage_flush(Storage *storage, Failure *failure) {
    while (storage->waiting_count > 0) {
        size_t last = storage->waiting_count - 1;
        if (fsync(storage->waiting[last].fd) < 0)
            return failure_set(failure, negative_errno(), "cannot make the files of the release durable: %m");
        (void)close_fd(storage->waiting[last].fd);
        storage->waiting_count = last;
        storage->stored_bytes += storage->waiting[last].bytes;
        if (storage->progress)
            storage->progress(storage->stored_bytes, storage->userdata);
    }
    return 0;
}

int storage_sync_folder(Storage *storage, const char *path, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    int r = open_path(storage, path, strlen(path), &fd);
    if (r >= 0 && fsync(fd) < 0)
        r = negative_errno();
    if (r < 0)
        return failed(failure, r, "make durable the folder", *path ? path : "itself");
    if (storage->progress)
        storage->progress(storage->stored_bytes, storage->userdata);
    return 0;
}
