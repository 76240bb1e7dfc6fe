#include "home/history.h"

#include "tests/unit/home/home.h"

#include <signal.h>
#include <sys/resource.h>

#define NOON UINT64_C(1772366706789123)
#define NEW ".visor/" HOME_HISTORY_FILE
#define OLD ".visor/" HOME_HISTORY_OLD_FILE
#define LINE(event) "{\"time\":\"2026-03-01T12:05:06.789Z\",\"event\":\"" event "\"}"

static const LogField NONE[] = {{.type = LOG_FIELD_END}};
static Failure failure;
static char events[256]; /* that were read, each with a blank behind it */
static uint64_t count, skipped;

static void take(const HistoryLine *line, void *userdata) {
    (void)userdata;
    count++;
    if (strlen(events) + strlen(line->event) + 2 < sizeof events)
        (void)strcat(strcat(events, line->event), " ");
}

static int look(void) {
    events[0] = '\0';
    count = 0;
    return history_read(&home, take, NULL, &skipped, &failure);
}

static void read_is(const char *expected, uint64_t expected_skipped) {
    assert_int_equal(look(), 0);
    assert_string_equal(events, expected);
    assert_int_equal(skipped, expected_skipped);
}

static int append(const char *event) {
    failure = (Failure){0};
    return history_append(&home, NOON, event, NONE, &failure);
}

static void content_is(const char *name, const char *expected) {
    char content[512];
    int fd = openat(folder.fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, content, sizeof content - 1);
    assert_in_range(length, 0, sizeof content - 1);
    content[length] = '\0';
    assert_string_equal(content, expected);
    (void)close(fd);
}

