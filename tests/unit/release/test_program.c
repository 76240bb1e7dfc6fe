#include "release/program.h"

#include "base/cleanup.h"
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

static void found(const char *visor_folder, const char *expected) {
    _cleanup_free_ char *path = NULL;
    Failure failure = {0};
    assert_int_equal(visor_fetch_path_beside(folder_path(&folder, visor_folder), &path, &failure), 0);
    assert_string_equal(path, folder_path(&folder, expected));
}

static void make_folders(const char *const *names) {
    for (; *names; names++)
        assert_int_equal(mkdirat(folder.fd, *names, 0755), 0);
}

static void test_installed_and_built(void **unused) {
    (void)unused;
    make_folders((const char *const[]){"bin", "libexec", "libexec/visor", "src", "src/cli", "src/fetch", NULL});
    _cleanup_free_ char *path = NULL;
    Failure failure = {0};
    assert_int_equal(visor_fetch_path_beside(folder_path(&folder, "bin"), &path, &failure), -ENOENT);
    assert_non_null(strstr(failure.message, "visor-fetch is missing"));
    assert_non_null(strstr(failure.message, folder_path(&folder, "bin")));

    folder_write_text(&folder, "libexec/visor/visor-fetch", "", 0644);
    assert_int_equal(visor_fetch_path_beside(folder_path(&folder, "bin"), &path, &failure), -ENOENT); /* no x-bit */
    folder_write_text(&folder, "libexec/visor/visor-fetch", "", 0755);
    found("bin", "libexec/visor/visor-fetch");
    folder_write_text(&folder, "src/fetch/visor-fetch", "", 0755);
    found("src/cli", "src/fetch/visor-fetch");
}

static void test_of_this_very_program(void **unused) {
    (void)unused;
    _cleanup_free_ char *path = NULL;
    Failure failure = {0};
    int r =
        visor_fetch_path(&path, &failure); /* the folder of a test is none of visor's: only the words are known */
    if (r < 0)
        assert_non_null(strstr(failure.message, "/tests/unit/../libexec/visor"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_installed_and_built),
        cmocka_unit_test(test_of_this_very_program),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
