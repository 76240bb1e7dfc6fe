#include "fetch/zip_directory.h"

#include "tests/unit/fetch/archive.h"

#include <errno.h>

static Folder folder;
static ZipDirectory directory;
static Failure failure;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    return 0;
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

static int check(uint64_t max_entries) {
    struct stat status;
    int fd = openat(folder.fd, "asset", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    failure = (Failure){0};
    int r = zip_directory_check(fd, (uint64_t)status.st_size, max_entries, &directory, &failure);
    (void)close(fd);
    return r;
}

static void check_damaged(const char *said) {
    assert_int_equal(check(10), -EBADMSG);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void pack(void) {
    static const Packed ENTRIES[] = {
        {"vega", S_IFREG | 0755, "the node", NULL},
        {"a/", S_IFDIR | 0755, NULL, NULL},
        {"a/b", S_IFREG, "b", NULL}};
    archive_write(&folder, "asset", archive_write_set_format_zip, NULL, ENTRIES, 3);
}

static void test_sums(void **unused) {
    (void)unused;
    pack();
    assert_int_equal(check(3), 0);
    assert_int_equal(directory.entries, 3);
    assert_int_equal(directory.unpacked_bytes, 9);
    assert_int_equal(check(2), -EBADMSG);
    assert_non_null(strstr(failure.message, "more than 2 files"));
}

static void test_what_is_no_zip(void **unused) {
    (void)unused;
    folder_write_text(&folder, "asset", "", 0600);
    check_damaged("no end");
    folder_write_text(&folder, "asset", "PK\3\4", 0600);
    check_damaged("no end");
    folder_write(&folder, "asset", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22, 0600);
    assert_int_equal(check(10), 0);
    assert_int_equal(directory.entries, 0);
    folder_write(&folder, "asset", "PK\5\6\0\0\0\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0", 22, 0600);
    check_damaged("shorter or longer");
    folder_write(&folder, "asset", "PK\5\6\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22, 0600);
    check_damaged("one part of several");
    folder_write(&folder, "asset", "PK\5\6\0\0\0\0\1\0\1\0\0\0\0\0\xff\0\0\0\0\0", 22, 0600);
    check_damaged("list is not where");
}

/* A byte of the list or of a header is another: an error, or the same sums where the byte does not matter. */
static void test_every_byte(void **unused) {
    (void)unused;
    struct stat status;
    pack();
    assert_int_equal(fstatat(folder.fd, "asset", &status, 0), 0);
    int fd = openat(folder.fd, "asset", O_RDWR | O_CLOEXEC);
    for (off_t at = 0; at < status.st_size; at++) {
        uint8_t byte = 0;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0xff;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        int r = check(10);
        if (r != -EBADMSG && (r != 0 || directory.entries != 3))
            fail_msg("%d with byte %d changed", r, (int)at);
        byte ^= 0xff;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    (void)close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sums, make, clear),
        cmocka_unit_test_setup_teardown(test_what_is_no_zip, make, clear),
        cmocka_unit_test_setup_teardown(test_every_byte, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
