#include "home/release.h"

#include "tests/unit/home/releases.h"

static char target[512]; /* the folder of the new release */

static int target_make(void **unused) {
    int r = home_make(unused);
    (void)snprintf(target, sizeof target, "%s/v2.0.0", folder.path);
    return r;
}

static void test_absence(void **unused) {
    (void)unused;
    assert_int_equal(release_absence(&home, target), RELEASE_WHOLE);
    assert_int_equal(release_absence(&home, folder_path(&folder, "a/b")), RELEASE_WHOLE);
    assert_int_equal(release_absence(&home, folder_path(&folder, HOME_CONFIG_FILE)), RELEASE_NOTHING);
    assert_int_equal(release_absence(&home, folder_path(&folder, HOME_CONFIG_FILE "/x")), RELEASE_NOTHING);
    assert_int_equal(symlink("nowhere", target), 0);
    assert_int_equal(release_absence(&home, target), RELEASE_NOTHING);
    assert_int_equal(mkdirat(folder.fd, "nowhere", 0755), 0);
    assert_int_equal(release_absence(&home, target), RELEASE_NOTHING); /* empty, but through a link */
    assert_int_equal(unlink(target), 0);
    assert_int_equal(mkdir(target, 0755), 0);
    assert_int_equal(release_absence(&home, target), RELEASE_WHOLE);
    assert_int_equal(chmod(target, 0), 0);
    assert_int_equal(release_absence(&home, target), RELEASE_NOTHING);
    assert_int_equal(chmod(target, 0755), 0);
    write_file(target, "file", "", 0600);
    assert_int_equal(release_absence(&home, target), RELEASE_NOTHING);
}

#define RPC "[vega.rpc]\nsocketPath = '/s'\n"
#define BINARIES(vega, data_node)                                                                                  \
    "name = 'v2'\n[vega.binary]\npath = '" vega "'\nargs = ['start']\n" RPC                                        \
    "[data_node.binary]\npath = '" data_node "'\nargs = ['x']\n"

static void check_absence(const char *run_config, ReleaseAbsence expected) {
    write_file(target, RUN_CONFIG_FILE, run_config, 0600);
    if (release_absence(&home, target) != expected)
        fail_msg("%u is wrong for %s", release_absence(&home, target), run_config);
}

static void test_absence_of_binaries(void **unused) {
    (void)unused;
    write_file(target, "there", SCRIPT, 0755);
    write_file(target, "sub/there", SCRIPT, 0755);
    assert_int_equal(symlinkat("sub", folder.fd, "v2.0.0/link"), 0);
    assert_int_equal(symlinkat("nowhere", folder.fd, "v2.0.0/dangling"), 0);
    check_absence(BINARIES("there", "there"), RELEASE_NOTHING);
    check_absence(BINARIES("missing", "missing"), RELEASE_BINARY);
    check_absence(BINARIES("missing", "there"), RELEASE_BINARY);
    check_absence(BINARIES("there", "missing"), RELEASE_BINARY);
    check_absence(BINARIES("./sub//missing", "/bin/sh"), RELEASE_BINARY);
    check_absence(BINARIES("new/sub/missing", "sub/there"), RELEASE_BINARY);
    check_absence(BINARIES("missing", "/missing"), RELEASE_NOTHING); /* half of it is the operator's matter */
    check_absence(BINARIES("/missing", "missing"), RELEASE_NOTHING);
    check_absence(BINARIES("../missing", "there"), RELEASE_NOTHING);
    check_absence(BINARIES("link/missing", "there"), RELEASE_NOTHING);
    check_absence(BINARIES("link/there", "missing"), RELEASE_BINARY);
    check_absence(BINARIES("dangling", "missing"), RELEASE_NOTHING);
    check_absence(BINARIES("there/missing", "there"), RELEASE_NOTHING);
    check_absence("name = 5", RELEASE_NOTHING);
    _cleanup_free_ char *absolute =
        string_format("name = 'x'\n[vega.binary]\npath = '%s/missing'\nargs = ['start']\n" RPC, target);
    check_absence(absolute, RELEASE_BINARY);
}

static void test_missing_binary(void **unused) {
    (void)unused;
    _cleanup_free_ char *inner = NULL;
    write_file(target, "there", SCRIPT, 0755);
    _cleanup_fd_ int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(release_missing_binary(fd, target, "there", &inner), 1);
    assert_int_equal(release_missing_binary(fd, target, "/bin/missing", &inner), 2);
    assert_int_equal(release_missing_binary(fd, target, "there/missing", &inner), 2);
    assert_int_equal(release_missing_binary(-1, target, "missing", &inner), -EBADF);
    assert_null(inner);
    assert_int_equal(release_missing_binary(fd, target, "./sub//missing", &inner), 0);
    assert_string_equal(inner, "sub/missing");
}

#define release_test(function) cmocka_unit_test_setup_teardown(function, target_make, home_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        release_test(test_absence),
        release_test(test_absence_of_binaries),
        release_test(test_missing_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
