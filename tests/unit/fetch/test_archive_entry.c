#include "fetch/archive_entry.h"

#include "tests/unit/test.h"

#include <string.h>

static ArchiveItem item;
static Failure failure;

static int check(const char *path, mode_t mode) {
    const ArchiveEntry entry = {.path = path, .mode = mode};
    failure = (Failure){0};
    return archive_entry_check(&entry, &item, &failure);
}

static void check_taken(const char *path, mode_t mode, ArchiveEntryKind kind, const char *expected) {
    if (check(path, mode) != 0)
        fail_msg("%s", failure.message);
    assert_int_equal(item.kind, kind);
    assert_string_equal(item.path, expected);
}

static void check_refused(const char *path, mode_t mode, const char *said) {
    assert_int_equal(check(path, mode), -EBADMSG);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
}

static void test_taken(void **unused) {
    (void)unused;
    check_taken("vega", S_IFREG | 0644, ARCHIVE_ENTRY_FILE, "vega");
    assert_false(item.executable);
    check_taken("bin/vega", S_IFREG | 0755, ARCHIVE_ENTRY_FILE, "bin/vega");
    assert_true(item.executable);
    check_taken("vega", S_IFREG | 0001, ARCHIVE_ENTRY_FILE, "vega");
    assert_true(item.executable);
    check_taken("vega", 0, ARCHIVE_ENTRY_FILE, "vega"); /* a zip that says nothing of types */
    check_taken("bin", S_IFDIR | 0755, ARCHIVE_ENTRY_FOLDER, "bin");
    check_taken("bin/", S_IFDIR | 0755, ARCHIVE_ENTRY_FOLDER, "bin");
    assert_false(item.executable);
    check_taken("./vega", S_IFREG | 0644, ARCHIVE_ENTRY_FILE, "vega");
    check_taken("./bin/", S_IFDIR | 0755, ARCHIVE_ENTRY_FOLDER, "bin");
    check_taken("./", S_IFDIR | 0755, ARCHIVE_ENTRY_ROOT, "");
    check_taken(".", S_IFDIR | 0755, ARCHIVE_ENTRY_ROOT, "");
    check_taken("..vega", S_IFREG, ARCHIVE_ENTRY_FILE, "..vega");
    check_taken("v\xc3\xa9ga \xf0\x9f\x9a\x80", S_IFREG, ARCHIVE_ENTRY_FILE, "v\xc3\xa9ga \xf0\x9f\x9a\x80");
    check_taken("docs/run-config.toml", S_IFREG, ARCHIVE_ENTRY_FILE, "docs/run-config.toml");
}

static void test_paths(void **unused) {
    (void)unused;
    check_refused("", S_IFREG, "no name");
    check_refused("/", S_IFDIR, "absolute");
    check_refused("/etc/passwd", S_IFREG, "absolute");
    check_refused("//etc/passwd", S_IFREG, "absolute");
    check_refused(".//etc/passwd", S_IFREG, "absolute");
    check_refused("..", S_IFDIR, "\"..\"");
    check_refused("../vega", S_IFREG, "\"..\"");
    check_refused("bin/../../vega", S_IFREG, "\"..\"");
    check_refused("bin/..", S_IFREG, "\"..\"");
    check_refused("./../vega", S_IFREG, "\"..\"");
    check_refused("././vega", S_IFREG, "\".\"");
    check_refused("bin/./vega", S_IFREG, "\".\"");
    check_refused("bin//vega", S_IFREG, "empty element");
    check_refused("bin//", S_IFDIR, "empty element");
    check_refused("vega/", S_IFREG, "empty element");
    check_refused("./", S_IFREG, "no name");
    check_refused(NULL, S_IFREG, "UTF-8");
    check_refused("ve\xffga", S_IFREG, "UTF-8");
    check_refused("v\xe9ga", S_IFREG, "UTF-8"); /* Latin-1 */
    check_refused("ve\nga", S_IFREG, "control");
    check_refused("ve\033[2Jga", S_IFREG, "control");
    check_refused("ve\x7fga", S_IFREG, "control");
    check_refused("ve\xc2\x9bga", S_IFREG, "control");
    assert_null(strchr(failure.message, '\x9b')); /* and it is not told as it is */
}

