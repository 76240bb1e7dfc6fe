#include "base/files.h"

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

static Folder folder;

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

static void check_read(const char *name, size_t limit_bytes, const char *expected, size_t expected_length) {
    char *content = NULL;
    size_t length = 0;
    Failure failure = {0};
    assert_int_equal(file_read(folder_path(&folder, name), limit_bytes, &content, &length, &failure), 0);
    assert_int_equal(length, expected_length);
    assert_memory_equal(content, expected, length + 1); /* with the NUL after it */
    free(content);
}

static void check_refused(const char *path, size_t limit_bytes, int expected) {
    char *content = NULL;
    size_t length = 0;
    Failure failure = {0};
    assert_int_equal(file_read(path, limit_bytes, &content, &length, &failure), expected);
    assert_null(content);
    assert_non_null(strstr(failure.message, path));
}

static void test_read(void **unused) {
    (void)unused;
    folder_write_text(&folder, "text", "hello", 0600);
    check_read("text", 5, "hello", 5); /* as many as allowed */
    check_read("text", 100, "hello", 5);
    check_refused(folder_path(&folder, "text"), 4, -EFBIG);
    folder_write(&folder, "nul", "a\0b", 3, 0600);
    check_read("nul", 100, "a\0b", 3);
    folder_write_text(&folder, "empty", "", 0600);
    check_read("empty", 100, "", 0);
    check_read("empty", 0, "", 0);
}

static void test_read_of_a_file_that_hides_its_size(void **unused) {
    (void)unused;
    char *content = NULL;
    size_t length = 0;
    Failure failure = {0};
    assert_int_equal(file_read("/proc/self/mounts", 1 << 20, &content, &length, &failure), 0);
    assert_true(length > 0);
    free(content);
    content = NULL;
    assert_int_equal(file_read("/proc/self/mounts", 3, &content, &length, &failure), -EFBIG);
}

static void test_read_of_what_is_no_file(void **unused) {
    (void)unused;
    assert_int_equal(mkfifoat(folder.fd, "fifo", 0600), 0);
    check_refused(folder_path(&folder, "missing"), 100, -ENOENT);
    check_refused(folder.path, 100, -EISDIR);
    check_refused(folder_path(&folder, "fifo"), 100, -EINVAL); /* and does not wait for a writer */
    check_refused("/dev/null", 100, -EINVAL);
}

static void check_content(const char *name, const char *expected) {
    check_read(name, 1 << 20, expected, strlen(expected));
}

static void test_replace(void **unused) {
    (void)unused;
    Failure failure = {0};
    struct stat status;
    assert_int_equal(file_replace(folder.fd, "state", "one", 3, 0600, &failure), 0);
    check_content("state", "one");
    assert_int_equal(fstatat(folder.fd, "state", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    ino_t inode = status.st_ino;
    assert_int_equal(file_replace(folder.fd, "state", "two!", 4, 0600, &failure), 0);
    check_content("state", "two!");
    assert_int_equal(fstatat(folder.fd, "state", &status, 0), 0);
    assert_int_not_equal(status.st_ino, inode); /* a reader of the old one is not disturbed */
    assert_int_equal(faccessat(folder.fd, ".state.new", F_OK, 0), -1);
}

static void test_replace_after_a_crash(void **unused) {
    (void)unused;
    Failure failure = {0};
    folder_write_text(&folder, ".left.new", "half", 0400);
    assert_int_equal(file_replace(folder.fd, "left", "whole", 5, 0600, &failure), 0);
    check_content("left", "whole");

    folder_write_text(&folder, "precious", "mine", 0600);
    assert_int_equal(symlinkat("precious", folder.fd, ".left.new"), 0);
    assert_int_equal(file_replace(folder.fd, "left", "again", 5, 0600, &failure), 0);
    check_content("left", "again");
    check_content("precious", "mine"); /* not written through the link */
}

static void test_replace_that_fails_keeps_the_old(void **unused) {
    (void)unused;
    Failure failure = {0};
    assert_int_equal(file_replace(folder.fd, "kept", "old", 3, 0600, &failure), 0);
    assert_int_equal(mkdirat(folder.fd, ".kept.new", 0700), 0);
    assert_true(file_replace(folder.fd, "kept", "new", 3, 0600, &failure) < 0);
    assert_true(strlen(failure.message) > 0);
    check_content("kept", "old");

    assert_int_equal(mkdirat(folder.fd, "folder", 0700), 0);
    assert_true(file_replace(folder.fd, "folder", "new", 3, 0600, &failure) < 0);
    assert_int_equal(faccessat(folder.fd, ".folder.new", F_OK, 0), -1); /* nothing is left behind */
    assert_int_equal(file_replace(-1, "x", "new", 3, 0600, NULL), -EBADF);
}

static void test_identity(void **unused) {
    (void)unused;
    struct stat status;
    folder_write_text(&folder, "file", "1234", 0600);
    assert_int_equal(fstatat(folder.fd, "file", &status, 0), 0);
    FileIdentity before = file_identity(&status);
    FileIdentity same = before;
    assert_true(file_identity_equal(&before, &same));
    assert_int_equal(before.size_bytes, 4);

    /* The same size and mtime, but another content: ctime tells. */
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    FileIdentity now = before;
    while (now.ctime_nsec == before.ctime_nsec) { /* until the clock of the file system has ticked */
        folder_write_text(&folder, "file", "4321", 0600);
        assert_int_equal(utimensat(folder.fd, "file", times, 0), 0);
        assert_int_equal(fstatat(folder.fd, "file", &status, 0), 0);
        now = file_identity(&status);
    }
    assert_int_equal(now.mtime_nsec, before.mtime_nsec);
    assert_false(file_identity_equal(&before, &now));
    Failure failure;
    assert_int_equal(file_replace(folder.fd, "file", "1234", 4, 0600, &failure), 0);
    assert_int_equal(fstatat(folder.fd, "file", &status, 0), 0);
    now = file_identity(&status);
    assert_int_not_equal(now.inode, before.inode);
}

static void test_write_all(void **unused) {
    (void)unused;
    int pipe_fds[2];
    char text[16] = "";
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(write_all(pipe_fds[1], "hello", 5), 0);
    assert_int_equal(read(pipe_fds[0], text, sizeof text), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(write_all(pipe_fds[0], "x", 1), -EBADF);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_of_a_file_that_hides_its_size),
        cmocka_unit_test(test_read_of_what_is_no_file),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_replace_after_a_crash),
        cmocka_unit_test(test_replace_that_fails_keeps_the_old),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_write_all),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
