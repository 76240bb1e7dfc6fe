#include "home/folder.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "tests/unit/home/elsewhere.h"
#include "tests/unit/home/home.h"

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode;
}

static void test_create(void **unused) {
    (void)unused;
    Failure failure = {0};
    assert_int_equal(folder_create(folder_path(&folder, "a/b//c/"), 0700, &failure), 0);
    assert_int_equal(mode_of(folder_path(&folder, "a/b/c")), S_IFDIR | 0700);
    assert_int_equal(folder_create(folder_path(&folder, "a/b/c"), 0700, &failure), 0);
    assert_int_equal(folder_create("/", 0700, &failure), 0);
    assert_int_equal(symlinkat("a/b", folder.fd, "link"), 0);
    assert_int_equal(folder_create(folder_path(&folder, "link/d"), 0755, &failure), 0);
    assert_int_equal(mode_of(folder_path(&folder, "a/b/d")), S_IFDIR | 0755);
}

static void check_not_created(const char *path, int expected) {
    Failure failure = {0};
    assert_int_equal(folder_create(path, 0700, &failure), expected);
    assert_non_null(strstr(failure.message, folder.path));
}

static void test_create_where_something_is(void **unused) {
    (void)unused;
    folder_write_text(&folder, "file", "", 0600);
    assert_int_equal(symlinkat("nowhere", folder.fd, "dangling"), 0);
    assert_int_equal(mkdirat(folder.fd, "locked", 0500), 0);
    check_not_created(folder_path(&folder, "file"), -ENOTDIR);
    check_not_created(folder_path(&folder, "file/x"), -ENOTDIR);
    check_not_created(folder_path(&folder, "dangling"), -ENOENT);
    check_not_created(folder_path(&folder, "locked/x"), -EACCES);
    assert_int_equal(faccessat(folder.fd, "nowhere", F_OK, 0), -1);
}

static void test_open(void **unused) {
    (void)unused;
    folder_write_text(&folder, "file", "", 0600);
    assert_int_equal(symlinkat(".visor", folder.fd, "link"), 0);
    assert_int_equal(folder_open(folder.fd, "file"), -ENOTDIR);
    assert_int_equal(folder_open(folder.fd, "link"), -ENOTDIR);
    assert_int_equal(folder_open(folder.fd, "missing"), -ENOENT);
    _cleanup_fd_ int fd = folder_open(folder.fd, ".visor");
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_open_parent(void **unused) {
    (void)unused;
    const char *name = NULL;
    _cleanup_fd_ int fd = folder_open_parent(folder_path(&folder, "x"), &name);
    assert_string_equal(name, "x");
    assert_int_equal(faccessat(fd, HOME_CONFIG_FILE, F_OK, 0), 0);
    _cleanup_fd_ int root_fd = folder_open_parent("/x", &name);
    assert_int_equal(faccessat(root_fd, "tmp", F_OK, 0), 0);
    assert_int_equal(folder_open_parent("x", &name), -EINVAL);
    assert_int_equal(folder_open_parent(folder_path(&folder, "missing/x"), &name), -ENOENT);
}

static void test_trim(void **unused) {
    (void)unused;
    static const char *const CASES[][2] = {{"/a/b//", "/a/b"}, {"/a", "/a"}, {"/", "/"}, {"//", "/"}, {"", ""}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        _cleanup_free_ char *trimmed = folder_trim(CASES[i][0]);
        assert_string_equal(trimmed, CASES[i][1]);
    }
}

static void test_parent(void **unused) {
    (void)unused;
    static const char *const CASES[][2] = {{"/a/b//", "/a"}, {"/a", "/"}, {"/a/", "/"}, {"/", "/"}, {"//", "/"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        _cleanup_free_ char *parent = folder_parent(CASES[i][0]);
        assert_string_equal(parent, CASES[i][1]);
    }
}

static void test_is_empty(void **unused) {
    (void)unused;
    assert_int_equal(folder_is_empty(home.private_fd), 1);
    assert_int_equal(folder_is_empty(home.fd), 0);
    assert_int_equal(folder_is_empty(home.fd), 0); /* the position in the folder is not moved */
    assert_int_equal(folder_is_empty(-1), -EBADF);
}

static void test_nearest_and_mounts(void **unused) {
    (void)unused;
    char other[256];
    elsewhere_make(folder.path, &other);
    _cleanup_free_ char *inside_other = string_format("%s/a/b", other);
    _cleanup_fd_ int here_fd = folder_open_nearest(folder_path(&folder, "missing/a/b"));
    _cleanup_fd_ int file_fd = folder_open_nearest(folder_path(&folder, HOME_CONFIG_FILE "/x"));
    _cleanup_fd_ int other_fd = folder_open_nearest(inside_other);
    _cleanup_fd_ int root_fd = folder_open_nearest("/missing-by-all-means");
    assert_true(here_fd >= 0 && file_fd >= 0 && other_fd >= 0 && root_fd >= 0);
    assert_true(folder_same_mount(here_fd, home.fd));
    assert_true(folder_same_mount(file_fd, home.private_fd));
    assert_false(folder_same_mount(other_fd, home.fd));
    assert_false(folder_same_mount(-1, home.fd));
    elsewhere_remove(other);
}

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        home_test(test_create),   home_test(test_create_where_something_is),
        home_test(test_open),     home_test(test_open_parent),
        home_test(test_trim),     home_test(test_parent),
        home_test(test_is_empty), home_test(test_nearest_and_mounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
