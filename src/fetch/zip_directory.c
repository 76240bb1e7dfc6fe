#include "fetch/zip_directory.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

enum {
    END_BYTES = 22, /* 4.3.16, without the comment */
    COMMENT_BYTES_MAX = 65535,
    LOCATOR_BYTES = 20,        /* 4.3.15 */
    END64_BYTES = 56,          /* 4.3.14 */
    CENTRAL_BYTES = 46,        /* 4.3.12, without name, extra field and comment */
    LOCAL_BYTES = 30,          /* 4.3.7, without name and extra field */
    NAME_BYTES_MAX = 4096 + 2, /* more is refused by archive_entry.h anyhow */
    FLAG_ENCRYPTED = 1U << 0,
    FLAG_STRONG_ENCRYPTION = 1U << 6,
    FLAG_MASKED = 1U << 13,
    EXTRA_ZIP64 = 0x0001,
    MADE_BY_UNIX = 3, /* 4.4.2 */
    MADE_BY_MACOS = 19,
    METHOD_STORED = 0, /* 4.4.5 */
    METHOD_DEFLATED = 8,
};

static uint16_t get16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes) {
    return get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static uint64_t get64(const uint8_t *bytes) {
    return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

/* Where the central directory lies: from `offset` to `end`. */
typedef struct Extent {
    uint64_t offset;
    uint64_t end;
    uint64_t entries;
} Extent;

typedef struct Zip {
    int fd;
    uint64_t size;
    Failure *failure;
} Zip;

static int damaged(const Zip *zip, const char *what) {
    return failure_set(
        zip->failure, -EBADMSG,
        "the zip archive is damaged or cut short (%s): if it is so again, tell the makers of the release", what);
}

/* Reads all of @length at @offset, or says that the file is too short. */
static int read_at(const Zip *zip, uint64_t offset, void *buffer, size_t length) {
    uint8_t *bytes = buffer;
    if (offset > zip->size || length > zip->size - offset)
        return damaged(zip, "it points behind its own end");
    while (length > 0) {
        ssize_t count = pread(zip->fd, bytes, length, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set(zip->failure, negative_errno(), "cannot read the zip archive: %m");
        if (count == 0)
            return damaged(zip, "it became shorter");
        bytes += count;
        offset += (uint64_t)count;
        length -= (size_t)count;
    }
    return 0;
}

/* The last "PK\5\6" must be the end record, with a comment that reaches exactly to the end of the file: then there
 * is one reading of the file, not two. */
static int find_end(const Zip *zip, uint64_t *ret_offset, uint8_t (*ret)[END_BYTES]) {
    uint64_t length = zip->size < END_BYTES + COMMENT_BYTES_MAX ? zip->size : END_BYTES + COMMENT_BYTES_MAX;
    _cleanup_free_ uint8_t *tail = malloc(length + 1);
    if (!tail)
        return failure_set(zip->failure, -ENOMEM, "cannot read the zip archive: out of memory");
    int r = read_at(zip, zip->size - length, tail, length);
    if (r < 0)
        return r;
    for (uint64_t i = length; i >= END_BYTES; i--) {
        const uint8_t *end = tail + i - END_BYTES;
        if (memcmp(end, "PK\5\6", 4) != 0)
            continue;
        if (get16(end + 20) != length - i)
            return damaged(zip, "its end is not where it should be");
        memcpy(*ret, end, END_BYTES);
        *ret_offset = zip->size - length + i - END_BYTES;
        return 0;
    }
    return damaged(zip, "it has no end");
}

static int find_end64(const Zip *zip, uint64_t end_offset, Extent *extent) {
    uint8_t locator[LOCATOR_BYTES], end64[END64_BYTES];
    if (end_offset < LOCATOR_BYTES)
        return 0;
    int r = read_at(zip, end_offset - LOCATOR_BYTES, locator, sizeof locator);
    if (r < 0)
        return r;
    if (memcmp(locator, "PK\6\7", 4) != 0)
        return 0; /* no zip64: the fields of the end record count */
    uint64_t offset = get64(locator + 8);
    r = read_at(zip, offset, end64, sizeof end64);
    if (r < 0)
        return r;
    if (memcmp(end64, "PK\6\6", 4) != 0 || get32(end64 + 16) != 0 || get32(end64 + 20) != 0)
        return damaged(zip, "its zip64 end is not where it should be");
    *extent = (Extent){.offset = get64(end64 + 48), .end = offset, .entries = get64(end64 + 32)};
    return 0;
}

static int find_extent(const Zip *zip, Extent *ret) {
    uint8_t end[END_BYTES] = {0};
    uint64_t end_offset = 0;
    int r = find_end(zip, &end_offset, &end);
    if (r < 0)
        return r;
    if ((get16(end + 4) != 0 && get16(end + 4) != UINT16_MAX) ||
        (get16(end + 6) != 0 && get16(end + 6) != UINT16_MAX))
        return damaged(zip, "it is one part of several");
    *ret = (Extent){.offset = get32(end + 16), .end = end_offset, .entries = get16(end + 10)};
    r = find_end64(zip, end_offset, ret);
    if (r < 0)
        return r;
    if (ret->offset > ret->end)
        return damaged(zip, "its list is not where it should be");
    return 0;
}

/* One entry of the list. */
typedef struct Central {
    uint16_t made_by; /* the system in the upper byte */
    uint16_t flags;
    uint16_t method;
    uint32_t attributes; /* on Unix the mode is the upper half */
    uint64_t unpacked_bytes;
    uint64_t local_offset;
    uint16_t name_length;
    uint8_t name[NAME_BYTES_MAX];
    uint64_t next; /* offset of what follows */
} Central;

/* What does not fit into 32 bits stands in an extra field, in this order; 4.5.3. */
static int read_zip64(const Zip *zip, Central *entry, uint32_t packed_bytes, uint64_t offset, size_t length) {
    uint8_t extra[COMMENT_BYTES_MAX];
    int r = read_at(zip, offset, extra, length);
    if (r < 0)
        return r;
    for (size_t at = 0; at + 4 <= length;) {
        size_t field_end = at + 4 + get16(extra + at + 2);
        if (field_end > length)
            break;
        if (get16(extra + at) != EXTRA_ZIP64) {
            at = field_end;
            continue;
        }
        at += 4;
        if (entry->unpacked_bytes == UINT32_MAX && at + 8 <= field_end) {
            entry->unpacked_bytes = get64(extra + at);
            at += 8;
        }
        if (packed_bytes == UINT32_MAX)
            at += 8;
        if (entry->local_offset == UINT32_MAX && at + 8 <= field_end)
            entry->local_offset = get64(extra + at);
        return 0;
    }
    return 0;
}

static int read_central(const Zip *zip, uint64_t offset, Central *ret) {
    uint8_t header[CENTRAL_BYTES];
    int r = read_at(zip, offset, header, sizeof header);
    if (r < 0)
        return r;
    if (memcmp(header, "PK\1\2", 4) != 0)
        return damaged(zip, "its list is broken");
    ret->made_by = get16(header + 4);
    ret->flags = get16(header + 8);
    ret->method = get16(header + 10);
    ret->attributes = get32(header + 38);
    ret->unpacked_bytes = get32(header + 24);
    ret->local_offset = get32(header + 42);
    ret->name_length = get16(header + 28);
    if (ret->name_length > sizeof ret->name)
        return failure_set(
            zip->failure, -EBADMSG,
            "an entry of the zip archive has a path of more than 4096 bytes; tell the makers of the release");
    r = read_at(zip, offset + CENTRAL_BYTES, ret->name, ret->name_length);
    if (r < 0)
        return r;
    uint64_t extra_offset = offset + CENTRAL_BYTES + ret->name_length;
    ret->next = extra_offset + get16(header + 30) + get16(header + 32);
    return read_zip64(zip, ret, get32(header + 20), extra_offset, get16(header + 30));
}

static int refuse(const Zip *zip, const Central *entry, const char *fault) {
    char name[NAME_BYTES_MAX + 1];
    char printable[256];
    memcpy(name, entry->name, entry->name_length);
    name[entry->name_length] = '\0';
    return failure_set(
        zip->failure, -EBADMSG, "\"%s\" in the zip archive %s; tell the makers of the release",
        string_printable(printable, sizeof printable, name), fault);
}

/* libarchive takes what it does not know in a zip for a file. */
static int check_type(const Zip *zip, const Central *entry) {
    mode_t type = (entry->attributes >> 16) & S_IFMT;
    if (entry->made_by >> 8 != MADE_BY_UNIX && entry->made_by >> 8 != MADE_BY_MACOS)
        return 0;
    if (type == 0 || type == S_IFREG || type == S_IFDIR || type == S_IFLNK)
        return 0; /* links are refused by archive_entry.h */
    return refuse(
        zip, entry,
        type == S_IFIFO                      ? "is a FIFO"
        : type == S_IFSOCK                   ? "is a socket"
        : type == S_IFCHR || type == S_IFBLK ? "is a device"
                                             : "is neither a file nor a folder");
}

/* The header in front of the file itself must tell the same name. */
static int check_local(const Zip *zip, const Central *entry) {
    uint8_t header[LOCAL_BYTES];
    uint8_t name[NAME_BYTES_MAX];
    int r = read_at(zip, entry->local_offset, header, sizeof header);
    if (r < 0)
        return r;
    if (memcmp(header, "PK\3\4", 4) != 0)
        return damaged(zip, "a file is not where its list says");
    if ((entry->flags | get16(header + 6)) & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED))
        return refuse(zip, entry, "is encrypted: nobody here knows the password");
    /* What else there is (LZMA, PPMd ...) nobody uses for releases; their decoders take any amount of memory. */
    if (get16(header + 8) != entry->method || (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED))
        return refuse(zip, entry, "is packed in an unusual way: a zip must be made with \"deflate\"");
    if (get16(header + 26) != entry->name_length)
        return refuse(zip, entry, "has another name in front of its content than in the archive's list");
    r = read_at(zip, entry->local_offset + LOCAL_BYTES, name, entry->name_length);
    if (r < 0)
        return r;
    if (memcmp(name, entry->name, entry->name_length) != 0)
        return refuse(zip, entry, "has another name in front of its content than in the archive's list");
    if (memchr(name, '\0', entry->name_length))
        return refuse(zip, entry, "has control characters in its name");
    return 0;
}

int zip_directory_check(int fd, uint64_t size_bytes, uint64_t max_entries, ZipDirectory *ret, Failure *failure) {
    Zip zip = {.fd = fd, .size = size_bytes, .failure = failure};
    ZipDirectory directory = {0};
    Extent extent = {0};
    Central entry;

    int r = find_extent(&zip, &extent);
    if (r < 0)
        return r;
    for (uint64_t offset = extent.offset; offset < extent.end; offset = entry.next) {
        if (++directory.entries > max_entries)
            return failure_set(
                failure, -EBADMSG,
                "the zip archive has more than %llu files and folders; tell the makers of the release",
                (unsigned long long)max_entries);
        r = read_central(&zip, offset, &entry);
        if (r >= 0)
            r = check_type(&zip, &entry);
        if (r >= 0)
            r = check_local(&zip, &entry);
        if (r < 0)
            return r;
        if (__builtin_add_overflow(directory.unpacked_bytes, entry.unpacked_bytes, &directory.unpacked_bytes))
            directory.unpacked_bytes = UINT64_MAX;
    }
    if (directory.entries != extent.entries)
        return damaged(&zip, "its list is shorter or longer than it says");
    *ret = directory;
    return 0;
}