static void test_lengths(void **unused) {
    (void)unused;
    char path[5000];
    memset(path, 'a', sizeof path);
    path[255] = '\0';
    check_taken(path, S_IFREG, ARCHIVE_ENTRY_FILE, path);
    path[255] = 'a';
    path[256] = '\0';
    check_refused(path, S_IFREG, "255");

    path[256] = 'a';
    for (size_t i = 128; i < sizeof path; i += 129)
        path[i] = '/';
    path[4096] = '\0'; /* 32 elements of 128 bytes at most */
    check_taken(path, S_IFREG, ARCHIVE_ENTRY_FILE, path);
    path[4096] = 'a';
    path[4097] = '\0';
    check_refused(path, S_IFREG, "4096");

    for (size_t i = 0; i < 66; i++)
        path[i] = i % 2 ? '/' : 'a';
    path[63] = '\0';
    check_taken(path, S_IFREG, ARCHIVE_ENTRY_FILE, path); /* 32 */
    path[63] = '/';
    path[65] = '\0';
    check_refused(path, S_IFREG, "32");
}

static void test_types(void **unused) {
    (void)unused;
    check_refused("vega", S_IFLNK | 0777, "symbolic link");
    check_refused("vega", S_IFCHR | 0644, "device");
    check_refused("vega", S_IFBLK | 0644, "device");
    check_refused("vega", S_IFIFO | 0644, "FIFO");
    check_refused("vega", S_IFSOCK | 0644, "socket");
    check_refused("vega", 0150000 | 0644, "neither");
    check_refused("vega", S_IFREG | S_ISUID | 0755, "setuid");
    check_refused("vega", S_IFREG | S_ISGID | 0755, "setgid");
    check_refused("bin", S_IFDIR | S_ISGID | 0755, "setgid");
    check_refused("tmp", S_IFDIR | S_ISVTX | 0777, "sticky");
    const ArchiveEntry hard = {.path = "vega", .mode = S_IFREG | 0644, .hard_link = true};
    const ArchiveEntry symbolic = {.path = "vega", .mode = S_IFREG | 0644, .symbolic_link = true};
    const ArchiveEntry encrypted = {.path = "vega", .mode = S_IFREG | 0644, .encrypted = true};
    assert_int_equal(archive_entry_check(&hard, &item, &failure), -EBADMSG);
    assert_non_null(strstr(failure.message, "hard link"));
    assert_int_equal(archive_entry_check(&symbolic, &item, &failure), -EBADMSG);
    assert_int_equal(archive_entry_check(&encrypted, &item, &failure), -EBADMSG);
    assert_non_null(strstr(failure.message, "encrypted"));
}

static void test_visors_own_names(void **unused) {
    (void)unused;
    check_refused("run-config.toml", S_IFREG, "Visor");
    check_refused("./run-config.toml", S_IFREG, "Visor");
    check_refused("Run-Config.TOML", S_IFREG, "Visor");
    check_refused("run-config.toml/", S_IFDIR, "Visor");
    check_refused(".visor-release.json", S_IFREG, "Visor");
    check_refused("run-config.toml/x", S_IFREG, "Visor"); /* found by fuzz_archive_entry */
    check_taken("run-config.toml.example", S_IFREG, ARCHIVE_ENTRY_FILE, "run-config.toml.example");
}

static void test_path_of_a_request(void **unused) {
    (void)unused;
    assert_int_equal(archive_path_check("vega", &failure), 0);
    assert_int_equal(archive_path_check("bin/vega", &failure), 0);
    assert_int_equal(archive_path_check("../vega", &failure), -EINVAL);
    assert_non_null(strstr(failure.message, "binaryName"));
    assert_int_equal(archive_path_check("", &failure), -EINVAL);
    assert_int_equal(archive_path_check("run-config.toml", &failure), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_visors_own_names),
        cmocka_unit_test(test_path_of_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
