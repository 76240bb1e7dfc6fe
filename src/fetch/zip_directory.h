/*
 * A look at a zip's own list of what is in it, before libarchive works with it: libarchive keeps the whole list in
 * memory, however long it is, and believes the header in front of each file more than the list. Here the list is
 * walked in constant memory, and must agree with those headers. APPNOTE.TXT 6.3.9, 4.3.
 */
#pragma once

#include "base/failure.h"

#include <stdint.h>

typedef struct ZipDirectory {
    uint64_t entries;
    uint64_t unpacked_bytes; /* as declared, all entries together; UINT64_MAX if they do not fit */
} ZipDirectory;

/**
 * Walks the central directory of the zip file @fd, which has @size_bytes.
 *
 * Returns 0 and fills @ret; -EBADMSG, described in @failure, if the file is cut short, if there are more than
 * @max_entries entries, if one is encrypted or packed by anything but "stored" and "deflate", or if list and local
 * headers name different files; -errno of reading.
 */
MUST_USE int
zip_directory_check(int fd, uint64_t size_bytes, uint64_t max_entries, ZipDirectory *ret, Failure *failure);
