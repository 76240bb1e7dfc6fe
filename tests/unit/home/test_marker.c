#include "home/marker.h"

#include "home/tree.h"
#include "tests/unit/home/releases.h"

static const MarkerOrigin ORIGIN = {
    .tag = "v2.0.0",
    .asset = "vega.zip",
    .url = "https://host/vega.zip",
    .sha256 = SHA256,
    .verified = (const char *const[]){"a pin", NULL},
};

static int release_fd;

static int release_make(void **unused) {
    int r = home_make(unused);
    assert_int_equal(mkdirat(folder.fd, "v2", 0755), 0);
    write_file(folder_path(&folder, "v2"), "bin/vega", SCRIPT, 0755);
    write_file(folder_path(&folder, "v2"), "bin.txt", "", 0644);
    assert_int_equal(mkdirat(folder.fd, "v2/empty", 0755), 0);
    release_fd = openat(folder.fd, "v2", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return r;
}

static int release_clear(void **unused) {
    (void)close(release_fd);
    return home_clear(unused);
}

static void mark(void) {
    Failure failure = {0};
    if (marker_write(release_fd, folder_path(&folder, "v2"), &ORIGIN, &failure) < 0)
        fail_msg("%s", failure.message);
}

static void check(int expected, const char *said) {
    Failure failure = {0};
    uint64_t when_seconds = 0;
    int r = marker_check(release_fd, folder_path(&folder, "v2"), &when_seconds, &failure);
    if (r != expected)
        fail_msg("%d, %s", r, failure.message);
    check_says(&failure, said);
    if (r == 0)
        assert_true(when_seconds > 1700000000);
}

static void test_untouched(void **unused) {
    (void)unused;
    struct stat status;
    check(1, "");
    mark();
    check(0, "");
    mark(); /* again, as after a crash: it does not list itself */
    check(0, "");
    write_file(folder_path(&folder, "v2"), "." MARKER_FILE ".new", "half", 0600); /* left by a killed try */
    check(2, "." MARKER_FILE ".new was added");
    mark();
    check(0, "");
    assert_int_equal(fstatat(release_fd, MARKER_FILE, &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    /* Renamed as a whole, and its x-bits set: it is the same. */
    assert_int_equal(fchmodat(release_fd, "bin/vega", 0711, 0), 0);
    assert_int_equal(renameat(folder.fd, "v2", folder.fd, "v3"), 0);
    assert_int_equal(symlinkat("v3", folder.fd, "v2"), 0);
    check(0, "");
}

static void test_content(void **unused) {
    (void)unused;
    struct stat status;
    mark();
    _cleanup_free_ char *text = read_file(folder_path(&folder, "v2"), MARKER_FILE);
    _cleanup_json_ json_t *root = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "tag")), "v2.0.0");
    assert_string_equal(json_string_value(json_object_get(root, "url")), "https://host/vega.zip");
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "verified"), 0)), "a pin");
    assert_int_equal(json_array_size(json_object_get(root, "files")), 2);
    assert_int_equal(json_array_size(json_object_get(root, "folders")), 2);
    const json_t *file = json_array_get(json_object_get(root, "files"), 1);
    assert_string_equal(json_string_value(json_object_get(file, "path")), "bin/vega");
    assert_int_equal(json_integer_value(json_object_get(file, "size")), strlen(SCRIPT));
    assert_int_equal(fstatat(release_fd, "bin/vega", &status, 0), 0);
    assert_int_equal(json_integer_value(json_object_get(file, "mtime_ns")), file_identity(&status).mtime_nsec);
}

static void test_touched(void **unused) {
    (void)unused;
    const char *path = folder_path(&folder, "v2");
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1, .tv_nsec = 5}};
    mark();
    write_file(path, "bin/mine", "", 0600);
    check(2, "bin/mine was added");
    assert_int_equal(unlinkat(release_fd, "bin/mine", 0), 0);
    check(0, "");
    assert_int_equal(mkdirat(release_fd, "aaa", 0700), 0);
    check(2, "aaa was added");
    assert_int_equal(unlinkat(release_fd, "aaa", AT_REMOVEDIR), 0);
    assert_int_equal(symlinkat("/etc", release_fd, "link"), 0);
    check(2, "neither a file nor a folder");
    assert_int_equal(unlinkat(release_fd, "link", 0), 0);
    check(0, "");
    assert_int_equal(unlinkat(release_fd, "empty", AT_REMOVEDIR), 0);
    check(2, "empty is missing");
    write_file(path, "empty", "", 0600);
    check(2, "empty is missing"); /* a file is no folder */
    mark();
    assert_int_equal(unlinkat(release_fd, "bin.txt", 0), 0);
    check(2, "bin.txt is missing");
    assert_int_equal(mkdirat(release_fd, "bin.txt", 0700), 0);
    check(2, "bin.txt is missing");
    assert_int_equal(unlinkat(release_fd, "bin.txt", AT_REMOVEDIR), 0);
    mark();
    write_file(path, "bin/vega", "longer than the script was", 0755);
    check(2, "bin/vega was changed");
    mark();
    assert_int_equal(utimensat(release_fd, "bin/vega", times, 0), 0);
    check(2, "bin/vega was changed");
    mark();
    check(0, "");
}

static void check_damaged(const char *text) {
    write_file(folder_path(&folder, "v2"), MARKER_FILE, text, 0600);
    check(2, "v2");
}

