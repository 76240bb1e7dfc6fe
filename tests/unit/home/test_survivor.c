/* The test stands for the new Visor. */
#include "base/process_stat.h"
#include "tests/unit/home/survivors.h"

#include <sys/stat.h>
#include <sys/syscall.h>

static void test_nothing(void **unused) {
    (void)unused;
    assert_int_equal(look(), ALIVE_NOTHING);
    folder_write_text(&folder, ".visor/vega.lock", "", 0600);
    assert_int_equal(look(), ALIVE_NOTHING);
    folder_write_text(&folder, ".visor/vega.lock", "1\ngarbage", 0600);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_known(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(pid, "/srv/v1/script", own_path); /* a script that has become the program */
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(pid, "/srv/v1/script", NULL); /* or may still */
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(lock_look(home.private_fd, LOCK), 1); /* nothing was taken from it */
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_other_executable_than_recorded(void **unused) {
    (void)unused;
    pid_t holder = start_with_lock();
    record(holder, own_path, "/srv/v1/vega"); /* it became another program since: the lock in its hands tells */
    assert_int_equal(look(), ALIVE_ADOPTED);
    pid_t other = fork_still();
    record(other, own_path, "/srv/v1/vega");
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why(own_path);
    check_why("not /srv/v1/vega");
    check_why("stop what holds it");
    kill_and_reap(other);
    kill_and_reap(holder);
}

/* Its lock was closed by a wrapper: then nothing but what it runs tells that it is the one. */
static void test_without_its_lock(void **unused) {
    (void)unused;
    pid_t pid = fork_still();
    record(pid, "/srv/v1/script", own_path);
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(pid, own_path, NULL);
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(pid, "/srv/v1/vega", NULL);
    assert_int_equal(look(), ALIVE_NOTHING);
    record(pid, own_path, "/srv/v1/vega");
    assert_int_equal(look(), ALIVE_NOTHING);
    kill_and_reap(pid);
}

/* The signature as a process with the same number, of another time, would have left it. */
static void sign_as(pid_t pid, uint64_t start_ticks) {
    char signature[33];
    (void)snprintf(signature, sizeof signature, "%-10d %-20llu\n", (int)pid, (unsigned long long)start_ticks);
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, signature, 32, 0), 32);
}

static void test_wrong_start_time(void **unused) {
    ProcessStat stat;
    (void)unused;
    pid_t pid = fork_still();
    assert_int_equal(process_stat(pid, &stat), 0);
    record(pid, own_path, own_path);
    sign_as(pid, stat.start_ticks);
    assert_int_equal(look(), ALIVE_ADOPTED);
    sign_as(pid, stat.start_ticks + 1);
    assert_int_equal(look(), ALIVE_NOTHING);
    sign_as(pid, 0);
    assert_int_equal(look(), ALIVE_NOTHING);

    int fd = take(); /* and somebody holds the lock */
    pid_t other = fork_still();
    (void)close(fd);
    sign_as(pid, stat.start_ticks - 1);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("has ended");
    kill_and_reap(other);
    kill_and_reap(pid);
}

