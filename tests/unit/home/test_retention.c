#include "home/retention.h"

#include "tests/unit/home/releases.h"

static Config config;

static int config_make(void **unused) {
    config = (Config){.auto_install = {.keep_releases = 0}};
    return home_make(unused);
}

/* A finished release; @when_seconds is written into its marker. */
static void finish(const char *name, unsigned when_seconds) {
    static const MarkerOrigin ORIGIN = {.tag = "v1", .asset = "a", .url = "u", .sha256 = SHA256};
    Failure failure = {0};
    _cleanup_free_ char *path = string_format("%s/%s", folder.path, name);
    write_file(path, "vega", SCRIPT, 0755);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (marker_write(fd, path, &ORIGIN, &failure) < 0)
        fail_msg("%s", failure.message);
    _cleanup_free_ char *text = read_file(path, MARKER_FILE);
    _cleanup_json_ json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_object_set_new(root, "when", json_integer(when_seconds)), 0);
    _cleanup_free_ char *changed = json_dumps(root, 0);
    write_file(path, MARKER_FILE, changed, 0600);
}

/* What may go, as names joined by blanks. */
static void check_chosen(uint64_t kept, const char *const *protected_folders, const char *expected) {
    Failure failure = {0};
    _cleanup_string_list_ char **list = NULL;
    char names[512] = "";
    config.auto_install.keep_releases = kept;
    if (retention_choose(&home, &config, protected_folders, &list, &failure) < 0)
        fail_msg("%s", failure.message);
    for (char **path = list; *path; path++) {
        size_t used = strlen(names);
        assert_non_null(string_after(*path, folder.path));
        (void)snprintf(
            names + used, sizeof names - used, "%s%s", used > 0 ? " " : "", *path + strlen(folder.path) + 1);
    }
    assert_string_equal(names, expected);
}

static void test_the_oldest_beyond_those_kept(void **unused) {
    (void)unused;
    check_chosen(0, NULL, "");
    finish("v1", 100);
    finish("v2", 300);
    finish("v3", 200);
    finish("v4", 200);
    check_chosen(0, NULL, "v1 v3 v4 v2");
    check_chosen(1, NULL, "v1 v3 v4");
    check_chosen(3, NULL, "v1");
    check_chosen(4, NULL, "");
    check_chosen(1000, NULL, "");
}

static void test_protected(void **unused) {
    (void)unused;
    finish("v1", 100);
    finish("v2", 200);
    finish("v3", 300);
    finish("genesis", 50);
    assert_int_equal(symlinkat("v1", folder.fd, "current"), 0);
    assert_int_equal(symlinkat("v2", folder.fd, "named-through-a-link"), 0);
    const char *const folders[] = {folder_path(&folder, "named-through-a-link"), "/missing", folder.path, NULL};
    check_chosen(0, folders, "v3");
    check_chosen(1, folders, ""); /* those protected do not count */
    check_chosen(0, NULL, "v2 v3");
}

static void test_only_what_visor_made_and_nobody_touched(void **unused) {
    (void)unused;
    static const char *const NAMES[] = {"no-marker", "added", "removed", "changed", "damaged", ".hidden", "kept"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        finish(NAMES[i], 100);
    assert_int_equal(unlinkat(folder.fd, "no-marker/" MARKER_FILE, 0), 0);
    write_file(folder_path(&folder, "added"), "notes.txt", "mine", 0600);
    assert_int_equal(unlinkat(folder.fd, "removed/vega", 0), 0);
    write_file(folder_path(&folder, "changed"), "vega", SCRIPT, 0755); /* the same, but written again */
    const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(folder.fd, "changed/vega", times, 0), 0);
    write_file(folder_path(&folder, "damaged"), MARKER_FILE, "{", 0600);
    assert_int_equal(mkdirat(folder.fd, "elsewhere", 0755), 0);
    finish("elsewhere/v9", 100); /* not directly in the home */
    assert_int_equal(symlinkat("elsewhere/v9", folder.fd, "link"), 0);
    assert_int_equal(mkdirat(folder.fd, "locked", 0), 0);
    check_chosen(0, NULL, "kept");
}

