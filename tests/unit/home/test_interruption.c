/*
 * Killed at every system call, or overtaken by an operator there: a release is never half in place, nothing of an
 * operator's is lost, and the next try ends where the first would have.
 */
#include "home/placement.h"
#include "home/release.h"
#include "home/retention.h"
#include "tests/unit/home/releases.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static char target[512];
static Staged *staged;
static int result; /* of the act that was not interrupted */

typedef void (*Act)(void);

static int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, __WALL) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

/*
 * Runs @act in a child up to its system call number @number. Before that it is killed, or goes on to its end after
 * @meanwhile. Returns false if it has ended before.
 */
static bool interrupt(Act act, unsigned number, Act meanwhile) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
            _exit(1);
        act();
        _exit(0);
    }
    int status = wait_for(child);
    for (unsigned i = 0; i < 2 * number - 1 && WIFSTOPPED(status); i++) { /* one stop before, one behind each */
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        status = wait_for(child);
    }
    bool stopped = WIFSTOPPED(status);
    if (stopped && meanwhile) {
        meanwhile();
        assert_int_equal(ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
        status = wait_for(child);
    } else if (stopped) {
        assert_int_equal(kill(child, SIGKILL), 0);
        (void)wait_for(child);
        return true;
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return stopped;
}

static void begin(void) {
    assert_int_equal(home_make(NULL), 0);
    (void)snprintf(target, sizeof target, "%s/releases/v2.0.0", folder.path);
    staged = stage_for(target);
}

static void end(void) {
    staged = staged_free(staged);
    (void)home_clear(NULL);
}

static void install(void) {
    Failure failure = {0};
    result = staging_compose(staged, folder_path(&folder, "old-run-config.toml"), "v2.0.0", &failure);
    if (result >= 0)
        result = placement_put(&home, staged, target, &failure);
}

static void put(void) {
    Failure failure = {0};
    if (placement_put(&home, staged, target, &failure) < 0)
        fail_msg("%s", failure.message);
}

/* The folder is missing, or all of it is there. */
static void check_whole_or_nothing(void) {
    uint64_t when_seconds;
    _cleanup_fd_ int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    assert_int_equal(marker_check(fd, target, &when_seconds, NULL), 0);
    check_content(target, "bin/vega", SCRIPT);
    assert_true(exists(target, RUN_CONFIG_FILE));
}

static void test_killed_while_a_release_is_put_in_place(void **unused) {
    (void)unused;
    unsigned number = 1;
    for (bool killed = true; killed; number++) {
        begin();
        killed = interrupt(install, number, NULL);
        check_whole_or_nothing();
        if (exists(staged->staging, STAGED_FOLDER))
            install();
        put();
        check_whole_or_nothing();
        assert_true(exists(target, MARKER_FILE));
        end();
    }
    assert_true(number > 50); /* it was tried at many places */
}

#define OPERATORS                                                                                                  \
    "name = 'v2.0.0'\n[vega.binary]\npath = 'vega'\nargs = ['start']\n[vega.rpc]\nsocketPath = '/s'\n"             \
    "[data_node.binary]\npath = 'sub/vega'\nargs = ['x']\n"

static void make_operators_folder(void) {
    _cleanup_free_ char *parent = strndup(target, (size_t)(strrchr(target, '/') - target));
    assert_true(mkdir(parent, 0755) == 0 || errno == EEXIST);
    write_file(target, RUN_CONFIG_FILE, OPERATORS, 0600);
}

static void test_killed_while_a_binary_is_added(void **unused) {
    (void)unused;
    unsigned number = 1;
    for (bool killed = true; killed; number++) {
        begin();
        make_operators_folder();
        killed = interrupt(put, number, NULL);
        if (exists(target, "vega"))
            check_content(target, "vega", SCRIPT);
        put();
        check_content(target, "vega", SCRIPT);
        check_content(target, "sub/vega", SCRIPT);
        check_content(target, RUN_CONFIG_FILE, OPERATORS);
        end();
    }
    assert_true(number > 50);
}

static void test_killed_while_a_binary_is_copied(void **unused) {
    (void)unused;
    char other[256];
    unsigned number = 1;
    for (bool killed = true; killed; number++) {
        begin();
        elsewhere_make(folder.path, &other);
        (void)snprintf(target, sizeof target, "%s/releases/v2.0.0", other);
        make_operators_folder();
        killed = interrupt(put, number, NULL);
        if (exists(target, "vega")) /* never in part */
            check_content(target, "vega", SCRIPT);
        put();
        check_content(target, "vega", SCRIPT);
        check_content(target, "sub/vega", SCRIPT);
        assert_false(exists(target, ".vega.visor-new"));
        assert_false(exists(target, "sub/.vega.visor-new"));
        elsewhere_remove(other);
        end();
    }
    assert_true(number > 50);
}

static void place_operators_release(void) {
    uint64_t when_seconds;
    _cleanup_fd_ int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && marker_check(fd, target, &when_seconds, NULL) == 0)
        return; /* Visor was faster: an operator sees that */
    make_operators_folder();
    write_file(target, "vega", "#!mine", 0755);
}

