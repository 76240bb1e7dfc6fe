#include "sim/listener.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int open_folder_of(const char *path) {
    _cleanup_free_ char *folder = strdup(path);
    if (!folder)
        return -1;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[1] = '\0';
    return open(slash ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The address of @path. One that is too long goes through its folder; @folder_fd has to stay open until bind. */
static int path_address(const char *path, struct sockaddr_un *ret, int *folder_fd) {
    const char *slash = strrchr(path, '/');
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length;

    if (strlen(path) < sizeof address.sun_path) {
        strcpy(address.sun_path, path);
        *ret = address;
        return 0;
    }
    *folder_fd = open_folder_of(path);
    if (*folder_fd < 0)
        return negative_errno();
    length = snprintf(
        address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", *folder_fd, slash ? slash + 1 : path);
    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    *ret = address;
    return 0;
}

static void remove_old_socket(const char *path) {
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        (void)unlink(path);
}

static int listen_at(int fd, const struct sockaddr *address, socklen_t length) {
    if (bind(fd, address, length) < 0 || listen(fd, SOMAXCONN) < 0)
        return negative_errno();
    return 0;
}

int listener_open_path(const char *path, int *ret_fd, Failure *failure) {
    _cleanup_fd_ int folder_fd = -1;
    _cleanup_fd_ int fd = -1;
    struct sockaddr_un address;

    remove_old_socket(path);
    int r = path_address(path, &address, &folder_fd);
    if (r >= 0) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        r = fd < 0 ? negative_errno() : listen_at(fd, (const struct sockaddr *)&address, sizeof address);
    }
    if (r < 0)
        return failure_set(failure, r, "cannot listen at %s: %s", path, strerror(-r));
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int listener_open_port(uint16_t port, int *ret_fd, uint16_t *ret_port, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t length = sizeof address;
    const int yes = 1;
    int r;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A restarted node gets its port back while connections of the earlier one are in TIME_WAIT. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
        r = negative_errno();
    else
        r = listen_at(fd, (const struct sockaddr *)&address, sizeof address);
    if (r >= 0 && getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        r = negative_errno();
    if (r < 0)
        return failure_set(failure, r, "cannot listen on port %u: %s", port, strerror(-r));
    *ret_port = ntohs(address.sin_port);
    *ret_fd = TAKE_FD(fd);
    return 0;
}
