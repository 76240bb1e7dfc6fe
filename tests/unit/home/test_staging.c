#include "home/staging.h"

#include "tests/unit/home/releases.h"

#include <sys/file.h>

static char other[256]; /* a folder on another file system */

static int other_make(void **unused) {
    int r = home_make(unused);
    elsewhere_make(folder.path, &other);
    return r;
}

static int other_clear(void **unused) {
    elsewhere_remove(other);
    return home_clear(unused);
}

static char *locate(const char *release_folder, const char *tag) {
    Failure failure = {0};
    char *staging = NULL;
    if (staging_locate(&home, release_folder, tag, &staging, &failure) != 0)
        fail_msg("%s", failure.message);
    return staging;
}

static void check_located(const char *release_folder, const char *expected) {
    struct stat status;
    _cleanup_free_ char *staging = locate(release_folder, "v2.0.0");
    _cleanup_free_ char *again = locate(release_folder, "v2.0.0");
    assert_string_equal(staging, expected);
    assert_string_equal(again, expected);
    assert_int_equal(lstat(staging, &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
}

static void check_not_located(const char *release_folder, const char *tag, int expected, const char *said) {
    Failure failure = {0};
    char *staging = NULL;
    assert_int_equal(staging_locate(&home, release_folder, tag, &staging, &failure), expected);
    assert_null(staging);
    check_says(&failure, said);
}

static unsigned discarded_count(void) {
    Failure failure = {0};
    _cleanup_string_list_ char **list = NULL;
    if (staging_discarded(&home, &list, &failure) < 0)
        fail_msg("%s", failure.message);
    for (char **path = list; *path; path++) {
        struct stat status;
        assert_int_equal(lstat(*path, &status), 0);
        assert_true(S_ISDIR(status.st_mode));
        assert_true(string_after(strrchr(*path, '/') + 1, STAGING_DISCARDED) != NULL);
    }
    return (unsigned)string_list_length((const char *const *)list);
}

static void test_located_in_the_home(void **unused) {
    (void)unused;
    check_located(folder_path(&folder, "v2.0.0"), folder_path(&folder, ".visor/staging/v2.0.0"));
    check_located(folder_path(&folder, "a/b/c/"), folder_path(&folder, ".visor/staging/v2.0.0"));
    assert_false(exists(folder.path, "a")); /* what leads to the release is made when it is put there */
    assert_false(exists(folder.path, ".visor/staging/.elsewhere-1"));
}

static void test_located_elsewhere(void **unused) {
    (void)unused;
    char target[512];
    _cleanup_free_ char *release_folder = string_format("%s/releases/two/", other);
    _cleanup_free_ char *expected = string_format("%s/releases/.visor-staging/v2.0.0", other);
    _cleanup_free_ char *direct = string_format("%s/v2", other);
    _cleanup_free_ char *direct_expected = string_format("%s/.visor-staging/v2.0.0", other);
    check_located(release_folder, expected);
    check_located(direct, direct_expected);
    assert_int_equal(mkdir(direct, 0755), 0);
    check_located(direct, direct_expected); /* an empty folder is there */

    /* One link to each place. */
    ssize_t length = readlinkat(folder.fd, ".visor/staging/.elsewhere-1", target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    assert_memory_equal(target, expected, strlen(target));
    assert_true(exists(folder.path, ".visor/staging/.elsewhere-2"));
    assert_false(exists(folder.path, ".visor/staging/.elsewhere-3"));

    /* A link in the home that leads there counts by where it leads. */
    assert_int_equal(symlinkat(other, folder.fd, "link"), 0);
    check_located(folder_path(&folder, "link/v2"), folder_path(&folder, "link/.visor-staging/v2.0.0"));
}

static void test_not_located(void **unused) {
    (void)unused;
    const char *release_folder = folder_path(&folder, "v2.0.0");
    check_not_located(release_folder, "../v2", -EINVAL, "../v2");
    check_not_located(release_folder, "", -EINVAL, "cannot be staged");
    check_not_located("v2", "v2", -EINVAL, "cannot be staged");
    folder_write_text(&folder, ".visor/staging", "", 0600);
    check_not_located(release_folder, "v2", -ENOTDIR, "remove it");
    assert_int_equal(unlinkat(folder.fd, ".visor/staging", 0), 0);
    assert_int_equal(symlinkat("/tmp", folder.fd, ".visor/staging"), 0);
    check_not_located(release_folder, "v2", -ENOTDIR, "remove it");
    assert_int_equal(unlinkat(folder.fd, ".visor/staging", 0), 0);
    assert_int_equal(mkdirat(folder.fd, ".visor/staging", 0700), 0);
    assert_int_equal(symlinkat("/tmp", folder.fd, ".visor/staging/v2"), 0);
    check_not_located(release_folder, "v2", -ENOTDIR, "v2 is no folder of its own");
    assert_int_equal(fchmodat(folder.fd, ".visor/staging", 0500, 0), 0);
    check_not_located(release_folder, "v3", -EACCES, "staging/v3");
    assert_int_equal(fchmodat(folder.fd, ".visor/staging", 0770, 0), 0);
    check_not_located(release_folder, "v3", -EPERM, "written to by others");
    assert_int_equal(fchmodat(folder.fd, ".visor", 0500, 0), 0);
    assert_int_equal(fchmodat(folder.fd, ".visor/staging", 0700, 0), 0);
    free(locate(release_folder, "v3")); /* it is there already */
    assert_int_equal(fchmodat(folder.fd, ".visor", 0700, 0), 0);
}

static void test_not_located_elsewhere(void **unused) {
    (void)unused;
    _cleanup_free_ char *release_folder = string_format("%s/releases/v2", other);
    _cleanup_free_ char *file = string_format("%s/releases", other);
    _cleanup_free_ char *inside_file = string_format("%s/releases/x/v2", other);
    write_file(other, "releases", "", 0600);
    check_not_located(release_folder, "v2", -ENOTDIR, "releases is no folder");
    check_not_located(inside_file, "v2", -ENOTDIR, "releases is no folder");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkdir(file, 0755), 0);
    _cleanup_free_ char *root = string_format("%s/releases/.visor-staging", other);
    assert_int_equal(symlink("/tmp", root), 0);
    check_not_located(release_folder, "v2", -ENOTDIR, "remove it");
    assert_int_equal(unlink(root), 0);
    assert_int_equal(mkdir(root, 0700), 0);
    assert_int_equal(chmod(root, 0777), 0);
    check_not_located(release_folder, "v2", -EPERM, "remove it");

    /* Links are not followed without end. */
    for (unsigned i = 1; i <= 64; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, ".visor/staging/.elsewhere-%u", i);
        assert_true(symlinkat("/nowhere", folder.fd, name) == 0 || errno == EEXIST);
    }
    _cleanup_free_ char *one_more = string_format("%s/v2", other);
    check_not_located(one_more, "v2", -EMLINK, "more staging folders");
}

static void test_discard(void **unused) {
    (void)unused;
    Failure failure = {0};
    _cleanup_free_ char *elsewhere = string_format("%s/v2", other);
    assert_int_equal(discarded_count(), 0);
    for (unsigned i = 1; i <= 3; i++) {
        _cleanup_free_ char *staging = locate(folder_path(&folder, "v2.0.0"), "v2.0.0");
        _cleanup_free_ char *other_staging = locate(elsewhere, "v2.0.0");
        write_file(staging, "asset.part", "1", 0600);
        write_file(other_staging, "asset.part", "1", 0600);
        assert_int_equal(staging_discard(&home, staging, &failure), 0);
        assert_int_equal(staging_discard(&home, staging, &failure), 1);
        assert_int_equal(staging_discard(&home, other_staging, &failure), 0);
        assert_int_equal(access(staging, F_OK), -1);
        assert_int_equal(access(other_staging, F_OK), -1);
        assert_int_equal(discarded_count(), 2 * i);
    }
    assert_true(exists(folder.path, ".visor/staging/.discarded-v2.0.0-3/asset.part"));
    assert_true(exists(other, ".visor-staging/.discarded-v2.0.0-3/asset.part"));
}

static void test_not_discarded(void **unused) {
    (void)unused;
    Failure failure = {0};
    _cleanup_free_ char *staging = locate(folder_path(&folder, "v2.0.0"), "v2.0.0");
    _cleanup_fd_ int fd = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0); /* as the helper does */
    assert_int_equal(staging_discard(&home, staging, &failure), -EBUSY);
    check_says(&failure, "v2.0.0");
    assert_int_equal(staging_clear_others(&home, "", &failure), 0);
    assert_int_equal(access(staging, F_OK), 0);
    assert_int_equal(flock(fd, LOCK_UN), 0);

    assert_int_equal(staging_discard(&home, folder.path, &failure), -EINVAL);
    assert_int_equal(staging_discard(&home, folder_path(&folder, "v1"), &failure), -EINVAL);
    assert_int_equal(staging_discard(&home, folder_path(&folder, ".visor/staging/.x"), &failure), -EINVAL);
    assert_int_equal(staging_discard(&home, "v1", &failure), -EINVAL);
    assert_int_equal(staging_discard(&home, folder_path(&folder, "gone/.visor-staging/v1"), &failure), 1);
    assert_int_equal(symlinkat("/tmp", folder.fd, ".visor/staging/v3"), 0);
    assert_int_equal(staging_discard(&home, folder_path(&folder, ".visor/staging/v3"), &failure), -ENOTDIR);
    assert_int_equal(fchmodat(folder.fd, ".visor/staging", 0500, 0), 0);
    assert_int_equal(staging_discard(&home, staging, &failure), -EACCES);
    assert_int_equal(staging_clear_others(&home, "v9", &failure), -EACCES);
    check_says(&failure, "v2.0.0");
    assert_int_equal(fchmodat(folder.fd, ".visor/staging", 0700, 0), 0);
    assert_int_equal(discarded_count(), 0);
    assert_int_equal(staging_clear_others(&home, "v9", &failure), 0);
    assert_int_equal(discarded_count(), 1);
}

