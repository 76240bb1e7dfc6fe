/* What lock files tell: who holds them, and a text. */
#include "base/cleanup.h"
#include "base/process_stat.h"
#include "home/lock.h"
#include "tests/unit/children.h"
#include "tests/unit/home/home.h"

#include <signal.h>
#include <sys/resource.h>

enum {
    SIGNATURE_BYTES = 32,
    PAGE_BYTES = 4096,
    LONGEST_BYTES = 64 * 1024,
};

static const char LOCK[] = "node.lock";

static int take(void) {
    int fd = -1;
    pid_t holder = 0;
    assert_int_equal(lock_take(home.private_fd, LOCK, &fd, &holder, NULL), 0);
    return fd;
}

static off_t size_of(int fd) {
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return status.st_size;
}

static void check_note(pid_t pid, uint64_t start_ticks, const char *text) {
    LockNote note;
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), 0);
    assert_int_equal(note.pid, pid);
    assert_true(note.start_ticks == start_ticks);
    assert_string_equal(note.text, text);
    free(note.text);
}

static void test_signature(void **unused) {
    ProcessStat own, other;
    (void)unused;
    int fd = take();
    check_note(0, 0, "");
    assert_int_equal(lock_sign(fd), 0);
    assert_int_equal(process_stat(0, &own), 0);
    check_note(getpid(), own.start_ticks, "");
    assert_int_equal(lock_signer(home.private_fd, LOCK), getpid());

    pid_t pid = fork_still();
    assert_int_equal(process_stat(pid, &other), 0);
    kill_and_reap(pid);
    assert_int_equal(lock_sign_for(fd, pid, other.start_ticks), 0); /* whoever has the number by now */
    check_note(pid, other.start_ticks, "");
    assert_int_equal(lock_unsign(fd), 0);
    check_note(0, 0, "");
    assert_int_equal(lock_signer(home.private_fd, LOCK), 0);
    assert_int_equal(size_of(fd), SIGNATURE_BYTES);
    (void)close(fd);
}

/* Each is written over without touching the other. */
static void test_signature_and_text_are_apart(void **unused) {
    ProcessStat own;
    (void)unused;
    int fd = take();
    assert_int_equal(process_stat(0, &own), 0);
    assert_int_equal(lock_write_text(fd, "{\"a\":1}"), 0); /* before anybody has signed */
    check_note(0, 0, "{\"a\":1}");
    assert_int_equal(lock_sign(fd), 0);
    check_note(getpid(), own.start_ticks, "{\"a\":1}");
    assert_int_equal(lock_write_text(fd, "text"), 0);
    check_note(getpid(), own.start_ticks, "text");
    assert_int_equal(lock_unsign(fd), 0);
    check_note(0, 0, " ext"); /* it is about nobody now */
    assert_int_equal(lock_write_text(fd, ""), 0);
    check_note(0, 0, "");
    (void)close(fd);
}

static char *text_of(size_t length, char letter) {
    char *text = calloc(1, length + 1);
    assert_non_null(text);
    memset(text, letter, length);
    return text;
}

/* What is on a full disk already can be overwritten: so the first text takes a page, and none gives it back. */
static void test_page_is_kept(void **unused) {
    (void)unused;
    int fd = take();
    char *long_text = text_of(PAGE_BYTES, 'l');
    assert_int_equal(lock_write_text(fd, "a"), 0);
    assert_int_equal(size_of(fd), PAGE_BYTES);
    assert_int_equal(lock_write_text(fd, "somewhat longer"), 0);
    check_note(0, 0, "somewhat longer");
    assert_int_equal(lock_write_text(fd, "short"), 0);
    check_note(0, 0, "short");
    assert_int_equal(size_of(fd), PAGE_BYTES);
    assert_int_equal(lock_write_text(fd, long_text), 0);
    check_note(0, 0, long_text);
    assert_int_equal(size_of(fd), 2 * PAGE_BYTES);
    assert_int_equal(lock_write_text(fd, "short again"), 0);
    check_note(0, 0, "short again");
    assert_int_equal(size_of(fd), 2 * PAGE_BYTES);
    free(long_text);
    (void)close(fd);
}

