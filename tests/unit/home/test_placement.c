#include "home/placement.h"

#include "home/release.h"
#include "tests/unit/home/releases.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char target[512]; /* the folder of the new release */
static Staged *staged;

static int staged_make(void **unused) {
    int r = home_make(unused);
    (void)snprintf(target, sizeof target, "%s/v2.0.0", folder.path);
    staged = stage_for(target);
    return r;
}

static int staged_clear(void **unused) {
    staged = staged_free(staged);
    return home_clear(unused);
}

static void check_put(int expected, const char *said) {
    Failure failure = {0};
    int r = placement_put(&home, staged, target, &failure);
    if (r != expected)
        fail_msg("%d, %s", r, failure.message);
    check_says(&failure, said);
}

static void check_whole(void) {
    check_content(target, "bin/vega", SCRIPT);
    check_content(target, "README", "read me\n");
    assert_true(exists(target, RUN_CONFIG_FILE));
    assert_true(exists(target, MARKER_FILE));
    assert_int_equal(release_absence(&home, target), RELEASE_NOTHING);
}

#define STAGED_BINARY ".visor/staging/v2.0.0/release/bin/vega"

#define RPC "[vega.rpc]\nsocketPath = '/s'\n"
#define BINARIES(vega, data_node)                                                                                  \
    "name = 'v2'\n[vega.binary]\npath = '" vega "'\nargs = ['start']\n" RPC                                        \
    "[data_node.binary]\npath = '" data_node "'\nargs = ['x']\n"

static void test_whole(void **unused) {
    (void)unused;
    check_put(0, "");
    check_whole();
    assert_false(exists(staged->staging, STAGED_FOLDER));
    check_put(0, ""); /* as after a crash behind the rename */
    check_whole();
}

static void test_whole_with_parents_and_slashes(void **unused) {
    (void)unused;
    (void)snprintf(target, sizeof target, "%s/releases/of/v2.0.0//", folder.path);
    check_put(0, "");
    check_whole();
}

static void test_whole_over_an_empty_folder(void **unused) {
    (void)unused;
    assert_int_equal(mkdir(target, 0700), 0);
    check_put(0, "");
    check_whole();
}

static void test_never_over_anything(void **unused) {
    (void)unused;
    write_file(folder.path, "v2.0.0", "mine", 0600);
    check_put(-ENOTDIR, "is no folder");
    check_content(folder.path, "v2.0.0", "mine");
    assert_int_equal(unlink(target), 0);
    assert_int_equal(symlink("nowhere", target), 0);
    check_put(-ENOENT, "v2.0.0");
    assert_int_equal(unlink(target), 0);
    write_file(target, "file", "mine", 0600);
    check_put(-EBADMSG, RUN_CONFIG_FILE);
    check_content(target, "file", "mine");
    write_file(target, RUN_CONFIG_FILE, BINARIES("/missing", "/missing"), 0600);
    check_put(-ENOENT, "/missing");
    write_file(target, RUN_CONFIG_FILE, BINARIES("/bin/sh", "/bin/sh"), 0600);
    check_put(0, ""); /* the operator has made it complete meanwhile */
    assert_true(exists(staged->folder, MARKER_FILE));
    assert_false(exists(target, MARKER_FILE));
}

static void test_never_incomplete(void **unused) {
    (void)unused;
    write_file(staged->folder, "added", "", 0600);
    check_put(-EBADMSG, "added was added");
    assert_int_equal(unlink(folder_path(&folder, ".visor/staging/v2.0.0/release/" MARKER_FILE)), 0);
    check_put(-EBADMSG, "not complete");
    assert_int_equal(rename(staged->folder, folder_path(&folder, "moved")), 0);
    check_put(-ENOENT, "release");
    assert_int_equal(rename(staged->staging, folder_path(&folder, "moved too")), 0);
    check_put(-ENOENT, "staging");
    assert_false(exists(folder.path, "v2.0.0"));
}

static void test_read_only_places(void **unused) {
    (void)unused;
    assert_int_equal(fchmod(folder.fd, 0500), 0);
    check_put(-EACCES, "v2.0.0");
    (void)snprintf(target, sizeof target, "%s/releases/v2.0.0", folder.path);
    check_put(-EACCES, "releases");
    assert_int_equal(fchmod(folder.fd, 0700), 0);
    check_put(0, "");
    check_whole();
}

/* A binary that is missing twice, once in a subfolder; nothing else gets there. */
static void test_binary(void **unused) {
    (void)unused;
    struct stat status;
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "sub/data/node"), 0600);
    for (int i = 0; i < 2; i++) {
        check_put(0, "");
        check_content(target, "vega", SCRIPT);
        check_content(target, "sub/data/node", SCRIPT);
        check_content(target, RUN_CONFIG_FILE, BINARIES("vega", "sub/data/node"));
        assert_false(exists(target, "README"));
        assert_false(exists(target, MARKER_FILE));
        assert_int_equal(stat(folder_path(&folder, "v2.0.0/vega"), &status), 0);
        assert_int_equal(status.st_mode, S_IFREG | 0755);
    }
}

/* Killed between the two: the first is a link, what is staged stays for the second. */
static void test_second_binary(void **unused) {
    (void)unused;
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "sub/data/node"), 0600);
    assert_int_equal(link(folder_path(&folder, STAGED_BINARY), folder_path(&folder, "v2.0.0/vega")), 0);
    check_put(0, "");
    check_content(target, "vega", SCRIPT);
    check_content(target, "sub/data/node", SCRIPT);
}

