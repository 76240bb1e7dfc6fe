#include "fetch/unpacker.h"

#include "tests/unit/fetch/archive.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

static Folder folder;
static UnpackResult result;
static Failure failure;
static unsigned told;
static int signal_to_children; /* sent to every child as soon as there is progress; 0 = none */

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    told = 0;
    signal_to_children = 0;
    return mkdirat(folder.fd, "out", 0755);
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

/* proc(5) lists the children of a thread. */
static void signal_children(int number) {
    char path[64], list[64] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, list, sizeof list - 1) > 0);
    (void)close(fd);
    assert_int_equal(kill((pid_t)strtol(list, NULL, 10), number), 0);
}

static void note(UnpackPhase phase, uint64_t bytes, uint64_t of_bytes, void *userdata) {
    (void)userdata;
    assert_true(bytes <= of_bytes);
    told++;
    assert_true(phase == UNPACK_PHASE_UNPACK || phase == UNPACK_PHASE_STORE);
    if (signal_to_children && told == 1)
        signal_children(signal_to_children);
    if (signal_to_children == SIGSTOP && told == 4)
        signal_children(SIGCONT);
}

static int run(uint64_t max_unpacked_bytes) {
    int asset_fd = openat(folder.fd, "asset", O_RDONLY | O_CLOEXEC);
    int folder_fd = openat(folder.fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(asset_fd >= 0 && folder_fd >= 0);
    const UnpackRequest request = {
        .asset_fd = asset_fd,
        .folder_fd = folder_fd,
        .asset = "asset",
        .binary = "vega",
        .max_unpacked_bytes = max_unpacked_bytes,
    };
    failure = (Failure){0};
    result = (UnpackResult){0};
    int r = unpacker_run(&request, note, NULL, &result, &failure);
    (void)close(asset_fd);
    (void)close(folder_fd);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left, dead or alive */
    assert_int_equal(errno, ECHILD);
    return r;
}

static void pack(const Packed *entries, size_t count) {
    archive_write(&folder, "asset", archive_write_set_format_ustar, archive_write_add_filter_gzip, entries, count);
}

static void test_good(void **unused) {
    (void)unused;
    static const Packed ENTRIES[] = {{"vega", S_IFREG | 0755, "the node", NULL}};
    struct stat status;
    pack(ENTRIES, 1);
    if (run(1 << 20) != 0)
        fail_msg("%s", failure.message);
    assert_int_equal(result.files, 1);
    assert_int_equal(result.unpacked_bytes, 8);
    assert_string_equal(result.binary, "vega");
    assert_int_equal(fstatat(folder.fd, "out/vega", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0755);
}

static void test_failure_comes_over(void **unused) {
    (void)unused;
    static const Packed ENTRIES[] = {{"../vega", S_IFREG | 0755, "the node", NULL}};
    pack(ENTRIES, 1);
    assert_int_equal(run(1 << 20), -EBADMSG);
    assert_non_null(strstr(failure.message, "\"../vega\" in the archive has a \"..\" in its path"));
    assert_int_equal(faccessat(folder.fd, "vega", F_OK, 0), -1);
}

/* A program of zeroes that takes a while to unpack. */
static void pack_large(size_t length) {
    char *content = malloc(length + 1);
    assert_non_null(content);
    memset(content, 'x', length);
    content[length] = '\0';
    const Packed entries[] = {{"vega", S_IFREG | 0755, content, NULL}};
    pack(entries, 1);
    free(content);
}

static void test_progress(void **unused) {
    (void)unused;
    pack_large(64 << 20);
    if (run(1 << 30) != 0)
        fail_msg("%s", failure.message);
    assert_true(told >= 1);
}

static void check_end(int number, const char *said) {
    told = 0;
    signal_to_children = number;
    assert_int_equal(run(1 << 30), -ECHILD);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
    assert_int_equal(unlinkat(folder.fd, "out/vega", 0), 0);
}

static void test_end_of_the_process(void **unused) {
    (void)unused;
    pack_large(64 << 20);
    check_end(SIGKILL, "killed");
    check_end(SIGXCPU, "hour");
    check_end(SIGTERM, "signal 15");
}

/* Stopped, the process tells nothing; the words that go on are those of the parent's clock, and the third wakes it.
 */
static void test_heartbeat(void **unused) {
    (void)unused;
    pack_large(64 << 20);
    told = 0;
    signal_to_children = SIGSTOP;
    if (run(1 << 30) != 0)
        fail_msg("%s", failure.message);
    assert_true(told >= 4);
}

int main(void) {
#define unpacker_test(function) cmocka_unit_test_setup_teardown(function, make, clear)
    const struct CMUnitTest tests[] = {
        unpacker_test(test_good),      unpacker_test(test_failure_comes_over),
        unpacker_test(test_progress),  unpacker_test(test_end_of_the_process),
        unpacker_test(test_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
