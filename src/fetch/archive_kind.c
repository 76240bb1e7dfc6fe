#include "fetch/archive_kind.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct Magic {
    const char *bytes;
    size_t length;
    size_t offset;
    ArchiveKind kind;
    const char *words;
} Magic;

#define MAGIC(text, where, what, say)                                                                              \
    { text, sizeof(text) - 1, where, what, say }

/* The first that fits. Sources: elf(5), execve(2), APPNOTE.TXT 4.3.7 and 4.3.16, RFC 1952,
 * xz-file-format.txt 2.1.1.1, RFC 8878 3.1.1, and magic(5) for what is only named. */
static const Magic MAGICS[] = {
    MAGIC(
        "\x7f"
        "ELF",
        0, ARCHIVE_KIND_BARE, "a Linux program"),
    MAGIC("#!", 0, ARCHIVE_KIND_BARE, "a script"),
    MAGIC("PK\3\4", 0, ARCHIVE_KIND_ZIP, "a zip archive"),
    MAGIC("PK\5\6", 0, ARCHIVE_KIND_ZIP, "an empty zip archive"),
    MAGIC("\x1f\x8b", 0, ARCHIVE_KIND_GZIP, "a gzip file"),
    MAGIC(
        "\xfd"
        "7zXZ\0",
        0, ARCHIVE_KIND_XZ, "an xz file"),
    MAGIC("\x28\xb5\x2f\xfd", 0, ARCHIVE_KIND_ZSTD, "a zstd file"),
    MAGIC("PK\7\x8", 0, ARCHIVE_KIND_OTHER, "a part of a zip archive in several parts"),
    MAGIC("7z\xbc\xaf\x27\x1c", 0, ARCHIVE_KIND_OTHER, "a 7-Zip archive"),
    MAGIC("Rar!\x1a", 0, ARCHIVE_KIND_OTHER, "a RAR archive"),
    MAGIC("BZh", 0, ARCHIVE_KIND_OTHER, "a bzip2 file"),
    MAGIC("\x5d\0\0", 0, ARCHIVE_KIND_OTHER, "an lzma file"),
    MAGIC("\x04\x22\x4d\x18", 0, ARCHIVE_KIND_OTHER, "an lz4 file"),
    MAGIC("\x1f\x9d", 0, ARCHIVE_KIND_OTHER, "a file made by compress"),
    MAGIC("!<arch>\n", 0, ARCHIVE_KIND_OTHER, "a Debian package or an ar archive"),
    MAGIC("\xed\xab\xee\xdb", 0, ARCHIVE_KIND_OTHER, "an RPM package"),
    MAGIC("ustar", 257, ARCHIVE_KIND_OTHER, "a tar archive that is not compressed"),
    MAGIC("MZ", 0, ARCHIVE_KIND_OTHER, "a program for Windows"),
    MAGIC("\xcf\xfa\xed\xfe", 0, ARCHIVE_KIND_OTHER, "a program for macOS"),
    MAGIC("\xca\xfe\xba\xbe", 0, ARCHIVE_KIND_OTHER, "a program for macOS"),
    MAGIC("-----BEGIN ", 0, ARCHIVE_KIND_OTHER, "a key, certificate or signature"),
    MAGIC("untrusted comment:", 0, ARCHIVE_KIND_OTHER, "a minisign signature"),
};

/* zstd may begin with a frame to be skipped, 0x184D2A50 to 0x184D2A5F, as pzstd writes it; RFC 8878, 3.1.2. */
static bool is_skippable_frame(const unsigned char *head, size_t length) {
    return length >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

static const Magic *find_magic(const unsigned char *head, size_t length) {
    for (size_t i = 0; i < sizeof MAGICS / sizeof *MAGICS; i++) {
        const Magic *magic = &MAGICS[i];
        if (length >= magic->offset + magic->length &&
            memcmp(head + magic->offset, magic->bytes, magic->length) == 0)
            return magic;
    }
    return NULL;
}

static bool is_text(const unsigned char *head, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (head[i] < 0x20 && !strchr("\t\n\f\r\x1b", head[i]))
            return false;
    return length > 0 && !memchr(head, '\0', length) && !memchr(head, 0x7f, length);
}

static const char *text_words(const unsigned char *head, size_t length) {
    char text[ARCHIVE_KIND_BYTES + 1];
    if (length > ARCHIVE_KIND_BYTES)
        length = ARCHIVE_KIND_BYTES;
    memcpy(text, head, length);
    text[length] = '\0';
    const char *first = text + strspn(text, " \t\r\n\f");
    if (strcasestr(text, "<!doctype html") || strcasestr(text, "<html") || strcasestr(text, "<head"))
        return "an HTML page";
    if (*first == '<')
        return "an XML or HTML page";
    if (*first == '{' || *first == '[')
        return "a JSON text";
    if (strncmp(first, "version https://git-lfs", 23) == 0)
        return "a Git LFS pointer";
    return "a text";
}

ArchiveKind archive_kind(const void *head, size_t length, char (*ret_looks_like)[ARCHIVE_KIND_TEXT_BYTES]) {
    const unsigned char *bytes = head;
    const Magic *magic = find_magic(bytes, length);
    const char *words = magic ? magic->words : length == 0 ? "an empty file" : NULL;
    ArchiveKind kind = magic ? magic->kind : ARCHIVE_KIND_OTHER;

    if (!magic && is_skippable_frame(bytes, length)) {
        kind = ARCHIVE_KIND_ZSTD;
        words = "a zstd file";
    }
    if (!words && is_text(bytes, length))
        words = text_words(bytes, length);
    if (words) {
        (void)snprintf(*ret_looks_like, sizeof *ret_looks_like, "%s", words);
        return kind;
    }
    int used = snprintf(*ret_looks_like, sizeof *ret_looks_like, "nothing that is known; it begins with");
    for (size_t i = 0; i < length && i < 8; i++)
        used += snprintf(*ret_looks_like + used, sizeof *ret_looks_like - (size_t)used, " %02x", bytes[i]);
    return kind;
}