/* What goes with the staging folder has nothing to do with the binary any more: its ctime stays as it was proven.
 */
static void test_binary_has_one_name(void **unused) {
    (void)unused;
    struct stat status;
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "vega"), 0600);
    check_put(0, "");
    assert_int_equal(stat(folder_path(&folder, "v2.0.0/vega"), &status), 0);
    assert_int_equal(status.st_nlink, 1);
}

static void test_binary_beside_those_that_are_there(void **unused) {
    (void)unused;
    write_file(target, "mine", "#!mine", 0755);
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "mine"), 0600);
    check_put(0, "");
    check_content(target, "vega", SCRIPT);
    check_content(target, "mine", "#!mine");
    assert_int_equal(
        rename(folder_path(&folder, "v2.0.0/vega"), folder_path(&folder, STAGED_BINARY)), 0); /* once more */
    write_file(target, RUN_CONFIG_FILE, BINARIES("mine", "vega"), 0600);
    check_put(0, "");
    check_content(target, "vega", SCRIPT);
    check_content(target, "mine", "#!mine");
}

static void test_binary_that_cannot_be_put(void **unused) {
    (void)unused;
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "vega"), 0600);
    assert_int_equal(chmod(target, 0500), 0);
    check_put(-EACCES, "cannot put the binary");
    assert_int_equal(chmod(target, 0755), 0);
    const char *vega = folder_path(&folder, ".visor/staging/v2.0.0/release/bin/vega");
    assert_int_equal(unlink(vega), 0);
    check_put(-ENOENT, "cannot put the binary");
    assert_int_equal(symlink("/bin/sh", vega), 0);
    check_put(-EBADMSG, "cannot put the binary");
    assert_int_equal(rename(staged->folder, folder_path(&folder, "moved")), 0);
    check_put(-ENOENT, "cannot put the binary");
    assert_false(exists(target, "vega"));
}

/* On another file system there is no hard link: copied, and never seen in part. */
static void test_binary_on_another_file_system(void **unused) {
    (void)unused;
    struct stat status;
    char other[256];
    elsewhere_make(folder.path, &other);
    (void)snprintf(target, sizeof target, "%s/v2.0.0", other);
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "sub/vega"), 0600);
    write_file(target, ".vega.visor-new", "left by a killed try", 0600);
    for (int i = 0; i < 2; i++) {
        check_put(0, "");
        check_content(target, "vega", SCRIPT);
        check_content(target, "sub/vega", SCRIPT);
        assert_false(exists(target, ".vega.visor-new"));
        assert_false(exists(target, "sub/.vega.visor-new"));
    }
    _cleanup_free_ char *path = string_format("%s/vega", target);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0755);

    struct rlimit old, none;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0); /* no space */
    Failure failure = {0};
    int r = placement_put(&home, staged, target, &failure);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(r, -EFBIG);
    assert_false(exists(target, "vega"));
    assert_false(exists(target, ".vega.visor-new"));
    check_put(0, "");
    check_content(target, "vega", SCRIPT);
    elsewhere_remove(other);
}

/* As on NFS: a rename that replaces nothing is not known there, renameat2(2). In a child, since it is for good. */
static void forbid_rename_flags(void) {
    enum { FLAGS = offsetof(struct seccomp_data, args[4]) };
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(1);
}

static void test_binary_where_rename_knows_no_flags(void **unused) {
    (void)unused;
    char other[256];
    int status = 0;
    elsewhere_make(folder.path, &other);
    (void)snprintf(target, sizeof target, "%s/v2.0.0", other);
    write_file(target, RUN_CONFIG_FILE, BINARIES("vega", "sub/vega"), 0600);
    pid_t child = fork();
    if (child == 0) {
        Failure failure = {0};
        forbid_rename_flags();
        bool refused = renameat2(AT_FDCWD, "/x", AT_FDCWD, "/y", RENAME_NOREPLACE) < 0 && errno == EINVAL;
        _exit(refused && placement_put(&home, staged, target, &failure) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    check_content(target, "vega", SCRIPT);
    check_content(target, "sub/vega", SCRIPT);
    assert_false(exists(target, ".vega.visor-new"));
    elsewhere_remove(other);
}

/* Staged where a rename leads there; a place that turned into another file system meanwhile is said. */
static void test_whole_on_another_file_system(void **unused) {
    (void)unused;
    char other[256];
    elsewhere_make(folder.path, &other);
    (void)snprintf(target, sizeof target, "%s/releases/v2.0.0", other);
    check_put(-EXDEV, "another file system");
    assert_false(exists(target, RUN_CONFIG_FILE));
    staged = staged_free(staged);
    staged = stage_for(target);
    check_put(0, "");
    check_whole();
    elsewhere_remove(other);
}

#define placement_test(function) cmocka_unit_test_setup_teardown(function, staged_make, staged_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        placement_test(test_whole),
        placement_test(test_whole_with_parents_and_slashes),
        placement_test(test_whole_over_an_empty_folder),
        placement_test(test_never_over_anything),
        placement_test(test_never_incomplete),
        placement_test(test_read_only_places),
        placement_test(test_binary),
        placement_test(test_second_binary),
        placement_test(test_binary_has_one_name),
        placement_test(test_binary_beside_those_that_are_there),
        placement_test(test_binary_that_cannot_be_put),
        placement_test(test_binary_on_another_file_system),
        placement_test(test_binary_where_rename_knows_no_flags),
        placement_test(test_whole_on_another_file_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