static void test_upgrade_folders(void **unused) {
    (void)unused;
    char other[256];
    elsewhere_make(folder.path, &other);
    _cleanup_free_ char *elsewhere = string_format("%s/v6", other);
    write_file(elsewhere, "vega", SCRIPT, 0755);
    enum { COUNT = 7 };
    _cleanup_free_ char *absolute = string_format("%s/releases/v7", folder.path);
    const char *const values[COUNT] = {"releases/v1", "v2",      "link/v3", "missing/v4",
                                       "a/../v5",     elsewhere, absolute};
    char tag[] = "v1";
    StringPair pairs[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        pairs[i] = (StringPair){.key = tag, .value = strdup(values[i])};
    config.upgrade_folders = (StringPairs){.items = pairs, .count = COUNT};
    assert_int_equal(mkdirat(folder.fd, "releases", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "real", 0755), 0);
    assert_int_equal(symlinkat("real", folder.fd, "link"), 0);
    finish("releases/v1", 100);
    finish("v2", 200); /* in the home, too: once */
    finish("real/v3", 300);
    finish("releases/v7", 400);
    check_chosen(0, NULL, "releases/v1 v2 releases/v7");
    check_chosen(2, NULL, "releases/v1");
    for (size_t i = 0; i < COUNT; i++)
        free(pairs[i].value);
    elsewhere_remove(other);
}

static void test_home_that_cannot_be_read(void **unused) {
    (void)unused;
    Failure failure = {0};
    char **list = NULL;
    assert_int_equal(fchmod(folder.fd, 0300), 0);
    assert_int_equal(retention_choose(&home, &config, NULL, &list, &failure), -EACCES);
    check_says(&failure, folder.path);
    assert_int_equal(fchmod(folder.fd, 0700), 0);
    Home closed = {.path = home.path, .fd = -1, .private_fd = -1};
    assert_int_equal(retention_choose(&closed, &config, NULL, &list, &failure), -EBADF);
    assert_null(list);
}

static void check_retired(const char *name, int expected, const char *said) {
    Failure failure = {0};
    int r = retention_retire(&home, folder_path(&folder, name), &failure);
    if (r != expected)
        fail_msg("%d, %s", r, failure.message);
    check_says(&failure, said);
    if (r < 0 && expected != -ESTALE)
        assert_true(exists(folder.path, name));
}

static void test_retire(void **unused) {
    (void)unused;
    Failure failure = {0};
    _cleanup_string_list_ char **list = NULL;
    finish("v1", 100);
    check_retired("v1", 0, "");
    assert_false(exists(folder.path, "v1"));
    assert_int_equal(staging_discarded(&home, &list, &failure), 0);
    assert_string_equal(list[0], folder_path(&folder, ".visor/staging/.discarded-v1-1"));
    assert_null(list[1]);
    check_content(list[0], "vega", SCRIPT);
    check_retired("v1", -ESTALE, "not there any more");
    check_chosen(0, NULL, "");
}

static void test_not_retired(void **unused) {
    (void)unused;
    finish("v1", 100);
    assert_int_equal(symlinkat("v1", folder.fd, "link"), 0);
    check_retired("link", -ESTALE, "not there any more");
    check_retired("missing/v1", -ESTALE, "not there any more");
    assert_int_equal(symlinkat("v1", folder.fd, "current"), 0);
    check_retired("v1", -ESTALE, "is in use");
    assert_int_equal(unlinkat(folder.fd, "current", 0), 0);
    write_file(folder_path(&folder, "v1"), "notes.txt", "mine", 0600); /* since it was chosen */
    check_retired("v1", -ESTALE, "notes.txt was added");
    assert_int_equal(unlinkat(folder.fd, "v1/notes.txt", 0), 0);
    assert_int_equal(fchmod(folder.fd, 0500), 0);
    check_retired("v1", -EACCES, "cannot remove");
    assert_int_equal(fchmod(folder.fd, 0700), 0);
    folder_write_text(&folder, ".visor/staging-file", "", 0600);
    assert_int_equal(renameat(folder.fd, ".visor/staging", folder.fd, ".visor/moved"), 0);
    assert_int_equal(renameat(folder.fd, ".visor/staging-file", folder.fd, ".visor/staging"), 0);
    check_retired("v1", -ENOTDIR, "cannot remove");
    assert_int_equal(unlinkat(folder.fd, ".visor/staging", 0), 0);
    assert_int_equal(unlinkat(folder.fd, "v1/" MARKER_FILE, 0), 0);
    check_retired("v1", -ESTALE, "not made by Visor");
    assert_true(exists(folder.path, "v1/vega"));
}

/* Never copied: what lies on another file system stays and is reported. */
static void test_not_retired_across_file_systems(void **unused) {
    (void)unused;
    static const MarkerOrigin ORIGIN = {.tag = "v1", .asset = "a", .url = "u", .sha256 = SHA256};
    Failure failure = {0};
    char other[256];
    elsewhere_make(folder.path, &other);
    _cleanup_free_ char *path = string_format("%s/v1", other);
    write_file(path, "vega", SCRIPT, 0755);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(marker_write(fd, path, &ORIGIN, &failure), 0);
    assert_int_equal(retention_retire(&home, path, &failure), -EXDEV);
    check_says(&failure, "another file system");
    assert_true(exists(path, "vega"));
    elsewhere_remove(other);
}

#define retention_test(function) cmocka_unit_test_setup_teardown(function, config_make, home_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        retention_test(test_the_oldest_beyond_those_kept),
        retention_test(test_protected),
        retention_test(test_only_what_visor_made_and_nobody_touched),
        retention_test(test_upgrade_folders),
        retention_test(test_home_that_cannot_be_read),
        retention_test(test_retire),
        retention_test(test_not_retired),
        retention_test(test_not_retired_across_file_systems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
