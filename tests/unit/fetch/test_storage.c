#include "fetch/storage.h"

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <errno.h>

static Folder folder; /* out/ is the storage's */
static int out_fd;
static Storage storage;
static Failure failure;
static uint64_t told_bytes;

static void note(uint64_t stored_bytes, void *userdata) {
    (void)userdata;
    told_bytes = stored_bytes;
}

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    assert_int_equal(mkdirat(folder.fd, "out", 0755), 0);
    out_fd = openat(folder.fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    told_bytes = 0;
    storage_init(&storage, out_fd, note, NULL);
    return out_fd < 0;
}

static int clear(void **unused) {
    (void)unused;
    storage_clear(&storage);
    (void)close(out_fd);
    folder_remove(&folder);
    return 0;
}

static void store(const char *path, const char *content, uint64_t size_bytes) {
    StoredFile file;
    if (storage_create(&storage, path, 0644, &file, &failure) != 0)
        fail_msg("%s", failure.message);
    assert_int_equal(storage_write(&file, content, strlen(content), 0), 0);
    assert_int_equal(storage_finish_file(&storage, &file, size_bytes, &failure), 0);
    assert_int_equal(file.fd, -1);
}

static void test_files_and_folders(void **unused) {
    (void)unused;
    struct stat status;
    assert_int_equal(storage_make_folder(&storage, "a/b", &failure), 0);
    assert_int_equal(storage_make_folder(&storage, "a/b", &failure), 0);
    store("a/b/c", "content", 7);
    store("d/e", "content", 1 << 20); /* with a hole at its end */
    assert_int_equal(told_bytes, 0);
    assert_int_equal(storage_flush(&storage, &failure), 0);
    assert_int_equal(told_bytes, 7 + (1 << 20));
    assert_int_equal(storage_sync_folder(&storage, "a/b", &failure), 0);
    assert_int_equal(storage_sync_folder(&storage, "", &failure), 0);
    assert_int_equal(fstatat(folder.fd, "out/d/e", &status, 0), 0);
    assert_int_equal(status.st_size, 1 << 20);
}

static void test_more_files_than_wait_at_once(void **unused) {
    (void)unused;
    char path[32];
    for (int i = 0; i < 2 * STORAGE_WAITING_MAX + 1; i++) {
        (void)snprintf(path, sizeof path, "f%d", i);
        store(path, "x", 1);
    }
    assert_int_equal(told_bytes, 2 * STORAGE_WAITING_MAX);
    assert_int_equal(storage_flush(&storage, &failure), 0);
    assert_int_equal(told_bytes, 2 * STORAGE_WAITING_MAX + 1);
}

/* Whoever managed to put a link there: it leads nowhere. */
static void test_links_are_not_followed(void **unused) {
    (void)unused;
    StoredFile file;
    assert_int_equal(mkdirat(folder.fd, "elsewhere", 0755), 0);
    assert_int_equal(symlinkat("../elsewhere", out_fd, "link"), 0);
    assert_int_equal(symlinkat("../elsewhere/new", out_fd, "file"), 0);
    assert_true(storage_create(&storage, "link/x", 0644, &file, &failure) < 0);
    assert_true(storage_make_folder(&storage, "link", &failure) < 0);
    assert_true(storage_make_folder(&storage, "link/x", &failure) < 0);
    assert_int_equal(storage_create(&storage, "file", 0644, &file, &failure), -EEXIST);
    assert_int_equal(unlinkat(folder.fd, "elsewhere", AT_REMOVEDIR), 0); /* still empty */
}

static void test_nothing_is_overwritten(void **unused) {
    (void)unused;
    StoredFile file;
    store("x", "content", 7);
    assert_int_equal(storage_create(&storage, "x", 0644, &file, &failure), -EEXIST);
    assert_int_equal(storage_create(&storage, "x/y", 0644, &file, &failure), -ENOTDIR);
}

int main(void) {
#define storage_test(function) cmocka_unit_test_setup_teardown(function, make, clear)
    const struct CMUnitTest tests[] = {
        storage_test(test_files_and_folders),
        storage_test(test_more_files_than_wait_at_once),
        storage_test(test_links_are_not_followed),
        storage_test(test_nothing_is_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