static void test_clear_others(void **unused) {
    (void)unused;
    Failure failure = {0};
    static const char *const TAGS[] = {"v1", "v2", "v3"};
    _cleanup_free_ char *elsewhere = string_format("%s/x", other);
    for (size_t i = 0; i < 3; i++) {
        free(locate(folder_path(&folder, "x"), TAGS[i]));
        free(locate(elsewhere, TAGS[i]));
    }
    folder_write_text(&folder, ".visor/staging/file", "", 0600); /* not Visor's: left alone */
    assert_int_equal(symlinkat("../..", folder.fd, ".visor/staging/link"), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(staging_clear_others(&home, "v2", &failure), 0);
        assert_int_equal(discarded_count(), 4);
        assert_true(exists(folder.path, ".visor/staging/v2"));
        assert_true(exists(other, ".visor-staging/v2"));
        assert_false(exists(folder.path, ".visor/staging/v1"));
        assert_false(exists(other, ".visor-staging/v3"));
    }
    assert_true(exists(folder.path, ".visor/staging/file"));
    assert_true(exists(folder.path, ".visor/staging/link"));
    assert_int_equal(staging_clear_others(&home, "", &failure), 0);
    assert_int_equal(discarded_count(), 6);
}

/* Links that somebody changed lead to nothing that is renamed or removed. */
static void test_links_that_lead_astray(void **unused) {
    (void)unused;
    Failure failure = {0};
    static const char *const TARGETS[] = {"/nowhere/.visor-staging", "relative/.visor-staging", "/tmp", "/"};
    _cleanup_free_ char *root = string_format("%s/.visor-staging", other);
    free(locate(folder_path(&folder, "x"), "v1"));
    for (unsigned i = 0; i < 4; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, ".visor/staging/.elsewhere-%u", i + 1);
        assert_int_equal(symlinkat(TARGETS[i], folder.fd, name), 0);
    }
    assert_int_equal(mkdirat(folder.fd, ".visor/staging/.elsewhere-5", 0700), 0);
    assert_int_equal(symlinkat(root, folder.fd, ".visor/staging/.elsewhere-6"), 0);
    write_file(root, "x", "", 0600);
    _cleanup_free_ char *staged = string_format("%s/v3", root);
    assert_int_equal(mkdir(staged, 0700), 0);
    assert_int_equal(chmod(root, 0722), 0);
    assert_int_equal(staging_clear_others(&home, "", &failure), 0);
    assert_int_equal(access(staged, F_OK), 0); /* not private: not ours */
    assert_int_equal(chmod(root, 0700), 0);
    assert_int_equal(staging_clear_others(&home, "", &failure), 0);
    assert_int_equal(access(staged, F_OK), -1);
    assert_int_equal(discarded_count(), 2);
}

