#include "home/tree.h"

#include "base/files.h"
#include "tests/unit/home/elsewhere.h"
#include "tests/unit/home/home.h"

static int list(const char *name, Tree *tree, Failure *failure) {
    int fd = openat(folder.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    int r = tree_list(fd, name, tree, failure);
    (void)close(fd);
    return r;
}

static void check_refused(const char *name, int expected, const char *said) {
    Failure failure = {0};
    Tree tree = {0};
    assert_int_equal(list(name, &tree, &failure), expected);
    assert_int_equal(tree.count, 0);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void test_empty(void **unused) {
    (void)unused;
    Failure failure = {0};
    Tree tree = {0};
    assert_int_equal(list(".visor", &tree, &failure), 0);
    assert_int_equal(tree.count, 0);
    assert_null(tree_find(&tree, "x"));
    tree_clear(&tree);
}

static void test_files_and_folders(void **unused) {
    (void)unused;
    Failure failure = {0};
    Tree tree = {0};
    struct stat status;
    static const char *const EXPECTED[] = {".hidden", "a", "a-b", "a/b", "a/b/vega", "z"};

    assert_int_equal(mkdirat(folder.fd, "v1", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "v1/a", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "v1/a/b", 0700), 0);
    folder_write_text(&folder, "v1/a/b/vega", "12345", 0755);
    folder_write_text(&folder, "v1/z", "", 0644);
    folder_write_text(&folder, "v1/a-b", "1", 0644);
    folder_write_text(&folder, "v1/.hidden", "22", 0600);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(list("v1", &tree, &failure), 0);
        assert_int_equal(tree.count, sizeof EXPECTED / sizeof *EXPECTED);
        for (size_t j = 0; j < tree.count; j++)
            assert_string_equal(tree.entries[j].path, EXPECTED[j]);
        const TreeEntry *vega = tree_find(&tree, "a/b/vega");
        assert_int_equal(fstatat(folder.fd, "v1/a/b/vega", &status, 0), 0);
        assert_int_equal(vega->size_bytes, 5);
        assert_int_equal(vega->mode, S_IFREG | 0755);
        assert_int_equal(vega->mtime_nsec, file_identity(&status).mtime_nsec);
        assert_int_equal(tree_find(&tree, "a/b")->mode, S_IFDIR | 0700);
        assert_int_equal(tree_find(&tree, "a/b")->mtime_nsec, 0);
        assert_null(tree_find(&tree, "a/b/veg"));
        tree_clear(&tree);
    }
}

static void test_other_kinds(void **unused) {
    (void)unused;
    assert_int_equal(mkdirat(folder.fd, "v1", 0755), 0);
    assert_int_equal(symlinkat("/etc/passwd", folder.fd, "v1/link"), 0);
    check_refused("v1", 1, "v1/link is neither a file nor a folder");
    assert_int_equal(unlinkat(folder.fd, "v1/link", 0), 0);
    assert_int_equal(mkfifoat(folder.fd, "v1/fifo", 0600), 0);
    check_refused("v1", 1, "v1/fifo is neither");
    assert_int_equal(unlinkat(folder.fd, "v1/fifo", 0), 0);
    assert_int_equal(mkdirat(folder.fd, "v1/closed", 0000), 0);
    check_refused("v1", -EACCES, "v1/closed");
}

/* Leaves the descriptor of the innermost folder to be used up: depth needs no long path. */
static void make_deep(const char *name, unsigned depth) {
    int fd = openat(folder.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < depth; i++) {
        assert_int_equal(mkdirat(fd, "d", 0755), 0);
        int next_fd = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)close(fd);
        fd = next_fd;
    }
    (void)close(fd);
}

static void test_depth(void **unused) {
    (void)unused;
    Failure failure = {0};
    Tree tree = {0};
    assert_int_equal(mkdirat(folder.fd, "fits", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "deep", 0755), 0);
    make_deep("fits", TREE_DEPTH_MAX - 1);
    make_deep("deep", TREE_DEPTH_MAX);
    assert_int_equal(list("fits", &tree, &failure), 0);
    assert_int_equal(tree.count, TREE_DEPTH_MAX - 1);
    tree_clear(&tree);
    check_refused("deep", 1, "too deep");
}

static void test_count(void **unused) {
    (void)unused;
    Failure failure = {0};
    Tree tree = {0};
    char name[32];
    assert_int_equal(mkdirat(folder.fd, "many", 0755), 0);
    for (unsigned i = 0; i < TREE_ENTRIES_MAX; i++) {
        (void)snprintf(name, sizeof name, "many/%u", i);
        assert_int_equal(mknodat(folder.fd, name, S_IFREG | 0600, 0), 0);
    }
    assert_int_equal(list("many", &tree, &failure), 0);
    assert_int_equal(tree.count, TREE_ENTRIES_MAX);
    tree_clear(&tree);
    folder_write_text(&folder, "many/more", "", 0600);
    check_refused("many", 1, "more than a release may have");
}

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        home_test(test_empty),       home_test(test_files_and_folders),
        home_test(test_other_kinds), home_test(test_depth),
        home_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
