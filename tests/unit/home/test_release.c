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

/* What runs needs no binary, and a look leaves a missing x-bit missing. */
static void test_binaries_that_are_not_fit(void **unused) {
    Failure failure = {0};
    Release *release = NULL;
    struct stat status;
    (void)unused;
    write_file(target, RUN_CONFIG_FILE, BINARIES("missing", "plain"), 0600);
    write_file(target, "plain", SCRIPT, 0644);
    assert_int_equal(release_load(&home, target, &release, &failure), -ENOENT);
    assert_null(release);
    assert_non_null(strstr(failure.message, "v2.0.0/missing is missing"));
    _cleanup_free_ char *plain = string_format("%s/plain", target);
    assert_int_equal(chmod(plain, 0644), 0);

    assert_int_equal(release_examine(&home, target, false, &release, &failure), 0);
    assert_int_equal(stat(plain, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_false(release->made_executable[PROCESS_DATA_NODE]);
    assert_int_equal(release->binary_faults[PROCESS_VEGA].result, -ENOENT);
    assert_int_equal(release->binary_faults[PROCESS_DATA_NODE].result, 0);
    failure = (Failure){0};
    assert_int_equal(release_check_fit(release, &failure), -ENOENT);
    assert_non_null(strstr(failure.message, "v2.0.0/missing is missing"));
    assert_false(release_unchanged(release));
    release = release_free(release);

    write_file(target, "missing", SCRIPT, 0755);
    assert_int_equal(release_examine(&home, target, true, &release, &failure), 0);
    assert_int_equal(stat(plain, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0755);
    assert_true(release->made_executable[PROCESS_DATA_NODE]);
    assert_int_equal(release_check_fit(release, &failure), 0);
    assert_true(release_unchanged(release));
    release = release_free(release);

    write_file(target, RUN_CONFIG_FILE, "name = 5", 0600);
    assert_int_equal(release_examine(&home, target, true, &release, &failure), -EBADMSG);
    assert_null(release);
}

#define release_test(function) cmocka_unit_test_setup_teardown(function, target_make, home_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        release_test(test_absence),
        release_test(test_absence_of_binaries),
        release_test(test_missing_binary),
        release_test(test_binaries_that_are_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
