/*
 * What a downloaded asset is, by its own first bytes: names and MIME types are what somebody says about it.
 */
#pragma once

#include <stddef.h>

/* kind, in words for a person */
#define ARCHIVE_KINDS(X)                                                                                           \
    X(ARCHIVE_KIND_BARE, "a program")                                                                              \
    X(ARCHIVE_KIND_ZIP, "a zip archive")                                                                           \
    X(ARCHIVE_KIND_GZIP, "a gzip file")                                                                            \
    X(ARCHIVE_KIND_XZ, "an xz file")                                                                               \
    X(ARCHIVE_KIND_ZSTD, "a zstd file")                                                                            \
    X(ARCHIVE_KIND_OTHER, "something else")

typedef enum ArchiveKind {
#define X(kind, words) kind,
    ARCHIVE_KINDS(X)
#undef X
} ArchiveKind;

enum {
    ARCHIVE_KIND_BYTES = 512, /* so many first bytes tell everything that is told apart */
    ARCHIVE_KIND_TEXT_BYTES = 96,
};

/**
 * Tells the kind of a file that begins with @head, @length bytes: ARCHIVE_KIND_BYTES or the whole file.
 * @ret_looks_like is what it looks like, in words, for the message that refuses it: "an HTML page".
 */
ArchiveKind archive_kind(const void *head, size_t length, char (*ret_looks_like)[ARCHIVE_KIND_TEXT_BYTES]);
