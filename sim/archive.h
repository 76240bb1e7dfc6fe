/*
 * Archives with one program in them, stored and not compressed: no library is needed for that, and what is to be as
 * large as told has to be incompressible anyway.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ARCHIVE_NAME_LIMIT_BYTES = 99 }; /* what tar has room for */

/** A program, and what is appended to it to make it larger. */
typedef struct Content {
    const char *name; /* in the archive */
    const char *program;
    size_t program_length;
    uint64_t filling_bytes; /* incompressible, the same for the same seed */
    uint64_t seed;
} Content;

/** What it comes to; below 4 GiB for an archive. */
uint64_t content_bytes(const Content *content);

/** Write it to @out, which can seek. Errors are found with ferror(). */
void archive_write_bare(FILE *out, const Content *content);
void archive_write_zip(FILE *out, const Content *content);
void archive_write_tar_gz(FILE *out, const Content *content);
