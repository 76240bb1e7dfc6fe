#include "base/invocation.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "base/strings.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

static Folder folder;
static char *own; /* what this test is */

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    own = process_executable(getpid());
    assert_non_null(own);
    assert_int_equal(symlinkat(own, folder.fd, "program"), 0);
    assert_int_equal(symlinkat("program", folder.fd, "again"), 0);
    assert_int_equal(symlinkat("nowhere", folder.fd, "dangling"), 0);
    folder_write_text(&folder, "other", "#!/bin/sh\n", 0755);
    folder_write_text(&folder, "text", "", 0644);
    return 0;
}

static int clear(void **unused) {
    (void)unused;
    free(own);
    folder_remove(&folder);
    return 0;
}

static void check(const char *name, const char *search_path, const char *expected) {
    _cleanup_free_ char *path = invocation_path(name, search_path);
    bool right = path && expected ? streq(path, expected) : path == expected;
    if (!right)
        fail_msg("%s in %s is %s", name ? name : "NULL", search_path ? search_path : "NULL", path ? path : "NULL");
}

static void test_absolute(void **unused) {
    (void)unused;
    check(own, NULL, own);
    check(folder_path(&folder, "program"), NULL, folder_path(&folder, "program")); /* a link stays one */
    check(folder_path(&folder, "again"), "/bin", folder_path(&folder, "again"));
    check(folder_path(&folder, "other"), NULL, NULL);
    check(folder_path(&folder, "dangling"), NULL, NULL);
    check(folder_path(&folder, "missing"), NULL, NULL);
    check("/", NULL, NULL);
}

static void test_found(void **unused) {
    (void)unused;
    _cleanup_free_ char *behind = string_format("/nowhere::.:%s:/bin", folder.path);
    check("program", folder.path, folder_path(&folder, "program"));
    check("program", behind, folder_path(&folder, "program"));
    check("other", behind, NULL);
    check("text", behind, NULL);
    check("missing", behind, NULL);
    check("program", "/bin:/nowhere", NULL);
    check("program", "", NULL);
    check("program", NULL, NULL);
    check("program", "relative:.", NULL);
}

/* The first of the name was started, if it was started by that name at all. */
static void test_another_of_the_name(void **unused) {
    (void)unused;
    assert_int_equal(mkdirat(folder.fd, "first", 0755), 0);
    folder_write_text(&folder, "first/program", "#!/bin/sh\n", 0755);
    _cleanup_free_ char *both = string_format("%s/first:%s", folder.path, folder.path);
    check("program", both, NULL);
    assert_int_equal(fchmodat(folder.fd, "first/program", 0644, 0), 0);
    check("program", both, folder_path(&folder, "program"));
}

static void test_nonsense(void **unused) {
    (void)unused;
    check(NULL, "/bin", NULL);
    check("", folder.path, NULL);
    check("./program", folder.path, NULL);
    check("folder/program", folder.path, NULL);
    check("-visor", folder.path, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_absolute, make, clear),
        cmocka_unit_test_setup_teardown(test_found, make, clear),
        cmocka_unit_test_setup_teardown(test_another_of_the_name, make, clear),
        cmocka_unit_test_setup_teardown(test_nonsense, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
