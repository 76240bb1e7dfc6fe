#include "fetch/discard.h"

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

static Folder folder;
static Failure failure;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    folder_write_text(&folder, "precious", "mine", 0600);
    return mkdirat(folder.fd, "kept", 0755);
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

static bool exists(const char *name) {
    return faccessat(folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_discarded(const char *name) {
    failure = (Failure){0};
    if (discard(folder_path(&folder, name), &failure) != 0)
        fail_msg("%s", failure.message);
    assert_false(exists(name));
    assert_true(exists("precious"));
}

static void make_folder(const char *name) {
    assert_int_equal(mkdirat(folder.fd, name, 0755), 0);
}

static void test_tree(void **unused) {
    (void)unused;
    make_folder(".discarded-v1");
    check_discarded(".discarded-v1"); /* empty */
    make_folder(".discarded-v1");
    make_folder(".discarded-v1/a");
    make_folder(".discarded-v1/a/b");
    make_folder(".discarded-v1/a/c");
    make_folder(".discarded-v1/empty");
    folder_write_text(&folder, ".discarded-v1/file", "x", 0400);
    folder_write_text(&folder, ".discarded-v1/a/b/file", "x", 0000);
    folder_write_text(&folder, ".discarded-v1/a/c/file", "x", 0755);
    check_discarded(".discarded-v1");
    check_discarded(".discarded-v1"); /* nothing there is fine */
    failure = (Failure){0};
    assert_int_equal(discard(folder_path(&folder, "no/folder/.discarded-v1"), &failure), 0);
}

static void test_links_are_not_followed(void **unused) {
    (void)unused;
    make_folder(".discarded-v1");
    assert_int_equal(symlinkat("../kept", folder.fd, ".discarded-v1/link"), 0);
    assert_int_equal(symlinkat("../precious", folder.fd, ".discarded-v1/file"), 0);
    folder_write_text(&folder, "kept/file", "x", 0600);
    check_discarded(".discarded-v1");
    assert_true(exists("kept/file"));
    assert_int_equal(symlinkat("kept", folder.fd, ".discarded-link"), 0);
    check_discarded(".discarded-link");
    assert_true(exists("kept/file"));
}

static void check_refused(const char *name) {
    failure = (Failure){0};
    assert_int_equal(discard(folder_path(&folder, name), &failure), -EINVAL);
    assert_non_null(strstr(failure.message, ".discarded-"));
}

static void test_names(void **unused) {
    (void)unused;
    make_folder(".discarded-v1");
    make_folder(".discarded-");
    check_refused("kept");
    check_refused(".discarded-");
    check_refused(".discarded");
    check_refused("x.discarded-v1");
    check_refused(".discarded-v1/");
    check_refused(".discarded-v1/..");
    check_refused(".discarded-v1/.");
    check_refused("");
    assert_true(exists("kept"));
    assert_true(exists(".discarded-v1"));
    assert_int_equal(fchdir(folder.fd), 0);
    assert_int_equal(discard(".discarded-v1", &failure), 0); /* relative */
    assert_false(exists(".discarded-v1"));
}

static void test_deep(void **unused) {
    (void)unused;
    enum { DEPTH = 3000 }; /* far beyond PATH_MAX */
    char name[200];
    memset(name, 'd', sizeof name);
    name[sizeof name - 1] = '\0';
    make_folder(".discarded-deep");
    int fd = openat(folder.fd, ".discarded-deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEPTH; i++) {
        assert_int_equal(mkdirat(fd, name, 0755), 0);
        int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)close(fd);
        fd = next;
        assert_true(fd >= 0);
    }
    (void)close(fd);
    check_discarded(".discarded-deep");
}

static void test_wide(void **unused) {
    (void)unused;
    char name[64];
    make_folder(".discarded-wide");
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof name, ".discarded-wide/%d", i);
        if (i % 3 == 0)
            folder_write_text(&folder, name, "", 0600);
        else
            make_folder(name);
        if (i % 3 == 2)
            folder_write_text(&folder, strcat(name, "/x"), "", 0600);
    }
    check_discarded(".discarded-wide");
}

/* As anybody but root: a folder that its owner may not enter is opened up first. */
static void test_modes(void **unused) {
    (void)unused;
    make_folder(".discarded-v1");
    make_folder(".discarded-v1/closed");
    make_folder(".discarded-v1/fixed");
    folder_write_text(&folder, ".discarded-v1/closed/file", "x", 0600);
    folder_write_text(&folder, ".discarded-v1/fixed/file", "x", 0600);
    assert_int_equal(fchmodat(folder.fd, ".discarded-v1/closed", 0000, 0), 0);
    assert_int_equal(fchmodat(folder.fd, ".discarded-v1/fixed", 0500, 0), 0);
    assert_int_equal(fchmodat(folder.fd, ".discarded-v1", 0500, 0), 0);
    check_discarded(".discarded-v1");
}

static void test_any_name_below_a_folder(void **unused) {
    (void)unused;
    make_folder("unpacking");
    folder_write_text(&folder, "unpacking/file", "x", 0600);
    assert_int_equal(discard_at(folder.fd, "unpacking", &failure), 0);
    assert_false(exists("unpacking"));
    assert_int_equal(discard_at(folder.fd, "unpacking", &failure), 0);
    assert_int_equal(discard_at(folder.fd, "precious", &failure), 0);
    assert_false(exists("precious"));
}

int main(void) {
#define discard_test(function) cmocka_unit_test_setup_teardown(function, make, clear)
    const struct CMUnitTest tests[] = {
        discard_test(test_tree),
        discard_test(test_links_are_not_followed),
        discard_test(test_names),
        discard_test(test_deep),
        discard_test(test_wide),
        discard_test(test_modes),
        discard_test(test_any_name_below_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
