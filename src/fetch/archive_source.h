/*
 * libarchive with the habits of this code base: one archive, read from a descriptor, entry by entry and block by
 * block, only by the one format that its bytes show, and with a limit on what comes out of the decompressor.
 *
 * A tar is read by two archives of libarchive: one only decompresses, the other reads what comes out of it. So the
 * limit is in one place, and what follows the end of the tar is read too: a download that was cut there is noticed.
 */
#pragma once

#include "base/failure.h"
#include "fetch/archive_entry.h"
#include "fetch/archive_kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArchiveSource ArchiveSource;

/** A piece of an entry's content; borrowed until the next call. */
typedef struct ArchiveBlock {
    const void *bytes;
    size_t length;
    uint64_t offset; /* in the entry; what lies between blocks is zeroes */
} ArchiveBlock;

/**
 * Opens the archive @fd of @kind (not ARCHIVE_KIND_OTHER or _BARE), which is read from its beginning.
 *
 * @stream_bytes_max: more than this out of the decompressor of a tar is an error.
 * Returns 0 and @ret, owned by the caller (archive_source_free); -EBADMSG if it is no such archive; -errno.
 * Described in @failure.
 */
MUST_USE int
archive_source_open(int fd, ArchiveKind kind, uint64_t stream_bytes_max, ArchiveSource **ret, Failure *failure);

/** Closes and frees; NULL is fine. Returns NULL. */
ArchiveSource *archive_source_free(ArchiveSource *source);

/**
 * Goes to the next entry.
 *
 * @ret borrows its strings until the next call. @ret_size_bytes is the declared size, UINT64_MAX if there is none.
 * Returns 0; 1 at the end, when all of the file was read; -EBADMSG; -errno; described in @failure.
 */
MUST_USE int
archive_source_next(ArchiveSource *source, ArchiveEntry *ret, uint64_t *ret_size_bytes, Failure *failure);

/** The next block of the entry. Returns 0; 1 at its end; -EBADMSG; -errno; described in @failure. */
MUST_USE int archive_source_read(ArchiveSource *source, ArchiveBlock *ret, Failure *failure);

/** How many bytes of the file were read so far; a part that is read twice counts twice. */
uint64_t archive_source_bytes_read(const ArchiveSource *source);

static inline void cleanup_archive_source(ArchiveSource **source) {
    (void)archive_source_free(*source);
}
#define _cleanup_archive_source_ __attribute__((__cleanup__(cleanup_archive_source)))
