#include "fetch/archive_kind.h"

#include "tests/unit/test.h"

#include <string.h>

static void check(const void *head, size_t length, ArchiveKind kind, const char *words) {
    char looks_like[ARCHIVE_KIND_TEXT_BYTES];
    assert_int_equal(archive_kind(head, length, &looks_like), kind);
    assert_string_equal(looks_like, words);
}

#define CHECK(head, kind, words) check(head, sizeof(head) - 1, kind, words)

static void test_taken(void **unused) {
    (void)unused;
    CHECK(
        "\x7f"
        "ELF\2\1\1",
        ARCHIVE_KIND_BARE, "a Linux program");
    CHECK("#!/bin/sh\n", ARCHIVE_KIND_BARE, "a script");
    CHECK("PK\3\4", ARCHIVE_KIND_ZIP, "a zip archive");
    CHECK("PK\5\6", ARCHIVE_KIND_ZIP, "an empty zip archive");
    CHECK("\x1f\x8b\x08", ARCHIVE_KIND_GZIP, "a gzip file");
    CHECK(
        "\xfd"
        "7zXZ\0",
        ARCHIVE_KIND_XZ, "an xz file");
    CHECK("\x28\xb5\x2f\xfd", ARCHIVE_KIND_ZSTD, "a zstd file");
    CHECK("\x50\x2a\x4d\x18", ARCHIVE_KIND_ZSTD, "a zstd file");
    CHECK("\x5f\x2a\x4d\x18", ARCHIVE_KIND_ZSTD, "a zstd file");
}

static void test_refused(void **unused) {
    (void)unused;
    char tar[ARCHIVE_KIND_BYTES] = "vega";
    memcpy(tar + 257, "ustar", 5);
    CHECK("", ARCHIVE_KIND_OTHER, "an empty file");
    check(tar, sizeof tar, ARCHIVE_KIND_OTHER, "a tar archive that is not compressed");
    CHECK("<!DOCTYPE html>\n<html>", ARCHIVE_KIND_OTHER, "an HTML page");
    CHECK("\n\n  <HTML><HEAD>", ARCHIVE_KIND_OTHER, "an HTML page");
    CHECK("<?xml version=\"1.0\"?><Error/>", ARCHIVE_KIND_OTHER, "an XML or HTML page");
    CHECK("{\"message\": \"Not Found\"}", ARCHIVE_KIND_OTHER, "a JSON text");
    CHECK("Not Found\n", ARCHIVE_KIND_OTHER, "a text");
    CHECK("version https://git-lfs.github.com/spec/v1\n", ARCHIVE_KIND_OTHER, "a Git LFS pointer");
    CHECK("MZ\x90", ARCHIVE_KIND_OTHER, "a program for Windows");
    CHECK("7z\xbc\xaf\x27\x1c", ARCHIVE_KIND_OTHER, "a 7-Zip archive");
    CHECK("BZh9", ARCHIVE_KIND_OTHER, "a bzip2 file");
    CHECK("\0\1\2\xff", ARCHIVE_KIND_OTHER, "nothing that is known; it begins with 00 01 02 ff");
    CHECK("PK", ARCHIVE_KIND_OTHER, "a text");
    CHECK("\x1f", ARCHIVE_KIND_OTHER, "nothing that is known; it begins with 1f");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
