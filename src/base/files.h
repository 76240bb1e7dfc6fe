/*
 * Files, with durability spelled out: what is written here is on the disk when the call returns, and a reader sees
 * the old content or the new one, never a part.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/**
 * Reads a whole regular file of at most @limit_bytes. A folder, a device, a FIFO or a larger file is refused
 * before a byte is read, and opening never blocks.
 *
 * @ret is the content with a NUL appended that @ret_length does not count; owned by the caller (free).
 * Returns 0; -EISDIR, -EINVAL (neither file nor folder), -EFBIG, or -errno of open and read, described in @failure.
 */
MUST_USE int file_read(const char *path, size_t limit_bytes, char **ret, size_t *ret_length, Failure *failure);

/** The same of a @path that begins in the folder @folder_fd. */
MUST_USE int
file_read_at(int folder_fd, const char *path, size_t limit_bytes, char **ret, size_t *ret_length, Failure *failure);

/**
 * Replaces the file @name in the folder @folder_fd by @content: temporary file, fsync, rename, fsync of the folder.
 * The temporary is `.NAME.new`; one that a crash left behind is overwritten.
 *
 * Returns 0 or -errno, described in @failure; then the old file is as it was.
 */
MUST_USE int
file_replace(int folder_fd, const char *name, const char *content, size_t length, mode_t mode, Failure *failure);

/** Writes all of @content to @fd, short writes and EINTR included. Returns 0 or -errno. */
MUST_USE int write_all(int fd, const char *content, size_t length);

/** What tells one version of a file from another without reading it; stat(2). */
typedef struct FileIdentity {
    uint64_t device;
    uint64_t inode;
    uint64_t size_bytes;
    uint64_t mtime_nsec; /* since 1970 */
    uint64_t ctime_nsec;
} FileIdentity;

/** The identity of what a stat call reported. */
FileIdentity file_identity(const struct stat *status);

bool file_identity_equal(const FileIdentity *left, const FileIdentity *right);
