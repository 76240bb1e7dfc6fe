/*
 * The folder that is unpacked into: makes files and folders below it, and makes them durable. Every step of a path
 * is opened by itself and without following links, files are only ever made anew.
 *
 * Files wait for their fsync in groups: the disk works on one while the next is unpacked, and a descriptor is
 * kept open until then, because an error of writing is told to who has the file open.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STORAGE_WAITING_MAX = 128 };

/** Called after each file or folder that was made durable, with the bytes of all so far. */
typedef void (*StorageProgress)(uint64_t stored_bytes, void *userdata);

typedef struct Storage {
    int folder_fd; /* borrowed */
    StorageProgress progress;
    void *userdata;
    uint64_t stored_bytes;
    size_t waiting_count;
    struct {
        int fd;
        uint64_t bytes;
    } waiting[STORAGE_WAITING_MAX];
} Storage;

/** A file that is being written. */
typedef struct StoredFile {
    int fd;
    uint64_t length;        /* the end of what was written */
    uint64_t flushed_bytes; /* the disk was told to begin with so much */
} StoredFile;

void storage_init(Storage *storage, int folder_fd, StorageProgress progress, void *userdata);

/** Closes what waits, without making it durable; harmless after storage_flush(). */
void storage_clear(Storage *storage);

/** Makes the folder @path and those it lies in, 0755; what is there stays. Returns 0 or -errno in @failure. */
MUST_USE int storage_make_folder(Storage *storage, const char *path, Failure *failure);

/**
 * Makes the file @path of @mode, and the folders it lies in. @ret is closed by storage_finish_file() or
 * storage_drop_file(). Returns 0; -EEXIST if there is one (a file system that folds letter case); -errno.
 */
MUST_USE int storage_create(Storage *storage, const char *path, mode_t mode, StoredFile *ret, Failure *failure);

/** Writes @length bytes at @offset. Returns 0 or -errno. */
MUST_USE int storage_write(StoredFile *file, const void *bytes, size_t length, uint64_t offset);

/** Sets the size of @file, whose end may be a hole, and leaves it waiting for its fsync. Returns 0 or -errno. */
MUST_USE int storage_finish_file(Storage *storage, StoredFile *file, uint64_t size_bytes, Failure *failure);

void storage_drop_file(StoredFile *file);

/** fsync of all files that wait. Returns 0 or -errno in @failure. */
MUST_USE int storage_flush(Storage *storage, Failure *failure);

/** fsync of the folder @path; "" is the folder itself. Returns 0 or -errno in @failure. */
MUST_USE int storage_sync_folder(Storage *storage, const char *path, Failure *failure);