static void test_damaged(void **unused) {
    (void)unused;
    mark();
    _cleanup_free_ char *good = read_file(folder_path(&folder, "v2"), MARKER_FILE);
    _cleanup_free_ char *text = strdup(good);
    for (size_t length = 0; length < strlen(good) - 1; length++) {
        text[length] = '\0';
        check_damaged(text);
        text[length] = good[length];
    }
#define HEAD(tag) "{\"format\":1,\"tag\":" tag ",\"when\":5,"
#define BIN "{\"path\":\"bin/vega\",\"size\":17,\"mtime_ns\":1}"
    check_damaged(HEAD("\"../v2\"") "\"folders\":[],\"files\":[]}");
    check_damaged(HEAD("5") "\"folders\":[],\"files\":[]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":{},\"files\":[]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[],\"files\":7}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[],\"files\":[]}"); /* all was added */
    check_damaged(HEAD("\"v2\"") "\"folders\":[7],\"files\":[]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[\"empty\",\"bin\"],\"files\":[]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[\"bin\",\"bin\",\"empty\"],\"files\":[]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[],\"files\":[" BIN "," BIN "]}");
    check_damaged(
        HEAD("\"v2\"") "\"folders\":[],\"files\":[{\"path\":\"../v2/bin/vega\",\"size\":17,\"mtime_ns\":1}]}");
    check_damaged(HEAD("\"v2\"") "\"folders\":[],\"files\":[{\"path\":\"" MARKER_FILE
                                 "\",\"size\":17,\"mtime_ns\":1}]}");
    check_damaged("{\"format\":2,\"tag\":\"v2\",\"when\":5,\"folders\":[],\"files\":[]}");
    check_damaged("{\"format\":1,\"tag\":\"v2\",\"when\":-5,\"folders\":[],\"files\":[]}");
    write_file(folder_path(&folder, "v2"), MARKER_FILE, good, 0600);
    check(0, "");
}

/* It would make up for a file that it does not list. */
static void test_marker_that_lists_itself(void **unused) {
    (void)unused;
    const struct timespec times[] = {{.tv_sec = 5}, {.tv_sec = 5}};
    char text[512];
    (void)snprintf(
        text, sizeof text, "%-400s",
        HEAD("\"v2\"") "\"folders\":[\"bin\",\"empty\"],\"files\":["
                       "{\"path\":\"" MARKER_FILE "\",\"size\":400,\"mtime_ns\":5000000000},"
                       "{\"path\":\"bin/vega\",\"size\":17,\"mtime_ns\":5000000000}]}");
    assert_int_equal(strlen(text), 400);
    write_file(folder_path(&folder, "v2"), MARKER_FILE, text, 0600);
    assert_int_equal(utimensat(release_fd, MARKER_FILE, times, 0), 0);
    assert_int_equal(utimensat(release_fd, "bin/vega", times, 0), 0);
    check(2, "damaged");
}

static void test_marker_that_is_no_file(void **unused) {
    (void)unused;
    assert_int_equal(symlinkat("/etc/passwd", release_fd, MARKER_FILE), 0);
    check(2, "damaged");
    assert_int_equal(unlinkat(release_fd, MARKER_FILE, 0), 0);
    mark();
    assert_int_equal(truncate(folder_path(&folder, "v2/" MARKER_FILE), 5 * 1024 * 1024), 0);
    check(2, "damaged");
    assert_int_equal(fchmodat(release_fd, MARKER_FILE, 0, 0), 0);
    assert_int_equal(truncate(folder_path(&folder, "v2"), 0), -1);
    Failure failure = {0};
    uint64_t when_seconds;
    assert_int_equal(marker_check(release_fd, folder_path(&folder, "v2"), &when_seconds, &failure), -EACCES);
    assert_int_equal(marker_check(-1, folder_path(&folder, "v2"), &when_seconds, &failure), -EBADF);
}

static void check_not_written(int expected, const char *said) {
    Failure failure = {0};
    assert_int_equal(marker_write(release_fd, folder_path(&folder, "v2"), &ORIGIN, &failure), expected);
    check_says(&failure, said);
    assert_false(exists(folder_path(&folder, "v2"), MARKER_FILE));
}

static void test_not_written(void **unused) {
    (void)unused;
    char name[256];
    assert_int_equal(symlinkat("/etc", release_fd, "link"), 0);
    check_not_written(-EBADMSG, "link");
    assert_int_equal(unlinkat(release_fd, "link", 0), 0);
    write_file(folder_path(&folder, "v2"), "\xff", "", 0600);
    check_not_written(-ENOMEM, "UTF-8");
    assert_int_equal(unlinkat(release_fd, "\xff", 0), 0);
    assert_int_equal(mkdirat(release_fd, "." MARKER_FILE ".new", 0700), 0);
    check_not_written(-EISDIR, MARKER_FILE);
    assert_int_equal(unlinkat(release_fd, "." MARKER_FILE ".new", AT_REMOVEDIR), 0);
    assert_int_equal(fchmod(release_fd, 0500), 0);
    check_not_written(-EACCES, folder.path);
    assert_int_equal(fchmod(release_fd, 0700), 0);

    /* Names of control characters need six bytes each in JSON: more than a marker may have. */
    memset(name, '\1', sizeof name);
    for (unsigned i = 0; i < 3000; i++) {
        (void)snprintf(name + 248, sizeof name - 248, "%04u", i % 10000);
        assert_int_equal(mknodat(release_fd, name, S_IFREG | 0600, 0), 0);
    }
    check_not_written(-EBADMSG, "too long");
}

#define release_test(function) cmocka_unit_test_setup_teardown(function, release_make, release_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        release_test(test_untouched),
        release_test(test_content),
        release_test(test_touched),
        release_test(test_damaged),
        release_test(test_marker_that_lists_itself),
        release_test(test_not_written),
        release_test(test_marker_that_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
