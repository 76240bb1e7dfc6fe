#include "sim/archive.h"

#include "sim/crc32.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum {
    PIECE_BYTES = 32 * 1024, /* fits into a stored block of deflate */
    TAR_BLOCK_BYTES = 512,
};

/* Called with one piece of at most PIECE_BYTES after the other. */
typedef void (*Sink)(const void *bytes, size_t length, void *userdata);

/* -- content --------------------------------------------------------------------------------------------------- */

uint64_t content_bytes(const Content *content) {
    return content->program_length + content->filling_bytes;
}

/* xorshift64: nothing that anything could compress. */
static void fill(uint64_t *state, uint64_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        words[i] = *state;
    }
}

static void pour(const Content *content, Sink sink, void *userdata) {
    uint64_t words[PIECE_BYTES / sizeof(uint64_t)];
    uint64_t state = content->seed | 1; /* 0 would stay 0 */

    for (size_t at = 0; at < content->program_length; at += PIECE_BYTES) {
        size_t left = content->program_length - at;
        sink(content->program + at, left < PIECE_BYTES ? left : PIECE_BYTES, userdata);
    }
    for (uint64_t left = content->filling_bytes; left > 0;) {
        size_t length = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        fill(&state, words, sizeof words / sizeof *words);
        sink(words, length, userdata);
        left -= length;
    }
}

static void write_piece(const void *bytes, size_t length, void *userdata) {
    (void)fwrite(bytes, 1, length, userdata);
}

void archive_write_bare(FILE *out, const Content *content) {
    pour(content, write_piece, out);
}

/* Little-endian numbers, as zip and gzip have them. */

static void put_16(FILE *out, unsigned number) {
    (void)fputc((int)(number & 0xff), out);
    (void)fputc((int)(number >> 8 & 0xff), out);
}

static void put_32(FILE *out, uint32_t number) {
    put_16(out, number & 0xffff);
    put_16(out, number >> 16);
}

/* -- zip (APPNOTE.TXT 4.3) ------------------------------------------------------------------------------------- */

enum {
    ZIP_LOCAL_BYTES = 30,
    ZIP_CENTRAL_BYTES = 46,
    ZIP_DATE = (2024 - 1980) << 9 | 1 << 5 | 1, /* fixed, so that the same request gives the same file */
};

typedef struct Summed {
    FILE *out;
    uint32_t crc;
} Summed;

static void write_summed(const void *bytes, size_t length, void *userdata) {
    Summed *summed = userdata;
    summed->crc = crc32_add(summed->crc, bytes, length);
    write_piece(bytes, length, summed->out);
}

/* What the local and the central header have in common. */
static void put_zip_entry(FILE *out, const Content *content, uint32_t crc) {
    uint32_t size = (uint32_t)content_bytes(content);
    put_16(out, 20); /* version that is needed */
    put_16(out, 0);  /* flags */
    put_16(out, 0);  /* stored */
    put_16(out, 0);  /* time */
    put_16(out, ZIP_DATE);
    put_32(out, crc);
    put_32(out, size);
    put_32(out, size);
    put_16(out, (unsigned)strlen(content->name));
    put_16(out, 0); /* extra */
}

static void put_zip_local(FILE *out, const Content *content, uint32_t crc) {
    put_32(out, 0x04034b50);
    put_zip_entry(out, content, crc);
    (void)fputs(content->name, out);
}

static void put_zip_central(FILE *out, const Content *content, uint32_t crc) {
    put_32(out, 0x02014b50);
    put_16(out, 3 << 8 | 20); /* made by Unix */
    put_zip_entry(out, content, crc);
    put_16(out, 0); /* comment */
    put_16(out, 0); /* disk */
    put_16(out, 0); /* internal attributes */
    put_32(out, UINT32_C(0100755) << 16);
    put_32(out, 0); /* where the local header is */
    (void)fputs(content->name, out);
}

static void put_zip_end(FILE *out, const Content *content) {
    uint32_t name_length = (uint32_t)strlen(content->name);
    put_32(out, 0x06054b50);
    put_16(out, 0);
    put_16(out, 0);
    put_16(out, 1);
    put_16(out, 1);
    put_32(out, ZIP_CENTRAL_BYTES + name_length);
    put_32(out, ZIP_LOCAL_BYTES + name_length + (uint32_t)content_bytes(content));
    put_16(out, 0);
}

void archive_write_zip(FILE *out, const Content *content) {
    Summed summed = {.out = out};
    put_zip_local(out, content, 0);
    pour(content, write_summed, &summed);
    (void)fseek(out, 0, SEEK_SET);
    put_zip_local(out, content, summed.crc);
    (void)fseek(out, 0, SEEK_END);
    put_zip_central(out, content, summed.crc);
    put_zip_end(out, content);
}

/* -- tar.gz (POSIX ustar in RFC 1952 in RFC 1951) ----------------------------------------------------------------
 */

typedef struct Gzip {
    FILE *out;
    uint32_t crc;
    uint32_t bytes;
} Gzip;

static void put_block(FILE *out, bool last, size_t length) {
    (void)fputc(last, out); /* stored; the block before ended on a byte */
    put_16(out, (unsigned)length);
    put_16(out, ~(unsigned)length);
}

static void write_gzipped(const void *bytes, size_t length, void *userdata) {
    Gzip *gzip = userdata;
    put_block(gzip->out, false, length);
    write_piece(bytes, length, gzip->out);
    gzip->crc = crc32_add(gzip->crc, bytes, length);
    gzip->bytes += (uint32_t)length;
}

static void make_tar_header(const Content *content, char (*ret)[TAR_BLOCK_BYTES]) {
    char *header = *ret;
    unsigned sum = 0;
    memset(header, 0, sizeof *ret);
    (void)snprintf(header, 100, "%s", content->name);
    (void)snprintf(header + 100, 8, "%07o", 0755u);
    (void)snprintf(header + 108, 8, "%07o", 0u);
    (void)snprintf(header + 116, 8, "%07o", 0u);
    (void)snprintf(header + 124, 12, "%011" PRIo64, content_bytes(content));
    (void)snprintf(header + 136, 12, "%011o", 1704067200u); /* as the date of zip */
    memset(header + 148, ' ', 8);                           /* the sum counts its own field as that */
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof *ret; i++)
        sum += (unsigned char)header[i];
    (void)snprintf(header + 148, 8, "%06o", sum);
}

void archive_write_tar_gz(FILE *out, const Content *content) {
    static const char HEADER[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, 3};
    static const char ZEROES[2 * TAR_BLOCK_BYTES];
    char header[TAR_BLOCK_BYTES];
    Gzip gzip = {.out = out};
    size_t surplus = (size_t)(content_bytes(content) % TAR_BLOCK_BYTES);

    write_piece(HEADER, sizeof HEADER, out);
    make_tar_header(content, &header);
    write_gzipped(header, sizeof header, &gzip);
    pour(content, write_gzipped, &gzip);
    if (surplus > 0)
        write_gzipped(ZEROES, TAR_BLOCK_BYTES - surplus, &gzip);
    write_gzipped(ZEROES, sizeof ZEROES, &gzip);
    put_block(out, true, 0);
    put_32(out, gzip.crc);
    put_32(out, gzip.bytes);
}
