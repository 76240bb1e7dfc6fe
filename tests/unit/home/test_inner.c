#include "home/inner.h"

#include "base/cleanup.h"
#include "tests/unit/home/elsewhere.h"
#include "tests/unit/home/home.h"

static void check_inner(const char *path, const char *expected) {
    _cleanup_free_ char *inner = NULL;
    int r = inner_path(folder.path, path, &inner);
    assert_int_equal(r, expected ? 0 : 1);
    if (expected)
        assert_string_equal(inner, expected);
}

static void test_paths(void **unused) {
    (void)unused;
    char path[512];
    check_inner("vega", "vega");
    check_inner(".//bin/./vega//", "bin/vega");
    check_inner("..vega", "..vega");
    check_inner(".vega", ".vega");
    check_inner("", NULL);
    check_inner(".", NULL);
    check_inner("./", NULL);
    check_inner("..", NULL);
    check_inner("bin/../vega", NULL);
    check_inner("bin/..", NULL);
    check_inner("/usr/bin/vega", NULL);
    check_inner(folder_path(&folder, "bin/vega"), "bin/vega");
    check_inner(folder.path, NULL);
    (void)snprintf(path, sizeof path, "%s2/vega", folder.path); /* another folder whose name begins like it */
    check_inner(path, NULL);
    (void)snprintf(path, sizeof path, "%s/../vega", folder.path);
    check_inner(path, NULL);
}

static void test_folder_named_through_a_link(void **unused) {
    (void)unused;
    _cleanup_free_ char *one = NULL, *slashes = NULL;
    assert_int_equal(mkdirat(folder.fd, "v1", 0755), 0);
    assert_int_equal(symlinkat("v1", folder.fd, "link"), 0);
    assert_int_equal(inner_path(folder_path(&folder, "link"), folder_path(&folder, "v1/vega"), &one), 0);
    assert_string_equal(one, "vega");
    assert_int_equal(inner_path(folder_path(&folder, "v1//"), folder_path(&folder, "v1/vega"), &slashes), 0);
    assert_string_equal(slashes, "vega");
    assert_int_equal(inner_path(folder_path(&folder, "missing"), folder_path(&folder, "v1/vega"), &one), 1);
}

static void check_state(const char *inner, InnerState expected) {
    InnerState state;
    assert_int_equal(inner_look(folder.fd, inner, &state), 0);
    assert_int_equal(state, expected);
}

static void test_look(void **unused) {
    (void)unused;
    InnerState state;
    char name[400];
    assert_int_equal(mkdirat(folder.fd, "bin", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "closed", 0000), 0);
    folder_write_text(&folder, "bin/vega", "", 0600);
    assert_int_equal(symlinkat("nowhere", folder.fd, "dangling"), 0);
    assert_int_equal(symlinkat("bin", folder.fd, "link"), 0);
    check_state("bin/vega", INNER_THERE);
    check_state("bin", INNER_THERE);
    check_state("dangling", INNER_THERE); /* somebody means something by it */
    check_state("missing", INNER_MISSING);
    check_state("missing/vega", INNER_MISSING);
    check_state("bin/missing/vega", INNER_MISSING);
    check_state("link/vega", INNER_OUTSIDE);
    check_state("link/missing", INNER_OUTSIDE);
    check_state("bin/vega/x", INNER_OUTSIDE);
    check_state("dangling/x", INNER_OUTSIDE);
    assert_int_equal(inner_look(folder.fd, "closed/x", &state), -EACCES);
    assert_int_equal(inner_look(-1, "x", &state), -EBADF);
    memset(name, 'x', sizeof name);
    (void)snprintf(name + 300, sizeof name - 300, "/y");
    assert_int_equal(inner_look(folder.fd, name, &state), -ENAMETOOLONG);
    assert_int_equal(inner_look(folder.fd, name + 1, &state), -ENAMETOOLONG);
}

static void test_open_parent(void **unused) {
    (void)unused;
    const char *name = NULL;
    struct stat status;
    assert_int_equal(inner_open_parent(folder.fd, "a/b/vega", false, &name), -ENOENT);
    _cleanup_fd_ int fd = inner_open_parent(folder.fd, "a/b/vega", true, &name);
    _cleanup_fd_ int again_fd = inner_open_parent(folder.fd, "a/b/vega", true, &name);
    assert_true(fd >= 0 && again_fd >= 0);
    assert_string_equal(name, "vega");
    assert_int_equal(fstatat(folder.fd, "a/b", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0755);
    assert_int_equal(symlinkat("/tmp", folder.fd, "link"), 0);
    assert_int_equal(inner_open_parent(folder.fd, "link/b/vega", true, &name), -ENOTDIR);
    assert_int_equal(mkdirat(folder.fd, "closed", 0500), 0);
    assert_int_equal(inner_open_parent(folder.fd, "closed/b/vega", true, &name), -EACCES);
}

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        home_test(test_paths),
        home_test(test_folder_named_through_a_link),
        home_test(test_look),
        home_test(test_open_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
