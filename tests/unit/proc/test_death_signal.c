/* What happens to a child when who has spawned it dies. */
#include "proc/spawn.h"

#include "base/cleanup.h"
#include "tests/unit/children.h"
#include "tests/unit/folder.h"

static Folder folder;

/* It says that it runs, and waits for a line; a signal ends it before that. */
static const char SCRIPT[] = "echo; read line < \"$1/line\"; exit 7";

__attribute__((__noreturn__)) static void be_visor(int death_signal, int output_fd) {
    const char *arguments[] = {"-c", SCRIPT, "sh", folder.path, NULL};
    const SpawnRequest request = {
        .path = "/bin/sh",
        .arguments = arguments,
        .output_fd = output_fd,
        .error_fd = -1,
        .lock_fd = -1,
        .death_signal = death_signal};
    Spawned spawned;
    if (process_spawn(&request, &spawned, NULL) < 0)
        _exit(99);
    tell(output_fd, &spawned.pid, sizeof spawned.pid);
    hold_still();
}

/* Lets a visor spawn the script and die; returns how the script, which is ours then, has ended. */
static int end_after_death(int death_signal, bool write_line) {
    pid_t pid;
    char newline;
    int pipe_fds[2], status;

    /* Both ends at once: opening one of a FIFO waits for the other. */
    _cleanup_fd_ int line_fd = openat(folder.fd, "line", O_RDWR | O_CLOEXEC);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_DIRECT), 0); /* two writers, each of a packet of its own */
    pid_t visor = fork();
    if (visor == 0)
        be_visor(death_signal, pipe_fds[1]);
    (void)close(pipe_fds[1]);
    unsigned char packet[2][sizeof pid];
    ssize_t lengths[2];
    for (int i = 0; i < 2; i++) {
        struct pollfd ready = {.fd = pipe_fds[0], .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 20000), 1);
        lengths[i] = read(pipe_fds[0], packet[i], sizeof packet[i]);
    }
    int told = lengths[0] == (ssize_t)sizeof pid ? 0 : 1;
    assert_int_equal(lengths[told], sizeof pid);
    assert_int_equal(lengths[!told], sizeof newline);
    memcpy(&pid, packet[told], sizeof pid);
    (void)close(pipe_fds[0]);

    kill_and_reap(visor);
    if (write_line)
        assert_int_equal(write(line_fd, "\n", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_death_is_told(void **unused) {
    (void)unused;
    int status = end_after_death(SIGTERM, false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    status = end_after_death(SIGKILL, false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_death_is_not_told(void **unused) {
    (void)unused;
    int status = end_after_death(0, true);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || mkfifoat(folder.fd, "line", 0600) < 0;
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_death_is_told),
        cmocka_unit_test(test_death_is_not_told),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
