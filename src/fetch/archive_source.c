#include "fetch/archive_source.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum {
    BUFFER_BYTES = 128 * 1024,
    FILTERS_OF_ONE_COMPRESSION = 2, /* libarchive counts the file itself as one */
};

struct ArchiveSource {
    struct archive *archive;      /* the one with the entries */
    struct archive *decompressor; /* what a tar is read through, else NULL */
    int fd;
    uint64_t offset; /* where the next read goes */
    uint64_t bytes_read;
    uint64_t stream_bytes; /* out of the decompressor */
    uint64_t stream_bytes_max;
    int system_error; /* -errno of reading; 0 = libarchive's errors are the archive's */
    bool stream_too_long;
    char buffer[BUFFER_BYTES];
};

static la_ssize_t read_file(struct archive *archive, void *userdata, const void **ret) {
    ArchiveSource *source = userdata;
    ssize_t count;
    do
        count = pread(source->fd, source->buffer, sizeof source->buffer, (off_t)source->offset);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        source->system_error = negative_errno();
        archive_set_error(archive, errno, "cannot read the file");
        return ARCHIVE_FATAL;
    }
    source->offset += (uint64_t)count;
    source->bytes_read += (uint64_t)count;
    *ret = source->buffer;
    return count;
}

static la_int64_t seek_file(struct archive *archive, void *userdata, la_int64_t offset, int whence) {
    ArchiveSource *source = userdata;
    la_int64_t base = whence == SEEK_CUR ? (la_int64_t)source->offset : 0;
    if (whence == SEEK_END) {
        base = lseek(source->fd, 0, SEEK_END);
        if (base < 0) {
            source->system_error = negative_errno();
            return ARCHIVE_FATAL;
        }
    }
    la_int64_t place;
    if (__builtin_add_overflow(base, offset, &place) || place < 0) {
        archive_set_error(archive, EINVAL, "it points in front of its own beginning");
        return ARCHIVE_FATAL;
    }
    source->offset = (uint64_t)place;
    return place;
}

/* The next block out of the decompressor, for the tar reader. */
static la_ssize_t read_stream(struct archive *archive, void *userdata, const void **ret) {
    ArchiveSource *source = userdata;
    const void *bytes = NULL;
    size_t length = 0;
    la_int64_t offset = 0;

    do {
        int r = archive_read_data_block(source->decompressor, &bytes, &length, &offset);
        if (r == ARCHIVE_EOF)
            return 0;
        if (r != ARCHIVE_OK) {
            archive_copy_error(archive, source->decompressor);
            return ARCHIVE_FATAL;
        }
    } while (length == 0);
    source->stream_bytes += length;
    if (source->stream_bytes > source->stream_bytes_max) {
        source->stream_too_long = true;
        archive_set_error(archive, EFBIG, "too much comes out of it");
        return ARCHIVE_FATAL;
    }
    *ret = bytes;
    return (la_ssize_t)length;
}

/* libarchive's words about what is wrong, for a person: they may quote names of the archive. */
static int describe(const ArchiveSource *source, struct archive *archive, Failure *failure) {
    const char *text = archive_error_string(archive);
    char printable[256] = "it ends too early";

    if (source->system_error < 0)
        return failure_set(
            failure, source->system_error, "cannot read the download: %s", strerror(-source->system_error));
    if (source->stream_too_long)
        return failure_set(
            failure, -EBADMSG,
            "the archive unpacks to more than %llu bytes, far more than an honest one of its size: if the release "
            "really is so large, raise autoInstall.maxUnpackedBytes, else tell its makers",
            (unsigned long long)source->stream_bytes_max);
    if (archive_errno(archive) == ENOMEM)
        return failure_set(
            failure, -ENOMEM, "unpacking needs more memory than there is or than is allowed (%s)",
            text ? string_printable(printable, sizeof printable, text) : "out of memory");
    return failure_set(
        failure, -EBADMSG,
        "the archive is damaged or cut short (%s): if it is so again, tell the makers of the release",
        text && *text ? string_printable(printable, sizeof printable, text) : printable);
}

static int support(struct archive *archive, ArchiveKind kind) {
    switch (kind) {
    case ARCHIVE_KIND_ZIP:
        return archive_read_support_format_zip_seekable(archive);
    case ARCHIVE_KIND_GZIP:
        return archive_read_support_filter_gzip(archive);
    case ARCHIVE_KIND_XZ:
        return archive_read_support_filter_xz(archive);
    case ARCHIVE_KIND_ZSTD:
        return archive_read_support_filter_zstd(archive);
    case ARCHIVE_KIND_BARE:
    case ARCHIVE_KIND_OTHER:
        break;
    }
    return ARCHIVE_FATAL;
}

static int open_file(ArchiveSource *source, struct archive *archive, ArchiveKind kind, Failure *failure) {
    /* libarchive would else start a program to decompress: it says so by ARCHIVE_WARN. */
    if (support(archive, kind) != ARCHIVE_OK)
        return failure_set(failure, -EOPNOTSUPP, "the libarchive of this machine cannot unpack such an archive");
    if (archive_read_set_seek_callback(archive, seek_file) != ARCHIVE_OK ||
        archive_read_open2(archive, source, NULL, read_file, NULL, NULL) != ARCHIVE_OK)
        return describe(source, archive, failure);
    return 0;
}

