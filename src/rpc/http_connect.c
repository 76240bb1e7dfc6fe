#include "rpc/http_connect.h"

#include "base/cleanup.h"
#include "rpc/socket.h"

#include <string.h>

int http_connect_failure(const HttpTarget *target, int error, Failure *failure) {
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return failure_set(failure, error, "nobody listens at %s", target->name);
    case -EAGAIN:
        if (target->socket_path)
            return failure_set(failure, error, "the node's admin socket is overloaded: %s", target->name);
        break;
    default:
        break;
    }
    return failure_set(failure, error, "cannot connect to %s: %s", target->name, strerror(-error));
}

static int connect_address(const HttpTarget *target) {
    _cleanup_fd_ int fd = -1;
    fd = socket(target->address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return negative_errno();
    if (connect(fd, &target->address.generic, target->address_bytes) < 0 && errno != EINPROGRESS)
        return negative_errno();
    return TAKE_FD(fd);
}

int http_connect(const HttpTarget *target, int *ret_fd, Failure *failure) {
    int fd = target->socket_path ? socket_connect(target->socket_path) : connect_address(target);
    if (fd < 0)
        return http_connect_failure(target, fd, failure);
    *ret_fd = fd;
    return 0;
}