/* Names in the way, and one that is too long to be kept whole. */
static void test_take_away(void **unused) {
    (void)unused;
    char name[256];
    memset(name, 'x', 255);
    name[255] = '\0';
    assert_int_equal(mkdirat(folder.fd, name, 0755), 0);
    assert_int_equal(staging_take_away(&home, folder.fd, name), 0);
    assert_int_equal(mkdirat(folder.fd, "v1", 0755), 0);
    folder_write_text(&folder, ".visor/staging/.discarded-v1-1", "", 0600);
    assert_int_equal(mkdirat(folder.fd, ".visor/staging/.discarded-v1-2", 0755), 0);
    folder_write_text(&folder, ".visor/staging/.discarded-v1-2/file", "", 0600);
    assert_int_equal(staging_take_away(&home, folder.fd, "v1"), 0);
    assert_true(exists(folder.path, ".visor/staging/.discarded-v1-3"));
    assert_true(exists(folder.path, ".visor/staging/.discarded-v1-1"));
    assert_int_equal(discarded_count(), 3);
    assert_int_equal(staging_take_away(&home, folder.fd, "v1"), -ENOENT);
    _cleanup_fd_ int other_fd = open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(other_fd, "v1", 0755), 0);
    assert_int_equal(staging_take_away(&home, other_fd, "v1"), -EXDEV);
    assert_true(exists(other, "v1"));
}

#define other_test(function) cmocka_unit_test_setup_teardown(function, other_make, other_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        other_test(test_located_in_the_home),
        other_test(test_located_elsewhere),
        other_test(test_not_located),
        other_test(test_not_located_elsewhere),
        other_test(test_discard),
        other_test(test_not_discarded),
        other_test(test_clear_others),
        other_test(test_links_that_lead_astray),
        other_test(test_take_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