static int open_decompressor(ArchiveSource *source, ArchiveKind kind, Failure *failure) {
    struct archive_entry *entry = NULL;

    source->decompressor = archive_read_new();
    if (!source->decompressor || archive_read_support_format_raw(source->decompressor) != ARCHIVE_OK)
        return failure_set(failure, -ENOMEM, "cannot unpack: out of memory");
    int r = open_file(source, source->decompressor, kind, failure);
    if (r < 0)
        return r;
    r = archive_read_next_header(source->decompressor, &entry);
    if (r == ARCHIVE_EOF)
        return failure_set(failure, -EBADMSG, "the archive is empty; tell the makers of the release");
    if (r != ARCHIVE_OK)
        return describe(source, source->decompressor, failure);
    if (archive_filter_count(source->decompressor) != FILTERS_OF_ONE_COMPRESSION)
        return failure_set(
            failure, -EBADMSG, "the archive is compressed more than once; tell the makers of the release");
    return 0;
}

static int open_tar(ArchiveSource *source, Failure *failure) {
    if (archive_read_support_format_tar(source->archive) != ARCHIVE_OK)
        return failure_set(failure, -ENOMEM, "cannot unpack: out of memory");
    if (archive_read_open2(source->archive, source, NULL, read_stream, NULL, NULL) != ARCHIVE_OK)
        return describe(source, source->archive, failure);
    return 0;
}

int archive_source_open(
    int fd, ArchiveKind kind, uint64_t stream_bytes_max, ArchiveSource **ret, Failure *failure) {
    _cleanup_archive_source_ ArchiveSource *source = calloc(1, sizeof *source);
    int r;

    if (!source)
        return failure_set(failure, -ENOMEM, "cannot unpack: out of memory");
    source->fd = fd;
    source->stream_bytes_max = stream_bytes_max;
    source->archive = archive_read_new();
    if (!source->archive)
        return failure_set(failure, -ENOMEM, "cannot unpack: out of memory");
    if (kind == ARCHIVE_KIND_ZIP) {
        r = open_file(source, source->archive, kind, failure);
    } else {
        r = open_decompressor(source, kind, failure);
        if (r >= 0)
            r = open_tar(source, failure);
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(source);
    return 0;
}

ArchiveSource *archive_source_free(ArchiveSource *source) {
    if (source) {
        (void)archive_read_free(source->archive); /* first the one that reads from the other */
        (void)archive_read_free(source->decompressor);
    }
    free(source);
    return NULL;
}

/* Reads what follows the end of a tar, its padding: only then it is sure that nothing was cut off. */
static int read_to_end(ArchiveSource *source, Failure *failure) {
    const void *bytes = NULL;
    la_ssize_t length = 1;
    while (source->decompressor && length > 0) {
        length = read_stream(source->archive, source, &bytes);
        if (length < 0)
            return describe(source, source->archive, failure);
    }
    return 0;
}

int archive_source_next(ArchiveSource *source, ArchiveEntry *ret, uint64_t *ret_size_bytes, Failure *failure) {
    struct archive_entry *entry = NULL;

    int r = archive_read_next_header(source->archive, &entry);
    if (r == ARCHIVE_EOF) {
        r = read_to_end(source, failure);
        return r < 0 ? r : 1;
    }
    if (r != ARCHIVE_OK) /* a warning too: what libarchive had to guess at is not what its makers packed */
        return describe(source, source->archive, failure);
    *ret = (ArchiveEntry){
        .path = archive_entry_pathname(entry),
        .mode = archive_entry_mode(entry),
        .hard_link = archive_entry_hardlink(entry) != NULL,
        .symbolic_link = archive_entry_symlink(entry) != NULL,
        .encrypted = archive_entry_is_encrypted(entry) != 0,
    };
    la_int64_t size = archive_entry_size(entry);
    if (size < 0)
        return failure_set(
            failure, -EBADMSG, "a file in the archive has a size below 0; tell the makers of the release");
    *ret_size_bytes = archive_entry_size_is_set(entry) ? (uint64_t)size : UINT64_MAX;
    return 0;
}

int archive_source_read(ArchiveSource *source, ArchiveBlock *ret, Failure *failure) {
    la_int64_t offset = 0;
    *ret = (ArchiveBlock){0};
    int r = archive_read_data_block(source->archive, &ret->bytes, &ret->length, &offset);
    if (r == ARCHIVE_EOF)
        return 1;
    if (r != ARCHIVE_OK)
        return describe(source, source->archive, failure);
    if (offset < 0)
        return failure_set(failure, -EBADMSG, "the archive is damaged: a part of a file lies in front of it");
    ret->offset = (uint64_t)offset;
    return 0;
}

uint64_t archive_source_bytes_read(const ArchiveSource *source) {
    return source->bytes_read;
}
