/* Archives for the tests, written by libarchive into a file of the test's folder. */
#pragma once

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <archive.h>
#include <archive_entry.h>

typedef struct Packed {
    const char *path;
    mode_t mode; /* with the type */
    const char *content;
    const char *link; /* of a symbolic link; of a hard link if the type is a file's */
} Packed;

typedef int (*ArchiveSetting)(struct archive *);

/** Writes @count entries to the file @name; @compression NULL = the format's own. */
static inline void archive_write(
    const Folder *folder, const char *name, ArchiveSetting format, ArchiveSetting compression,
    const Packed *entries, size_t count) {
    struct archive *archive = archive_write_new();
    assert_non_null(archive);
    assert_int_equal(format(archive), ARCHIVE_OK);
    if (compression)
        assert_int_equal(compression(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(archive, folder_path(folder, name)), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        size_t length = entries[i].content ? strlen(entries[i].content) : 0;
        archive_entry_set_pathname(entry, entries[i].path);
        archive_entry_set_mode(entry, entries[i].mode);
        archive_entry_set_size(entry, (la_int64_t)length);
        if (entries[i].link && S_ISLNK(entries[i].mode))
            archive_entry_set_symlink(entry, entries[i].link);
        else if (entries[i].link)
            archive_entry_set_hardlink(entry, entries[i].link);
        assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
        if (length > 0)
            assert_int_equal(archive_write_data(archive, entries[i].content, length), length);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
}