static void check_operators_release(void) {
    if (exists(target, MARKER_FILE))
        return;
    check_content(target, "vega", "#!mine");
    check_content(target, RUN_CONFIG_FILE, OPERATORS);
}

static void test_overtaken_by_an_operator(void **unused) {
    (void)unused;
    unsigned number = 1;
    for (bool stopped = true; stopped; number++) {
        begin();
        stopped = interrupt(install, number, place_operators_release);
        check_operators_release();
        end();
    }
    assert_true(number > 50);
}

static bool placed;

static void place_operators_binary(void) {
    placed = !exists(target, "vega");
    if (placed)
        write_file(target, "vega", "#!mine", 0755);
}

static void check_operators_binary_stays(bool is_copied) {
    char other[256] = "";
    unsigned number = 1, kept = 0;
    for (bool stopped = true; stopped; number++) {
        begin();
        if (is_copied) {
            elsewhere_make(folder.path, &other);
            (void)snprintf(target, sizeof target, "%s/releases/v2.0.0", other);
        }
        make_operators_folder();
        stopped = interrupt(put, number, place_operators_binary);
        check_content(target, "vega", placed ? "#!mine" : SCRIPT);
        check_content(target, "sub/vega", SCRIPT);
        kept += placed;
        placed = false;
        if (is_copied)
            elsewhere_remove(other);
        end();
    }
    assert_true(kept > 20);
}

static void test_overtaken_by_an_operators_binary(void **unused) {
    (void)unused;
    check_operators_binary_stays(false);
    check_operators_binary_stays(true);
}

static void retire(void) {
    Failure failure = {0};
    result = retention_retire(&home, target, &failure);
}

static void test_killed_while_a_release_is_retired(void **unused) {
    (void)unused;
    unsigned number = 1;
    for (bool killed = true; killed; number++) {
        Failure failure = {0};
        begin();
        put();
        killed = interrupt(retire, number, NULL);
        check_whole_or_nothing();
        retire();
        assert_true(result == 0 || result == -ESTALE); /* retired by now */
        _cleanup_string_list_ char **list = NULL;
        assert_int_equal(staging_discarded(&home, &list, &failure), 0);
        assert_int_equal(string_list_length((const char *const *)list), 1);
        check_content(list[0], "bin/vega", SCRIPT);
        assert_false(exists(folder.path, "releases/v2.0.0"));
        end();
    }
    assert_true(number > 20);
}

static void locate(void) {
    Failure failure = {0};
    _cleanup_free_ char *staging = NULL;
    result = staging_locate(&home, target, "v3.0.0", &staging, &failure);
}

/* What was begun elsewhere is found again, or was not begun. */
static void test_killed_while_a_staging_folder_is_made(void **unused) {
    (void)unused;
    char other[256];
    unsigned number = 1;
    for (bool killed = true; killed; number++) {
        Failure failure = {0};
        assert_int_equal(home_make(NULL), 0);
        elsewhere_make(folder.path, &other);
        (void)snprintf(target, sizeof target, "%s/releases/v3.0.0", other);
        killed = interrupt(locate, number, NULL);
        bool begun = exists(other, "releases/.visor-staging/v3.0.0");
        assert_int_equal(staging_clear_others(&home, "", &failure), 0);
        _cleanup_string_list_ char **list = NULL;
        assert_int_equal(staging_discarded(&home, &list, &failure), 0);
        assert_int_equal(string_list_length((const char *const *)list), begun ? 1 : 0);
        locate();
        assert_int_equal(result, 0);
        assert_true(exists(other, "releases/.visor-staging/v3.0.0"));
        elsewhere_remove(other);
        (void)home_clear(NULL);
    }
    assert_true(number > 20);
}

int main(void) {
    become_anybody();
    if (access("/dev/shm", W_OK | X_OK) == 0) /* a thousand homes, each with dozens of fsyncs */
        (void)setenv("TMPDIR", "/dev/shm", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_while_a_release_is_put_in_place),
        cmocka_unit_test(test_killed_while_a_binary_is_added),
        cmocka_unit_test(test_killed_while_a_binary_is_copied),
        cmocka_unit_test(test_overtaken_by_an_operator),
        cmocka_unit_test(test_overtaken_by_an_operators_binary),
        cmocka_unit_test(test_killed_while_a_release_is_retired),
        cmocka_unit_test(test_killed_while_a_staging_folder_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