/* A file that may not grow is like a disk that is full: the first pages of a longer text would fit. */
static void test_a_text_that_does_not_fit_leaves_the_last_one(void **unused) {
    struct rlimit before, limit;
    (void)unused;
    int fd = take();
    char *longer = text_of(6000, 'l');
    assert_int_equal(lock_write_text(fd, "as it was"), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = PAGE_BYTES;
    assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int r = lock_write_text(fd, longer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(r < 0);
    check_note(0, 0, "as it was");
    assert_int_equal(lock_write_text(fd, longer), 0);
    check_note(0, 0, longer);
    assert_int_equal(lock_write_text(fd, "shorter"), 0);
    check_note(0, 0, "shorter");
    free(longer);
    (void)close(fd);
}

static void test_too_long(void **unused) {
    (void)unused;
    int fd = take();
    char *longest = text_of(LONGEST_BYTES, 'l'), *longer = text_of(LONGEST_BYTES + 1, 'm');
    assert_int_equal(lock_write_text(fd, longest), 0);
    assert_int_equal(lock_write_text(fd, longer), -EFBIG);
    check_note(0, 0, longest);
    free(longest);
    free(longer);
    (void)close(fd);
}

/* Somebody may write to a lock file: the next text makes it good. */
static void test_file_that_is_too_long(void **unused) {
    LockNote note;
    (void)unused;
    int fd = take();
    assert_int_equal(ftruncate(fd, SIGNATURE_BYTES + LONGEST_BYTES + 1), 0);
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), -EFBIG);
    assert_null(note.text);
    assert_int_equal(lock_sign(fd), 0);
    assert_int_equal(lock_write_text(fd, "text"), 0);
    ProcessStat own;
    assert_int_equal(process_stat(0, &own), 0);
    check_note(getpid(), own.start_ticks, "text");
    (void)close(fd);
}

static void test_what_cannot_be_written(void **unused) {
    (void)unused;
    int fd = take();
    _cleanup_fd_ int read_only = openat(home.private_fd, LOCK, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lock_write_text(read_only, "text"), -EBADF);
    assert_int_equal(lock_sign(read_only), -EBADF);
    assert_int_equal(lock_unsign(read_only), -EBADF);
    assert_int_equal(lock_write_text(-1, "text"), -EBADF);
    check_note(0, 0, "");
    (void)close(fd);
}

static void test_what_is_no_file(void **unused) {
    LockNote note = {.pid = 7};
    (void)unused;
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), 1);
    assert_null(note.text);
    assert_int_equal(note.pid, 0);

    assert_int_equal(mkdirat(home.private_fd, LOCK, 0700), 0);
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), -EFBIG);
    assert_int_equal(unlinkat(home.private_fd, LOCK, AT_REMOVEDIR), 0);
    assert_int_equal(mkfifoat(home.private_fd, LOCK, 0600), 0); /* nobody waits for a writer */
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), -EFBIG);
    assert_int_equal(unlinkat(home.private_fd, LOCK, 0), 0);
    folder_write_text(&folder, "elsewhere", "1\n", 0600);
    assert_int_equal(symlinkat("../elsewhere", home.private_fd, LOCK), 0);
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), -ELOOP);
    assert_null(note.text);
}

/* A start time that was cut off is another one, or none: nobody is mistaken for the holder. */
static void test_cut_off(void **unused) {
    static const char TEXT[] = "{\"some\":\"text\"}";
    char whole[SIGNATURE_BYTES + sizeof TEXT], content[sizeof whole];
    LockNote note;
    (void)unused;
    (void)snprintf(whole, sizeof whole, "%-10d %-20d\n%s", 1234567, 987654321, TEXT);
    for (size_t length = 0; length < sizeof whole; length++) {
        folder_write(&folder, ".visor/node.lock", whole, length, 0600);
        assert_int_equal(lock_read(home.private_fd, LOCK, &note), 0);
        if (length < 20)
            assert_true(note.start_ticks != 987654321);
        if (length >= SIGNATURE_BYTES) {
            (void)snprintf(content, sizeof content, "%.*s", (int)(length - SIGNATURE_BYTES), TEXT);
            assert_string_equal(note.text, content);
            assert_int_equal(note.pid, 1234567);
            assert_true(note.start_ticks == 987654321);
        }
        free(note.text);
    }
}

/* As a file system leaves what had not reached the disk when the power went. */
static void test_zeros_and_garbage(void **unused) {
    static char bytes[PAGE_BYTES];
    (void)unused;
    folder_write(&folder, ".visor/node.lock", bytes, sizeof bytes, 0600);
    check_note(0, 0, "");
    memset(bytes, 0xff, sizeof bytes);
    folder_write(&folder, ".visor/node.lock", bytes, sizeof bytes, 0600);
    LockNote note;
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), 0);
    assert_int_equal(note.pid, 0);
    assert_true(note.start_ticks == 0);
    free(note.text);
    folder_write_text(&folder, ".visor/node.lock", "-5         -7                  \ntext", 0600);
    assert_int_equal(lock_read(home.private_fd, LOCK, &note), 0);
    assert_int_equal(note.pid, 0);
    free(note.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_signature),
        home_test(test_signature_and_text_are_apart),
        home_test(test_page_is_kept),
        home_test(test_a_text_that_does_not_fit_leaves_the_last_one),
        home_test(test_too_long),
        home_test(test_file_that_is_too_long),
        home_test(test_what_cannot_be_written),
        home_test(test_what_is_no_file),
        home_test(test_cut_off),
        home_test(test_zeros_and_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
