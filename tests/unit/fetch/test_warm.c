#include "fetch/warm.h"

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <errno.h>

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

static void test_whole_file(void **unused) {
    (void)unused;
    enum { LENGTH = 5 * 1024 * 1024 + 17 };
    Failure failure = {0};
    char *content = calloc(1, LENGTH);
    assert_non_null(content);
    folder_write(&folder, "vega", content, LENGTH, 0755);
    free(content);
    assert_int_equal(warm(folder_path(&folder, "vega"), &failure), 0);
}

static void test_what_is_no_file(void **unused) {
    (void)unused;
    Failure failure = {0};
    assert_int_equal(warm(folder_path(&folder, "none"), &failure), -ENOENT);
    assert_non_null(strstr(failure.message, "none"));
    assert_int_equal(warm(folder.path, &failure), -EINVAL);
    assert_int_equal(mkfifoat(folder.fd, "fifo", 0600), 0);
    assert_int_equal(warm(folder_path(&folder, "fifo"), &failure), -EINVAL); /* and does not hang */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_file, make, clear),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
