/* Locks that have lost their names, and the processes that hold them nevertheless. */
#include "home/stray.h"

#include "tests/unit/home/survivors.h"

#include <sys/resource.h>

static void test_lock_that_was_removed(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, "/srv/v1/vega");
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(look(), ALIVE_ADOPTED); /* by what the file in its hands tells */
    record(pid, "/srv/v1/script", NULL);     /* written again, but not locked */
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_lock_that_was_moved(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    assert_int_equal(renameat(home.private_fd, LOCK, home.private_fd, "x"), 0);
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(1, "/srv/v1/vega", NULL); /* out of a backup: another one, of another time */
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(renameat(home.fd, ".visor", home.fd, "aside"), 0);
    assert_int_equal(home_keep_private(&home, &why), 1);
    assert_int_equal(look(), ALIVE_ADOPTED);
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* It holds the lock of the home, and is not what was started with it; or nothing tells. */
static void test_moved_lock_of_another_process(void **unused) {
    (void)unused;
    char pid_text[32];
    pid_t pid = start_with_lock();
    pid_t other = fork_still();
    record(other, own_path, "/srv/v1/vega");
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    (void)snprintf(pid_text, sizeof pid_text, "pid %d", (int)pid);
    check_why("was removed or replaced");
    check_why(pid_text);
    char holders[LOCK_HOLDERS_TEXT_BYTES];
    survivor_describe(&home, PROCESS_VEGA, &holders);
    assert_int_equal(atoi(holders), pid);
    assert_null(strchr(holders, ','));
    kill_and_reap(other);
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* Many homes live on one machine, and each has its locks. */
static void test_moved_lock_of_another_home(void **unused) {
    (void)unused;
    Failure failure = {0};
    pid_t pid = start_with_lock();
    ProcessRecord foreign = {.pid = pid, .folder = (char[]){"/srv/v1"}, .binary = (char[]){"/srv/v1/vega"}};
    assert_int_equal(home_identity(&home, &foreign.home), 0);
    foreign.home.inode++;
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &foreign, &failure), 0);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(look(), ALIVE_NOTHING);
    kill_and_reap(pid);
}

static Alive look_with_descriptors(int highest) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {.rlim_cur = (rlim_t)highest, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    Alive alive = look();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return alive;
}

/* Nothing seen, for want of descriptors to look with, is not nothing there. */
static void test_out_of_descriptors(void **unused) {
    enum { MOST_AT_ONCE = 2 };
    (void)unused;
    pid_t pid = start_with_lock();
    record(0, own_path, NULL);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
    (void)close(next);
    for (int more = 0; more <= MOST_AT_ONCE; more++)
        assert_int_equal(look_with_descriptors(next + more), ALIVE_UNKNOWN);
    record(pid, "/srv/v1/script", NULL);
    for (int more = 0; more < MOST_AT_ONCE; more++)
        assert_int_equal(look_with_descriptors(next + more), ALIVE_UNKNOWN);
    assert_int_equal(look_with_descriptors(next + MOST_AT_ONCE), ALIVE_ADOPTED);
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_lock_that_was_removed),
        home_test(test_lock_that_was_moved),
        home_test(test_moved_lock_of_another_process),
        home_test(test_moved_lock_of_another_home),
        home_test(test_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, find_own_path, NULL);
}