/* Started and not yet signed, as after the death of a Visor between its fork and its child's exec. */
static void test_not_signed_yet(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(0, own_path, NULL);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("does not tell yet");
    record(pid, own_path, NULL);
    assert_int_equal(look(), ALIVE_ADOPTED);
    record(0, own_path, NULL);
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_damaged_record(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    sign(fd, pid);
    assert_int_equal(look(), ALIVE_UNKNOWN); /* no record */
    check_why("does not tell who holds it");
    assert_int_equal(lock_write_text(fd, "{\"format\":1"), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("damaged");
    assert_int_equal(lock_write_text(fd, "{\"format\":2}"), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("newer visor");
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* Nobody holds the lock, and the record is damaged; but what has signed it lives: it may be the node. */
static void test_damaged_record_of_what_lives(void **unused) {
    (void)unused;
    pid_t pid = fork_still();
    record(pid, own_path, own_path);
    _cleanup_fd_ int fd = openat(home.private_fd, LOCK, O_RDWR | O_CLOEXEC);
    assert_int_equal(lock_write_text(fd, "{\"format\":1"), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("damaged");
    check_why("starts nothing");
    assert_int_equal(lock_write_text(fd, "{\"format\":2}"), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("newer visor");
    kill_and_reap(pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* It was signed, but the rest was never written, on a full disk or without memory. */
static void test_signature_of_what_lives(void **unused) {
    char pid_text[32];
    (void)unused;
    pid_t pid = fork_still();
    int fd = take();
    sign(fd, pid);
    (void)close(fd);
    (void)snprintf(pid_text, sizeof pid_text, "tells of pid %d", (int)pid);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why(pid_text);
    check_why("starts nothing");
    assert_int_equal(kill(pid, SIGKILL), 0);
    await_end_unreaped(pid);
    assert_int_equal(look(), ALIVE_NOTHING); /* our own child, but nobody could take it over */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_lock_that_cannot_be_looked_at(void **unused) {
    (void)unused;
    assert_int_equal(symlinkat("elsewhere", home.private_fd, LOCK), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("move it away");
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(mkfifoat(home.private_fd, LOCK, 0600), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("move it away");
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    assert_int_equal(mkdirat(home.private_fd, LOCK, 0700), 0);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("move it away");
    assert_int_equal(unlinkat(home.private_fd, LOCK, AT_REMOVEDIR), 0);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* A process that has started another, and has ended or ends when told to. */
typedef struct Pair {
    pid_t pid, descendant;
} Pair;

static Pair start_pair(void) {
    Pair pair;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pair.pid = fork();
    if (pair.pid == 0) {
        pid_t pid = fork();
        if (pid == 0)
            hold_still_alone();
        tell(pipe_fds[1], &pid, sizeof pid);
        hold_still();
    }
    (void)close(pipe_fds[1]);
    hear(pipe_fds[0], &pair.descendant, sizeof pair.descendant);
    (void)close(pipe_fds[0]);
    return pair;
}

static void test_what_it_started_lives_on(void **unused) {
    (void)unused;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    int fd = take();
    Pair pair = start_pair();
    (void)close(fd);
    record(pair.pid, own_path, own_path);
    assert_int_equal(look(), ALIVE_ADOPTED);

    assert_int_equal(kill(pair.pid, SIGKILL), 0);
    await_end_unreaped(pair.pid);
    assert_int_equal(look(), ALIVE_ADOPTED); /* our own child: its end is still to be heard of */
    assert_int_equal(waitpid(pair.pid, NULL, 0), pair.pid);
    assert_int_equal(look(), ALIVE_UNKNOWN);
    check_why("lives on");
    kill_and_reap(pair.descendant);
    assert_int_equal(look(), ALIVE_NOTHING);
}

static void test_dead_child_of_ours(void **unused) {
    (void)unused;
    pid_t pid = start_with_lock();
    record(pid, own_path, own_path);
    assert_int_equal(kill(pid, SIGKILL), 0);
    await_end_unreaped(pid);
    assert_int_equal(look(), ALIVE_ADOPTED);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(look(), ALIVE_NOTHING);
}

/* Nobody will tell us of its end: it is dead, and if its parent has the lock, too, that is another one. */
static void check_dead_child_of_another(bool with_lock) {
    ProcessStat stat;
    int fd = with_lock ? take() : -1;
    Pair pair = start_pair();
    (void)close_fd(fd);
    record(pair.descendant, own_path, own_path);
    assert_int_equal(look(), ALIVE_ADOPTED);
    _cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, pair.descendant, 0);
    struct pollfd end = {.fd = pid_fd, .events = POLLIN};
    assert_int_equal(kill(pair.descendant, SIGKILL), 0);
    assert_int_equal(poll(&end, 1, 20000), 1);
    assert_int_equal(process_stat(pair.descendant, &stat), 0); /* it is still there, since nobody reaps it */
    assert_int_equal(look(), with_lock ? ALIVE_UNKNOWN : ALIVE_NOTHING);
    kill_and_reap(pair.pid);
}

static void test_dead_child_of_another(void **unused) {
    (void)unused;
    check_dead_child_of_another(false);
    check_dead_child_of_another(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_nothing),
        home_test(test_known),
        home_test(test_other_executable_than_recorded),
        home_test(test_without_its_lock),
        home_test(test_wrong_start_time),
        home_test(test_not_signed_yet),
        home_test(test_damaged_record),
        home_test(test_damaged_record_of_what_lives),
        home_test(test_signature_of_what_lives),
        home_test(test_lock_that_cannot_be_looked_at),
        home_test(test_what_it_started_lives_on),
        home_test(test_dead_child_of_ours),
        home_test(test_dead_child_of_another),
    };
    return cmocka_run_group_tests(tests, find_own_path, NULL);
}
