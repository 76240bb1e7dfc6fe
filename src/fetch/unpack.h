/*
 * Unpacks a release: zip, tar.gz, tar.xz or tar.zst, told by the file's own bytes, or a bare program (ELF, "#!")
 * that is taken as it is. Every entry must pass the rules of archive_entry.h and archive_tree.h, and every limit
 * below, or nothing is unpacked: one bad entry is an error for the whole.
 *
 * Runs in the calling process and trusts libarchive; the program itself calls unpacker.h, which puts a process
 * without network around it.
 */
#pragma once

#include "base/failure.h"
#include "fetch/archive_entry.h"

#include <stdint.h>

/* An honest program shrinks to a third; what grows by more than this is a bomb. */
#define UNPACK_RATIO_MAX UINT64_C(200)
#define UNPACK_RATIO_FREE_BYTES (UINT64_C(64) * 1024 * 1024) /* so much is allowed however small the archive is */

typedef struct UnpackRequest {
    int asset_fd;  /* a regular file, read from its beginning, whatever its offset is */
    int folder_fd; /* an empty folder: nothing outside it is touched; it is emptied by the caller after a failure */
    const char *asset;  /* the asset's name: what a bare program is called if `binary` is "" */
    const char *binary; /* path of the program in the archive, or the name of a bare one; "" = see `asset` */
    uint64_t max_unpacked_bytes;
} UnpackRequest;

typedef struct UnpackResult {
    uint64_t files;                  /* regular files */
    uint64_t unpacked_bytes;         /* of all of them together */
    char binary[ARCHIVE_PATH_BYTES]; /* where the program is, relative to the folder */
} UnpackResult;

typedef enum UnpackPhase {
    UNPACK_PHASE_UNPACK, /* bytes of the asset that were read, of its size */
    UNPACK_PHASE_STORE,  /* bytes that were made durable, of those unpacked */
} UnpackPhase;

/** How far it is. unpack() calls it after every block or so; unpacker_run() at most 4 times a second, at least
 * once. */
typedef void (*UnpackProgress)(UnpackPhase phase, uint64_t bytes, uint64_t of_bytes, void *userdata);

/**
 * Unpacks the asset into the folder and makes all of it durable: each file, each folder, the folder itself.
 * Files get 0755 (the program, and what the archive marks executable) or 0644, folders 0755.
 *
 * @progress may be NULL.
 * Returns 0 and fills @ret; -EBADMSG: the asset is not what it should be (what is wrong and the cure are in
 * @failure); -EINVAL: the request makes no sense with this asset (cure in @failure); any other -errno: the system
 * failed (ENOSPC, EIO, ENOMEM ...). After an error the folder's content is worth nothing.
 */
MUST_USE int
unpack(const UnpackRequest *request, UnpackProgress progress, void *userdata, UnpackResult *ret, Failure *failure);
