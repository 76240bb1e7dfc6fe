#include "tests/unit/home/home.h"

static void test_open(void **unused) {
    (void)unused;
    struct stat status;
    assert_string_equal(home.path, folder.path);
    assert_int_equal(fstatat(folder.fd, ".visor", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_true(fcntl(home.fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(home.private_fd, F_GETFD) & FD_CLOEXEC);

    Home again;
    Failure failure = {0};
    assert_int_equal(home_open(folder.path, &again, &failure), 0);
    home_close(&again);
    home_close(&again); /* a closed one is fine */
    assert_int_equal(again.fd, -1);
}

static void test_open_through_a_link(void **unused) {
    (void)unused;
    Home other;
    Failure failure = {0};
    assert_int_equal(symlinkat(folder.path, folder.fd, "link"), 0);
    assert_int_equal(home_open(folder_path(&folder, "link/.visor/../"), &other, &failure), 0);
    assert_string_equal(other.path, folder.path); /* absolute, without links */
    home_close(&other);
}

static void check_refused(const char *path, int expected, const char *said) {
    Home other;
    Failure failure = {0};
    assert_int_equal(home_open(path, &other, &failure), expected);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void test_refused(void **unused) {
    (void)unused;
    check_refused(folder_path(&folder, "missing"), -ENOENT, "visor init");
    check_refused("", -ENOENT, "visor init");
    check_refused(folder_path(&folder, HOME_CONFIG_FILE), -ENOTDIR, HOME_CONFIG_FILE);
    assert_int_equal(mkdirat(folder.fd, "uninitialised", 0755), 0);
    check_refused(folder_path(&folder, "uninitialised"), -ENOENT, "visor init");
    assert_int_equal(faccessat(folder.fd, "uninitialised/.visor", F_OK, 0), -1); /* and nothing was made there */
}

static void test_a_look_makes_nothing(void **unused) {
    (void)unused;
    Home other;
    Failure failure = {0};
    assert_int_equal(mkdirat(folder.fd, "other", 0755), 0);
    assert_int_equal(home_look(folder_path(&folder, "other"), &other, &failure), -ENOENT);
    assert_non_null(strstr(failure.message, "visor init"));
    folder_write_text(&folder, "other/config.toml", "", 0600);
    assert_int_equal(home_look(folder_path(&folder, "other"), &other, &failure), 0);
    assert_string_equal(other.path, folder_path(&folder, "other"));
    assert_int_equal(other.private_fd, -1);
    assert_int_equal(faccessat(folder.fd, "other/.visor", F_OK, 0), -1);
    home_close(&other);

    assert_int_equal(home_look(folder.path, &other, &failure), 0); /* where it is, it is opened */
    assert_true(other.private_fd >= 0);
    home_close(&other);
}

static void test_private_folder_that_is_something_else(void **unused) {
    (void)unused;
    assert_int_equal(mkdirat(folder.fd, "other", 0755), 0);
    folder_write_text(&folder, "other/config.toml", "", 0600);
    folder_write_text(&folder, "other/.visor", "", 0600);
    check_refused(folder_path(&folder, "other"), -ENOTDIR, ".visor");
    assert_int_equal(unlinkat(folder.fd, "other/.visor", 0), 0);
    assert_int_equal(symlinkat("/tmp", folder.fd, "other/.visor"), 0);
    check_refused(folder_path(&folder, "other"), -ENOTDIR, ".visor"); /* locks in a shared folder: no */
}

static void test_paths(void **unused) {
    (void)unused;
    char *path = home_path(&home, "v1/run-config.toml");
    assert_string_equal(path, folder_path(&folder, "v1/run-config.toml"));
    free(path);
    path = home_path(&home, "/absolute");
    assert_string_equal(path, "/absolute");
    free(path);
    path = home_process_lock("vega");
    assert_string_equal(path, "vega.lock");
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_open),    home_test(test_open_through_a_link),
        home_test(test_refused), home_test(test_private_folder_that_is_something_else),
        home_test(test_paths),   home_test(test_a_look_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
