/* What is left to the next binary, seen by the same process; tests/e2e goes through a real exec. */
#include "home/inheritance.h"

#include "base/cleanup.h"
#include "home/lock.h"
#include "tests/unit/children.h"
#include "tests/unit/home/home.h"

#define VARIABLE "VISOR_HANDOVER"

/* Of the test's home; the descriptor of the folder is the home's. */
static int lock_fd;

static int hold(void **state) {
    pid_t holder = 0;
    Failure failure = {0};
    int r = home_make(state);
    if (r >= 0)
        r = lock_folder(home.fd);
    return r == 0 ? lock_take(home.private_fd, HOME_LOCK_FILE, &lock_fd, &holder, &failure) : r;
}

static int leave(void **state) {
    lock_fd = close_fd(lock_fd);
    return home_clear(state);
}

#define held_test(function) cmocka_unit_test_setup_teardown(function, hold, leave)

static bool is_inherited(int fd) {
    return fcntl(fd, F_GETFD) == 0;
}

/* The home as the new binary opens it. */
static Home open_again(void) {
    Home again;
    Failure failure = {0};
    assert_int_equal(home_open(home.path, &again, &failure), 0);
    return again;
}

static void test_what_was_left_is_received(void **unused) {
    static const int TOKENS[] = {0, 1, -7, 2147483647};
    (void)unused;
    for (size_t i = 0; i < sizeof TOKENS / sizeof *TOKENS; i++) {
        assert_int_equal(inheritance_leave(&home, lock_fd, TOKENS[i]), 0);
        assert_true(is_inherited(home.fd) && is_inherited(lock_fd));
        assert_false(is_inherited(home.private_fd));
        Home again = open_again();
        int fresh_fd = again.fd;
        Inheritance inheritance = inheritance_receive(&again);
        assert_true(inheritance.received);
        assert_int_equal(inheritance.lock_fd, lock_fd);
        assert_int_equal(inheritance.token, TOKENS[i]);
        assert_int_equal(again.fd, home.fd);
        assert_int_equal(fcntl(fresh_fd, F_GETFD), -1); /* its own is not needed */
        assert_false(is_inherited(home.fd) || is_inherited(lock_fd));
        assert_null(getenv(VARIABLE));
        assert_int_equal(lock_look(home.fd, "."), 1);
        again.fd = -1;
        home_close(&again);
    }
    Inheritance inheritance = {.lock_fd = fcntl(lock_fd, F_DUPFD_CLOEXEC, 0)};
    int copy = inheritance.lock_fd;
    inheritance_clear(&inheritance);
    assert_int_equal(inheritance.lock_fd, -1);
    assert_int_equal(fcntl(copy, F_GETFD), -1);
    inheritance_clear(&inheritance);
}

/* Nothing is let go in between: whoever opens the home or its lock anew gets neither. */
static void test_what_is_left_is_held(void **unused) {
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    for (int i = 0; i < 2; i++) { /* once left, and once received */
        Home again = open_again();
        Home other = open_again();
        if (i == 0)
            assert_int_equal(inheritance_leave(&home, lock_fd, 1), 0);
        else
            assert_true(inheritance_receive(&again).received);
        assert_int_equal(lock_folder(other.fd), 1);
        assert_int_equal(lock_take(other.private_fd, HOME_LOCK_FILE, &fd, &holder, NULL), 1);
        home_close(&other);
        again.fd = i == 0 ? again.fd : -1; /* it is the test's own */
        home_close(&again);
    }
}

static void test_what_was_left_is_taken_back(void **unused) {
    (void)unused;
    assert_int_equal(inheritance_leave(&home, lock_fd, 1), 0);
    assert_non_null(getenv(VARIABLE));
    inheritance_take_back(&home, lock_fd);
    assert_null(getenv(VARIABLE));
    assert_false(is_inherited(home.fd) || is_inherited(lock_fd));
    assert_int_equal(inheritance_leave(&home, 999, 1), -EBADF);
    assert_null(getenv(VARIABLE));
    assert_false(is_inherited(home.fd));
}

/* Nothing is received, and nothing that is open is touched. */
static void check_ignored(const char *value) {
    Home again = open_again();
    int fd = again.fd;
    if (value)
        assert_int_equal(setenv(VARIABLE, value, 1), 0);
    Inheritance inheritance = inheritance_receive(&again);
    if (inheritance.received)
        fail_msg("'%s' was believed", value);
    assert_int_equal(inheritance.lock_fd, -1);
    assert_int_equal(again.fd, fd);
    assert_null(getenv(VARIABLE));
    assert_true(fcntl(home.fd, F_GETFD) >= 0 && fcntl(lock_fd, F_GETFD) >= 0);
    home_close(&again);
}

static void check_descriptors_ignored(int home_fd, int its_lock_fd) {
    char value[64];
    (void)snprintf(value, sizeof value, "%d:%d:1", home_fd, its_lock_fd);
    check_ignored(value);
}

