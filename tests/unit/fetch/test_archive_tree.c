#include "fetch/archive_tree.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

static ArchiveTree *tree;
static Failure failure;

static int make(void **unused) {
    (void)unused;
    return archive_tree_new(&tree);
}

static int clear(void **unused) {
    (void)unused;
    tree = archive_tree_free(tree);
    return 0;
}

static int add(const char *path, ArchiveEntryKind kind) {
    ArchiveItem item = {.kind = kind};
    (void)snprintf(item.path, sizeof item.path, "%s", path);
    failure = (Failure){0};
    return archive_tree_add(tree, &item, &failure);
}

static void test_files_and_folders(void **unused) {
    (void)unused;
    assert_int_equal(add("", ARCHIVE_ENTRY_ROOT), 0);
    assert_int_equal(add("bin", ARCHIVE_ENTRY_FOLDER), 0);
    assert_int_equal(add("bin", ARCHIVE_ENTRY_FOLDER), 0);
    assert_int_equal(add("bin/vega", ARCHIVE_ENTRY_FILE), 0);
    assert_int_equal(add("a/b/c", ARCHIVE_ENTRY_FILE), 0);
    assert_int_equal(add("a/b", ARCHIVE_ENTRY_FOLDER), 0);
    assert_int_equal(add("b", ARCHIVE_ENTRY_FILE), 0);
    assert_true(archive_tree_has_file(tree, "bin/vega"));
    assert_true(archive_tree_has_file(tree, "a/b/c"));
    assert_true(archive_tree_has_file(tree, "b"));
    assert_false(archive_tree_has_file(tree, "bin"));
    assert_false(archive_tree_has_file(tree, "vega"));
    assert_false(archive_tree_has_file(tree, "a/b/c/d"));
    assert_false(archive_tree_has_file(tree, ""));
}

static void test_duplicates(void **unused) {
    (void)unused;
    assert_int_equal(add("bin/vega", ARCHIVE_ENTRY_FILE), 0);
    assert_int_equal(add("bin/vega", ARCHIVE_ENTRY_FILE), -EBADMSG);
    assert_non_null(strstr(failure.message, "\"bin/vega\" is in the archive twice"));
    assert_int_equal(add("bin/vega", ARCHIVE_ENTRY_FOLDER), -EBADMSG);
    assert_non_null(strstr(failure.message, "both a file and a folder"));
    assert_int_equal(add("bin/vega/x", ARCHIVE_ENTRY_FILE), -EBADMSG);
    assert_non_null(strstr(failure.message, "\"bin/vega\" is both"));
    assert_int_equal(add("bin", ARCHIVE_ENTRY_FILE), -EBADMSG);
}

static void test_list(void **unused) {
    (void)unused;
    static const char *const EXPECTED[] = {"a", "a/b", "a/b/c", "a/d"};
    ArchiveItem item;
    assert_int_equal(add("a/b/c", ARCHIVE_ENTRY_FILE), 0);
    assert_int_equal(add("a/d", ARCHIVE_ENTRY_FOLDER), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(archive_tree_get(tree, i, &item));
        assert_string_equal(item.path, EXPECTED[i]);
        assert_int_equal(item.kind, i == 2 ? ARCHIVE_ENTRY_FILE : ARCHIVE_ENTRY_FOLDER);
    }
    assert_false(archive_tree_get(tree, 4, &item));
}

static void test_many(void **unused) {
    (void)unused;
    char path[300];
    ArchiveItem item;
    for (int i = 0; i < ARCHIVE_TREE_NAMES_MAX - 1; i++) {
        (void)snprintf(path, sizeof path, "folder/%0240d", i);
        assert_int_equal(add(path, ARCHIVE_ENTRY_FILE), 0);
    }
    assert_int_equal(add("folder", ARCHIVE_ENTRY_FOLDER), 0); /* known: not one more */
    assert_int_equal(add("folder/one-more", ARCHIVE_ENTRY_FILE), -EBADMSG);
    assert_non_null(strstr(failure.message, "10000"));
    assert_true(archive_tree_has_file(tree, path));
    assert_true(archive_tree_get(tree, ARCHIVE_TREE_NAMES_MAX - 1, &item));
    assert_string_equal(item.path, path);
}

static void test_deep(void **unused) {
    (void)unused;
    char path[ARCHIVE_PATH_BYTES];
    ArchiveItem item;
    memset(path, 'a', sizeof path);
    for (size_t i = 128; i < sizeof path; i += 129)
        path[i] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(add(path, ARCHIVE_ENTRY_FILE), 0);
    assert_true(archive_tree_get(tree, 31, &item));
    assert_string_equal(item.path, path);
}

int main(void) {
#define tree_test(function) cmocka_unit_test_setup_teardown(function, make, clear)
    const struct CMUnitTest tests[] = {
        tree_test(test_files_and_folders),
        tree_test(test_duplicates),
        tree_test(test_list),
        tree_test(test_many),
        tree_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
