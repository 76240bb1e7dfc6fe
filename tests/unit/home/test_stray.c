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

/* The file of that name tells who it is, and nothing more: the one in its hands does. */
static void test_damaged_record_of_a_stray(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    record(pid, own_path, own_path);
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    assert_int_equal(lock_write_text(fd, "{\"format\":1"), 0);
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(lock_write_text(fd, "{\"format\":2}"), 0);
    assert_int_equal(look(), ALIVE_ADOPTED);
    kill_and_reap(pid);
}

static void write_stray(const char *text, pid_t pid, int *ret_fd) {
    char place[512];
    HomeIdentity identity;
    assert_int_equal(home_identity(&home, &identity), 0);
    (void)snprintf(
        place, sizeof place, "{%s,\"process\":\"vega\",\"homeDevice\":%llu,\"homeInode\":%llu}", text,
        (unsigned long long)identity.device, (unsigned long long)identity.inode);
    *ret_fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    assert_int_equal(lock_write_text(*ret_fd, place), 0);
    sign(*ret_fd, pid);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
}

static void test_stray_of_a_newer_visor(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    _cleanup_fd_ int fd = -1;
    write_stray("\"format\":2", pid, &fd);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("a newer visor started it");
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* It may tell anything by now; but that a process of ours holds it is true. */
static void test_file_that_others_may_write(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(stray_is_held_by(&home, PROCESS_VEGA, pid), 1);
    assert_int_equal(stray_is_held_by(&home, PROCESS_DATA_NODE, pid), 0);
    assert_int_equal(stray_is_held_by(&home, PROCESS_VEGA, getpid()), 0);
    assert_int_equal(fchmod(fd, 0602), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("everybody may write");
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_file_of_another_user(void **unused) {
    enum { NOBODY = 65534 };
    (void)unused;
    if (geteuid() != 0)
        return; /* who else could not make one */
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
    assert_int_equal(look(), ALIVE_NOTHING);
    assert_int_equal(fchown(home.private_fd, NOBODY, NOBODY), 0);
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(fchown(home.private_fd, 0, 0), 0); /* made anew by root, in the home of another */
    assert_int_equal(fchown(home.fd, NOBODY, NOBODY), 0);
    assert_int_equal(look(), ALIVE_ADOPTED);
    kill_and_reap(pid);
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
        home_test(test_damaged_record_of_a_stray),
        home_test(test_stray_of_a_newer_visor),
        home_test(test_file_that_others_may_write),
        home_test(test_file_of_another_user),
        home_test(test_moved_lock_of_another_home),
        home_test(test_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, find_own_path, NULL);
}