static void test_garbage(void **unused) {
    static const char *const AFTER[] = {"", "x", ":", ":1:", ":1x", ":x", ":1 ", ":1:2", ":0x1"};
    char value[64];
    (void)unused;
    check_ignored(NULL);
    check_ignored("");
    check_ignored("::");
    check_ignored("some:text:here");
    check_ignored("99999999999999999999:99999999999999999999:1");
    for (size_t i = 0; i < sizeof AFTER / sizeof *AFTER; i++) {
        (void)snprintf(value, sizeof value, "%d:%d%s", home.fd, lock_fd, AFTER[i]);
        check_ignored(value);
    }
}

static void test_descriptors_of_something_else(void **unused) {
    (void)unused;
    _cleanup_fd_ int other = open("/dev/null", O_RDWR | O_CLOEXEC);
    check_descriptors_ignored(-1, -1);
    check_descriptors_ignored(0, 1);
    check_descriptors_ignored(998, 999); /* closed */
    check_descriptors_ignored(998, lock_fd);
    check_descriptors_ignored(lock_fd, home.fd);
    check_descriptors_ignored(other, lock_fd);
    check_descriptors_ignored(home.private_fd, lock_fd);
    check_descriptors_ignored(home.fd + 100000, lock_fd);
}

/* Of the right files, but they hold nothing: who does is somebody else. */
static void test_descriptors_without_the_lock(void **unused) {
    (void)unused;
    _cleanup_fd_ int folder_fd = open(home.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_fd_ int file_fd = openat(home.private_fd, HOME_LOCK_FILE, O_RDWR | O_CLOEXEC);
    check_descriptors_ignored(folder_fd, lock_fd);
    check_descriptors_ignored(folder_fd, file_fd);
    assert_int_equal(lock_look(home.private_fd, HOME_LOCK_FILE), 1);
    assert_int_equal(fcntl(folder_fd, F_GETFD), FD_CLOEXEC);
}

/* Somebody has removed the lock file while Visor ran: it must not be locked out of its own home by itself. */
static void test_lock_file_that_was_removed(void **unused) {
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    assert_int_equal(unlinkat(home.private_fd, HOME_LOCK_FILE, 0), 0);
    assert_int_equal(inheritance_leave(&home, lock_fd, 5), 0);
    Home again = open_again();
    Inheritance inheritance = inheritance_receive(&again);
    assert_true(inheritance.received);
    assert_int_equal(inheritance.token, 5);
    assert_int_equal(again.fd, home.fd);
    assert_int_not_equal(inheritance.lock_fd, lock_fd);
    assert_false(is_inherited(inheritance.lock_fd) || is_inherited(lock_fd));
    assert_int_equal(lock_take(home.private_fd, HOME_LOCK_FILE, &fd, &holder, NULL), 1);
    assert_int_equal(holder, getpid());
    inheritance_clear(&inheritance);
    again.fd = -1;
    home_close(&again);
}

/* And if another has made it and holds it, that one is in the way, but not we ourselves. */
static void test_lock_file_of_another(void **unused) {
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    assert_int_equal(unlinkat(home.private_fd, HOME_LOCK_FILE, 0), 0);
    assert_int_equal(lock_take(home.private_fd, HOME_LOCK_FILE, &fd, &holder, NULL), 0);
    assert_int_equal(inheritance_leave(&home, lock_fd, 5), 0);
    Home again = open_again();
    Inheritance inheritance = inheritance_receive(&again);
    assert_false(inheritance.received);
    assert_int_equal(inheritance.lock_fd, -1);
    assert_int_equal(lock_folder(again.fd), 0);
    (void)close(fd);
    again.fd = -1;
    home_close(&again);
}

/* Who reads the lock while Visor runs looks for the file by its name. */
static void test_lock_file_is_kept(void **unused) {
    pid_t holder = 0;
    int fd = -1;
    Inheritance inheritance = {.lock_fd = lock_fd};
    Failure failure = {0};
    (void)unused;
    assert_int_equal(inheritance_keep(&home, &inheritance, &failure), 0);
    assert_int_equal(inheritance.lock_fd, lock_fd);
    assert_int_equal(unlinkat(home.private_fd, HOME_LOCK_FILE, 0), 0);
    assert_int_equal(inheritance_keep(&home, &inheritance, &failure), 1);
    assert_int_equal(lock_signer(home.private_fd, HOME_LOCK_FILE), getpid());
    assert_int_equal(lock_take(home.private_fd, HOME_LOCK_FILE, &fd, &holder, NULL), 1);

    assert_int_equal(unlinkat(home.private_fd, HOME_LOCK_FILE, 0), 0);
    assert_int_equal(lock_take(home.private_fd, HOME_LOCK_FILE, &fd, &holder, NULL), 0);
    int kept_fd = inheritance.lock_fd;
    assert_int_equal(inheritance_keep(&home, &inheritance, &failure), -EBUSY);
    assert_int_equal(inheritance.lock_fd, kept_fd);
    (void)close(fd);
    lock_fd = inheritance.lock_fd;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        held_test(test_what_was_left_is_received),
        held_test(test_what_is_left_is_held),
        held_test(test_what_was_left_is_taken_back),
        held_test(test_garbage),
        held_test(test_descriptors_of_something_else),
        held_test(test_descriptors_without_the_lock),
        held_test(test_lock_file_that_was_removed),
        held_test(test_lock_file_of_another),
        held_test(test_lock_file_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
