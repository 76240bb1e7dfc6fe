#include "home/current.h"

#include "tests/unit/home/home.h"

#include <limits.h>

static const char *release(const char *name) {
    assert_int_equal(mkdirat(folder.fd, name, 0755), 0);
    return folder_path(&folder, name);
}

static void link_to(const char *target, const char *name) {
    (void)unlinkat(folder.fd, name, 0);
    assert_int_equal(symlinkat(target, folder.fd, name), 0);
}

static void check_current(const char *expected) {
    char *target = NULL;
    Failure failure = {0};
    assert_int_equal(current_read(&home, &target, &failure), 0);
    assert_string_equal(target, expected);
    free(target);
}

static void check_unreadable(int expected, const char *said) {
    char *target = NULL;
    Failure failure = {0};
    assert_int_equal(current_read(&home, &target, &failure), expected);
    assert_null(target);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void test_read(void **unused) {
    (void)unused;
    check_unreadable(1, ""); /* missing: that is no failure */
    const char *path = release("v1");
    link_to(path, "current");
    check_current(path);
    link_to("v1", "current");
    check_current(path);
    link_to("./v1/../v1/", "current");
    check_current(path);
    link_to("v1", "hop");
    link_to("hop", "current");
    check_current(path);
}

static void test_read_of_what_leads_nowhere(void **unused) {
    (void)unused;
    link_to("v9", "current");
    check_unreadable(2, "v9");
    link_to("/nowhere/v9", "current");
    check_unreadable(2, "/nowhere/v9");
    link_to("config.toml", "current");
    check_unreadable(-ENOTDIR, "no folder");
    link_to("current", "current");
    check_unreadable(-ENOTDIR, "current");
}

static void test_where_it_leads(void **unused) {
    char path[PATH_MAX];
    (void)unused;
    (void)snprintf(path, sizeof path, "%s/v1", folder.path);
    assert_false(current_leads(&home) || current_leads_to(&home, path));
    assert_int_equal(mkdirat(home.fd, "v1", 0755), 0);
    assert_int_equal(mkdirat(home.fd, "v2", 0755), 0);
    assert_int_equal(symlinkat("v1", home.fd, "other"), 0);
    assert_int_equal(symlinkat("other", home.fd, "current"), 0); /* by another link, and relative */
    assert_true(current_leads(&home) && current_leads_to(&home, path));
    (void)snprintf(path, sizeof path, "%s/v2", folder.path);
    assert_false(current_leads_to(&home, path) || current_leads_to(&home, "/nowhere"));
    assert_int_equal(unlinkat(home.fd, "v1", AT_REMOVEDIR), 0);
    assert_false(current_leads(&home) || current_leads_to(&home, "/nowhere"));
}

static void test_real_folder_is_never_touched(void **unused) {
    (void)unused;
    Failure failure = {0};
    const char *new_release = release("v2");
    (void)release("current");
    folder_write_text(&folder, "current/precious", "mine", 0600);
    check_unreadable(-EEXIST, "real folder");
    assert_int_equal(current_prepare(&home, new_release, &failure), -EEXIST);
    assert_int_equal(current_switch(&home, new_release, &failure), -EEXIST);
    assert_non_null(strstr(failure.message, "move it"));
    assert_int_equal(faccessat(folder.fd, "current/precious", F_OK, 0), 0);
}

static void test_file_is_never_touched(void **unused) {
    (void)unused;
    Failure failure = {0};
    const char *new_release = release("v2");
    folder_write_text(&folder, "current", "mine", 0600);
    check_unreadable(-EEXIST, "file");
    assert_int_equal(current_switch(&home, new_release, &failure), -EEXIST);
    struct stat status;
    assert_int_equal(fstatat(folder.fd, "current", &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(status.st_size, 4);
}

static void check_switch(const char *to) {
    Failure failure = {0};
    if (current_switch(&home, to, &failure) != 0)
        fail_msg("%s", failure.message);
    check_current(to);
    assert_int_equal(faccessat(folder.fd, ".current.new", F_OK, AT_SYMLINK_NOFOLLOW), -1);
}

static void test_switch(void **unused) {
    (void)unused;
    const char *v1 = release("v1"), *v2 = release("v2");
    check_switch(v1); /* from nothing */
    check_switch(v2);
    check_switch(v2); /* to the same */
    link_to("v1", "current");
    check_switch(v2); /* from a relative link */
    link_to("gone", "current");
    check_switch(v1); /* from one that dangles */
    char target[512] = "";
    assert_true(readlinkat(folder.fd, "current", target, sizeof target - 1) > 0);
    assert_string_equal(target, v1); /* as v0.79 writes it: absolute */
}

static void test_prepared_switch(void **unused) {
    (void)unused;
    Failure failure = {0};
    const char *v1 = release("v1"), *v2 = release("v2"), *v3 = release("v3");
    check_switch(v1);
    assert_int_equal(current_prepare(&home, v2, &failure), 0);
    check_current(v1);
    assert_int_equal(current_prepare(&home, v2, &failure), 0); /* any number of times */
    check_switch(v2);
    assert_int_equal(current_prepare(&home, v3, &failure), 0);
    check_switch(v1); /* another one than was prepared */
}

static void test_what_a_crash_left(void **unused) {
    (void)unused;
    const char *v1 = release("v1"), *v2 = release("v2");
    check_switch(v1);
    link_to(v1, ".current.new");
    check_switch(v2);
    link_to("gone", ".current.new");
    check_switch(v1);
}

static void test_what_a_person_left(void **unused) {
    (void)unused;
    Failure failure = {0};
    const char *v1 = release("v1"), *v2 = release("v2");
    check_switch(v1);
    folder_write_text(&folder, ".current.new", "mine", 0600);
    assert_int_equal(current_prepare(&home, v2, &failure), -EEXIST); /* noticed while the old node still runs */
    assert_non_null(strstr(failure.message, ".current.new"));
    assert_int_equal(current_switch(&home, v2, &failure), -EEXIST);
    check_current(v1);
    assert_int_equal(faccessat(folder.fd, ".current.new", F_OK, 0), 0);
    assert_int_equal(unlinkat(folder.fd, ".current.new", 0), 0);
    (void)release(".current.new");
    assert_int_equal(current_switch(&home, v2, &failure), -EEXIST);
    check_current(v1);
    assert_int_equal(faccessat(folder.fd, ".current.new", F_OK, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_read),
        home_test(test_read_of_what_leads_nowhere),
        home_test(test_where_it_leads),
        home_test(test_real_folder_is_never_touched),
        home_test(test_file_is_never_touched),
        home_test(test_switch),
        home_test(test_prepared_switch),
        home_test(test_what_a_crash_left),
        home_test(test_what_a_person_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
