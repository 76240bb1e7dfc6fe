/* What the fuzz targets do with their input: as text, in pieces, as a file of a folder. */
#pragma once

#include "base/strings.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void expect(bool holds) {
    if (!holds)
        abort();
}

/** A copy of exactly its size with a NUL behind it; owned by the caller. */
static inline char *input_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    expect(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static inline void expect_printable(const char *text) {
    for (size_t length; *text; text += length)
        expect((length = printable_sequence_length(text)) > 0);
}

/**
 * Bytes that come in pieces which the fuzzer chooses: each character of the first line is the length of a piece,
 * '0' for 1 to 'o' for 64, over and over; without any, all is one piece.
 */
typedef struct Pieces {
    const uint8_t *lengths;
    size_t length_count;
    const char *bytes; /* behind the first line */
    size_t byte_count;
    size_t at;
    size_t number; /* of pieces taken */
} Pieces;

static inline Pieces pieces_of(const uint8_t *data, size_t size) {
    const uint8_t *end = memchr(data, '\n', size);
    size_t first = end ? (size_t)(end - data) : 0;
    size_t behind = end ? first + 1 : 0;
    return (Pieces){
        .lengths = data, .length_count = first, .bytes = (const char *)data + behind, .byte_count = size - behind};
}

/** The next piece, in a block of exactly its size, owned by the caller; NULL behind the last. */
static inline char *pieces_next(Pieces *pieces, size_t *ret_length) {
    size_t left = pieces->byte_count - pieces->at;
    size_t length = left;
    if (left == 0)
        return NULL;
    if (pieces->length_count > 0)
        length = ((unsigned)pieces->lengths[pieces->number++ % pieces->length_count] - '0') % 64 + 1;
    length = length < left ? length : left;
    char *piece = input_text((const uint8_t *)pieces->bytes + pieces->at, length);
    pieces->at += length;
    *ret_length = length;
    return piece;
}

static inline void input_folder_remove(void);

/** A folder of the target's own, made once, in memory where that is possible. */
static inline const char *input_folder(void) {
    static char path[64];
    if (!path[0]) {
        const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void)snprintf(path, sizeof path, "%s/visor-fuzz-XXXXXX", parent);
        expect(mkdtemp(path) && atexit(input_folder_remove) == 0);
    }
    return path;
}

static inline const char *input_path(const char *name) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", input_folder(), name);
    return path;
}

/** Its file @name now has this content. */
static inline void input_write(const char *name, const void *content, size_t length) {
    int fd = open(input_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    expect(fd >= 0 && write(fd, content, length) == (ssize_t)length && close(fd) == 0);
}

/** What the targets leave in it is known. */
static inline void input_folder_remove(void) {
    static const char *const NAMES[] = {
        ".visor/state.json",
        ".visor/vega.lock",
        ".visor/data-node.lock",
        ".visor/lock",
        ".visor",
        "config.toml",
        "run-config.toml",
        "",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        (void)remove(input_path(NAMES[i]));
}
