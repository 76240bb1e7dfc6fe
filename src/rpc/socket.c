#include "rpc/socket.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A folder's descriptor stands in for its long name: /proc/self/fd/N/NAME. */
static int shorten(const char *path, struct sockaddr_un *address, int *ret_folder_fd) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (!slash || length >= sizeof folder)
        return -ENAMETOOLONG;
    memcpy(folder, path, length);
    folder[length] = '\0';
    *ret_folder_fd = open(length > 0 ? folder : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret_folder_fd < 0)
        return negative_errno();
    int written =
        snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *ret_folder_fd, slash + 1);
    return written > 0 && (size_t)written < sizeof address->sun_path ? 0 : -ENAMETOOLONG;
}

int socket_connect(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_fd_ int folder_fd = -1;
    _cleanup_fd_ int fd = -1;

    if (strlen(path) < sizeof address.sun_path) {
        strcpy(address.sun_path, path);
    } else {
        int r = shorten(path, &address, &folder_fd);
        if (r < 0)
            return r;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return negative_errno();
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return negative_errno();
    return TAKE_FD(fd);
}

int socket_answers(const char *path, pid_t *ret_peer) {
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    _cleanup_fd_ int fd = socket_connect(path);

    *ret_peer = 0;
    if (fd == -ENOENT || fd == -ECONNREFUSED || fd == -ENOTDIR)
        return 0;
    if (fd == -EAGAIN) /* a full backlog has somebody who listens, however badly */
        return 1;
    if (fd < 0)
        return fd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
        *ret_peer = peer.pid;
    return 1;
}
