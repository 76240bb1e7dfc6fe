/*
 * What may be in a release's archive: the rules for one entry, pure. Whoever unpacks asks here before a byte is
 * written.
 *
 * Only regular files and folders, with plain names below the archive's own folder. One "./" in front is taken off,
 * since `tar -C folder -c .` writes it; everything else that is not a plain relative path is refused, never mended:
 * an archive that needs mending was not made for us.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum {
    ARCHIVE_PATH_BYTES = 4097,       /* of a path with its NUL: PATH_MAX of Linux and one */
    ARCHIVE_ELEMENT_BYTES_MAX = 255, /* of one element: NAME_MAX of Linux */
    ARCHIVE_DEPTH_MAX = 32,
};

/** What an archive says about one entry; borrows its strings. */
typedef struct ArchiveEntry {
    const char *path; /* as it stands in the archive; NULL if it could not be read as text */
    mode_t mode;      /* type (S_IFMT) and permissions; type 0 = the archive does not say, counts as a file */
    bool hard_link;
    bool symbolic_link;
    bool encrypted;
} ArchiveEntry;

typedef enum ArchiveEntryKind {
    ARCHIVE_ENTRY_FILE,
    ARCHIVE_ENTRY_FOLDER,
    ARCHIVE_ENTRY_ROOT, /* "./", the archive's own folder: nothing to make */
} ArchiveEntryKind;

/** An entry that may be unpacked. */
typedef struct ArchiveItem {
    ArchiveEntryKind kind;
    bool executable;               /* a file that the archive marks as executable for anybody */
    char path[ARCHIVE_PATH_BYTES]; /* relative, elements separated by single slashes, no slash at the end */
} ArchiveItem;

/**
 * May @entry be unpacked?
 *
 * Returns 0 and fills @ret; or -EBADMSG, described in @failure: the entry by its name, made printable, and the
 * rule.
 */
MUST_USE int archive_entry_check(const ArchiveEntry *entry, ArchiveItem *ret, Failure *failure);

/** The path rules alone, for the name that a request gives the binary. Returns 0, or -EINVAL described in @failure.
 */
MUST_USE int archive_path_check(const char *path, Failure *failure);