static off_t size_of(const char *name) {
    struct stat status;
    return fstatat(folder.fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : status.st_size;
}

static void test_append_and_read(void **unused) {
    struct stat status;
    (void)unused;
    read_is("", 0);
    assert_int_equal(size_of(NEW), -1); /* a look makes nothing */
    assert_int_equal(append("a"), 0);
    assert_int_equal(append("b"), 0);
    content_is(NEW, LINE("a") "\n" LINE("b") "\n");
    read_is("a b ", 0);
    assert_int_equal(fstatat(folder.fd, NEW, &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(size_of(OLD), -1);
}

static void test_without_a_private_folder(void **unused) {
    Home looked;
    (void)unused;
    assert_int_equal(unlinkat(folder.fd, ".visor", AT_REMOVEDIR), 0);
    assert_int_equal(home_look(folder.path, &looked, &failure), 0);
    assert_int_equal(history_read(&looked, take, NULL, &skipped, &failure), 0);
    home_close(&looked);
    assert_int_equal(append("a"), -ENOENT); /* and no crash; the supervision makes it anew */
    assert_non_null(strstr(failure.message, folder.path));
}

static void test_a_torn_line_is_ended(void **unused) {
    static const char HOLE[8] = "";
    (void)unused;
    folder_write_text(&folder, NEW, LINE("a") "\n{\"time\":\"20", 0600);
    assert_int_equal(append("b"), 0);
    content_is(NEW, LINE("a") "\n{\"time\":\"20\n" LINE("b") "\n");
    read_is("a b ", 1);
    folder_write(&folder, NEW, HOLE, sizeof HOLE, 0600);
    assert_int_equal(append("c"), 0);
    assert_int_equal(size_of(NEW), (off_t)(sizeof HOLE + sizeof "\n" LINE("c")));
    read_is("c ", 1);
    folder_write_text(&folder, NEW, LINE("a"), 0600); /* only its newline is missing */
    assert_int_equal(append("b"), 0);
    read_is("a b ", 0);
}

static void test_each_file_ends_its_last_line(void **unused) {
    (void)unused;
    folder_write_text(&folder, OLD, LINE("a") "\n" LINE("b"), 0600);
    folder_write_text(&folder, NEW, LINE("c") "\n" LINE("d"), 0600);
    read_is("a b c d ", 0);
    folder_write_text(&folder, OLD, LINE("a") "\n{\"time\":", 0600);
    folder_write_text(&folder, NEW, LINE("c") "\n{\"time\":", 0600);
    read_is("a c ", 2);
}

static void test_rotation(void **unused) {
    static char full[HISTORY_FILE_MAX_BYTES];
    const size_t line = sizeof LINE("b"); /* with its newline, and one for a torn line */
    (void)unused;
    memset(full, '\n', sizeof full);
    memcpy(full, LINE("a"), sizeof LINE("a") - 1);
    folder_write(&folder, NEW, full, sizeof full - line - 1, 0600); /* it just fits */
    assert_int_equal(append("b"), 0);
    assert_int_equal(size_of(OLD), -1);
    assert_int_equal(append("c"), 0);
    assert_in_range(size_of(OLD), sizeof full - line, sizeof full);
    content_is(NEW, LINE("c") "\n");
    read_is("a b c ", 0);
    folder_write(&folder, NEW, full, sizeof full, 0600);
    assert_int_equal(append("d"), 0);
    assert_int_equal(size_of(OLD), sizeof full);
    read_is("a d ", 0);
}

static void test_it_stays_bounded(void **unused) {
    static char text[200];
    const LogField fields[] = {field_string("text", text), {.type = LOG_FIELD_END}};
    off_t most = 0;
    (void)unused;
    memset(text, 'x', sizeof text - 1);
    for (unsigned i = 0; i < 12000; i++) {
        assert_int_equal(history_append(&home, NOON, "a", fields, &failure), 0);
        off_t size = size_of(NEW);
        most = size > most ? size : most;
    }
    assert_in_range(most, HISTORY_FILE_MAX_BYTES - 400, HISTORY_FILE_MAX_BYTES);
    assert_in_range(size_of(OLD), HISTORY_FILE_MAX_BYTES - 400, HISTORY_FILE_MAX_BYTES);
    assert_int_equal(look(), 0);
    assert_in_range(count, 12000 / 3, 12000);
    assert_int_equal(skipped, 0);
}

static void refused(const char *name, bool read_too) {
    assert_true(append("x") < 0);
    if (!strstr(failure.message, name))
        fail_msg("%s does not name %s", failure.message, name);
    assert_int_equal(look() < 0, read_too);
}

static void test_only_a_regular_file(void **unused) {
    (void)unused;
    folder_write_text(&folder, "elsewhere", "", 0600);
    assert_int_equal(symlinkat("../elsewhere", folder.fd, NEW), 0);
    refused(HOME_HISTORY_FILE, true);
    assert_int_equal(size_of("elsewhere"), 0);
    assert_int_equal(unlinkat(folder.fd, NEW, 0), 0);
    assert_int_equal(mkfifo(folder_path(&folder, NEW), 0600), 0); /* nobody reads it: this must not wait */
    refused(HOME_HISTORY_FILE, true);
    assert_int_equal(unlinkat(folder.fd, NEW, 0), 0);
    assert_int_equal(mkdirat(folder.fd, NEW, 0700), 0);
    refused(HOME_HISTORY_FILE, true);
    assert_int_equal(unlinkat(folder.fd, NEW, AT_REMOVEDIR), 0);
    assert_int_equal(append("a"), 0);
    assert_int_equal(symlinkat("../elsewhere", folder.fd, OLD), 0);
    assert_true(look() < 0);
}

static void test_where_the_old_file_cannot_be_replaced(void **unused) {
    static char full[HISTORY_FILE_MAX_BYTES];
    (void)unused;
    memset(full, '\n', sizeof full);
    folder_write(&folder, NEW, full, sizeof full, 0600);
    assert_int_equal(mkdirat(folder.fd, OLD, 0700), 0);
    refused(HOME_HISTORY_OLD_FILE, true);
    assert_int_equal(size_of(NEW), sizeof full); /* it does not grow either */
}

/* The limit of a file's size is a full disk that needs no rights: it cuts a write off in the middle. */
static void test_a_full_disk_leaves_no_torn_line(void **unused) {
    struct rlimit before, limit;
    (void)unused;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(append("a"), 0);
    off_t size = size_of(NEW);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = (rlim_t)size + 10, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int r = append("b");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -ENOSPC);
    assert_non_null(strstr(failure.message, "No space left"));
    assert_int_equal(size_of(NEW), size);
    assert_int_equal(append("c"), 0);
    read_is("a c ", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_append_and_read),
        home_test(test_without_a_private_folder),
        home_test(test_a_torn_line_is_ended),
        home_test(test_each_file_ends_its_last_line),
        home_test(test_rotation),
        home_test(test_it_stays_bounded),
        home_test(test_only_a_regular_file),
        home_test(test_where_the_old_file_cannot_be_replaced),
        home_test(test_a_full_disk_leaves_no_torn_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
