#include "home/lock.h"
#include "home/lock_holder.h"

#include "base/cleanup.h"
#include "tests/unit/home/home.h"

#include <sys/file.h>

static int take(int *ret_fd, pid_t *ret_holder) {
    Failure failure = {0};
    int r = lock_take(home.private_fd, "node.lock", ret_fd, ret_holder, &failure);
    if (r < 0)
        assert_non_null(strstr(failure.message, "node.lock"));
    return r;
}

static void test_take_and_release(void **unused) {
    (void)unused;
    struct stat status;
    pid_t holder = 0;
    int fd = -1, other = -1;
    assert_int_equal(take(&fd, &holder), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);

    assert_int_equal(take(&other, &holder), 1);
    assert_int_equal(other, -1);
    assert_int_equal(holder, 0); /* nobody has signed */
    assert_int_equal(lock_sign(fd), 0);
    assert_int_equal(take(&other, &holder), 1);
    assert_int_equal(holder, getpid());

    (void)close(fd);
    assert_int_equal(take(&fd, &holder), 0); /* a file that stays is no obstacle */
    assert_int_equal(lock_sign(fd), 0);
    (void)close(fd);
}

static void test_look(void **unused) {
    (void)unused;
    pid_t holder = 0;
    int fd = -1;
    assert_int_equal(lock_look(home.private_fd, "node.lock"), 0);
    assert_int_equal(faccessat(home.private_fd, "node.lock", F_OK, 0), -1); /* a look makes nothing */
    assert_int_equal(take(&fd, &holder), 0);
    assert_int_equal(lock_look(home.private_fd, "node.lock"), 1);
    (void)close(fd);
    assert_int_equal(lock_look(home.private_fd, "node.lock"), 0);
    assert_int_equal(take(&fd, &holder), 0); /* and keeps nothing */
    (void)close(fd);

    assert_int_equal(lock_look(home.fd, "."), 0);
    assert_int_equal(lock_folder(home.fd), 0);
    assert_int_equal(lock_look(home.fd, "."), 1);
}

static void test_lock_lives_with_its_last_copy(void **unused) {
    (void)unused;
    pid_t holder = 0;
    int fd = -1, other = -1;
    assert_int_equal(take(&fd, &holder), 0);
    int copy = dup(fd);
    (void)close(fd);
    assert_int_equal(take(&other, &holder), 1);
    (void)close(copy);
    assert_int_equal(take(&other, &holder), 0);
    (void)close(other);
}

static void test_what_the_file_says_is_not_trusted(void **unused) {
    (void)unused;
    static const struct {
        const char *text;
        pid_t holder;
    } CASES[] = {
        {"", 0},
        {"0\n", 0},
        {"-5\n", 0},
        {"1\n", 1},
        {"abc", 0},
        {"12x", 12},
        {"4194305\n", 0},
        {"4194304\n", 4194304},
        {"99999999999999999999999", 0},
    };
    pid_t holder = 0;
    int fd = -1, other = -1;
    assert_int_equal(take(&fd, &holder), 0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        folder_write_text(&folder, ".visor/node.lock", CASES[i].text, 0600);
        holder = 77;
        assert_int_equal(take(&other, &holder), 1);
        assert_int_equal(holder, CASES[i].holder);
    }
    (void)close(fd);
    folder_write_text(&folder, ".visor/node.lock", "1\n", 0600);
    assert_int_equal(take(&fd, &holder), 0); /* a pid without a lock is nothing */
    (void)close(fd);
}

static void test_replaced_file(void **unused) {
    (void)unused;
    pid_t holder = 0;
    int fd = -1, other = -1;
    assert_int_equal(take(&fd, &holder), 0);
    assert_int_equal(unlinkat(home.private_fd, "node.lock", 0), 0);
    assert_int_equal(take(&other, &holder), 0);
    struct stat first, second;
    assert_int_equal(fstat(fd, &first), 0);
    assert_int_equal(fstat(other, &second), 0);
    assert_int_not_equal(first.st_ino, second.st_ino);
    (void)close(fd);
    (void)close(other);
}

static void test_what_is_no_file(void **unused) {
    (void)unused;
    pid_t holder = 0;
    int fd = -1;
    assert_int_equal(symlinkat("/etc/passwd", home.private_fd, "node.lock"), 0);
    assert_int_equal(take(&fd, &holder), -ELOOP);
    assert_int_equal(unlinkat(home.private_fd, "node.lock", 0), 0);
    assert_int_equal(mkdirat(home.private_fd, "node.lock", 0700), 0);
    assert_int_equal(take(&fd, &holder), -ELOOP);
    assert_int_equal(unlinkat(home.private_fd, "node.lock", AT_REMOVEDIR), 0);
    assert_int_equal(mkfifoat(home.private_fd, "node.lock", 0600), 0);
    assert_int_equal(take(&fd, &holder), -ELOOP);
    assert_int_equal(fd, -1);
}

static void test_holders(void **unused) {
    (void)unused;
    pid_t holders[4] = {0}, holder = 0;
    int fd = -1;
    assert_int_equal(lock_holders(home.private_fd, "node.lock", holders, 4), 0);
    assert_int_equal(take(&fd, &holder), 0);
    assert_int_equal(lock_holders(home.private_fd, "node.lock", holders, 4), 1);
    assert_int_equal(holders[0], getpid());
    assert_int_equal(lock_holders(home.private_fd, "node.lock", NULL, 0), 1);
    (void)close(fd);
    assert_int_equal(lock_holders(home.private_fd, "node.lock", holders, 4), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_take_and_release),
        home_test(test_look),
        home_test(test_lock_lives_with_its_last_copy),
        home_test(test_what_the_file_says_is_not_trusted),
        home_test(test_replaced_file),
        home_test(test_what_is_no_file),
        home_test(test_holders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
