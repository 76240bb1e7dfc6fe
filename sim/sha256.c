#include "sim/sha256.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

/* Our own blocked and ignored signals are none of its business. */
static int set_signals(posix_spawnattr_t *attributes) {
    sigset_t none;
    sigset_t pipe;
    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &pipe);
    return error;
}

static int spawn(int input_fd, int output_fd, pid_t *ret) {
    char name[] = "sha256sum";
    char *arguments[] = {name, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;

    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return -error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
        if (error == 0)
            error = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
        if (error == 0)
            error = set_signals(&attributes);
        if (error == 0)
            error = posix_spawnp(ret, name, &actions, &attributes, arguments, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return -error;
}

int sha256_start(int fd, Sha256 *ret) {
    _cleanup_fd_ int read_fd = -1;
    _cleanup_fd_ int write_fd = -1;
    int ends[2];

    if (lseek(fd, 0, SEEK_SET) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return negative_errno();
    read_fd = ends[0];
    write_fd = ends[1];
    if (fcntl(read_fd, F_SETFL, O_NONBLOCK) < 0)
        return negative_errno();
    *ret = (Sha256){0};
    int r = spawn(fd, write_fd, &ret->pid);
    if (r < 0)
        return r;
    ret->output_fd = TAKE_FD(read_fd);
    return 0;
}

static int finish(Sha256 *sha256) {
    int status = 0;
    sha256->output_fd = close_fd(sha256->output_fd);
    while (waitpid(sha256->pid, &status, 0) < 0)
        if (errno != EINTR)
            return negative_errno();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int sha256_read(Sha256 *sha256, char (*hex)[SHA256_HEX_BYTES]) {
    const size_t digits = sizeof *hex - 1;
    ssize_t count;

    do {
        count = read(sha256->output_fd, sha256->output + sha256->length, sizeof sha256->output - sha256->length);
        if (count > 0)
            sha256->length += (size_t)count;
    } while (count > 0 || (count < 0 && errno == EINTR));
    if (count < 0 && errno == EAGAIN)
        return 0;
    int r = finish(sha256);
    if (r < 0)
        return r;
    if (sha256->length < digits || strspn(sha256->output, "0123456789abcdef") != digits)
        return -EBADMSG;
    memcpy(*hex, sha256->output, digits);
    (*hex)[digits] = '\0';
    return 1;
}

void sha256_cancel(Sha256 *sha256) {
    (void)kill(sha256->pid, SIGKILL);
    (void)!finish(sha256);
}
