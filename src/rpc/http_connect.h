/* Connections to where an HTTP server listens: a UNIX socket or a numeric address. Never blocks, never resolves. */
#pragma once

#include "base/failure.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/** Where a server listens. */
typedef struct HttpTarget {
    const char *name;        /* for failures: the path of the socket, or "127.0.0.1:3003"; borrowed */
    const char *socket_path; /* of any length up to PATH_MAX; NULL for an Internet address; borrowed */
    union {
        struct sockaddr generic;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
    socklen_t address_bytes;
} HttpTarget;

/**
 * Begins to connect. @ret_fd is a non-blocking, close-on-exec stream socket, owned by the caller; it becomes
 * writable when it is connected or failed, and http_connect_failure() words what sending then reports.
 *
 * Returns 0, or -errno described in @failure: -ENOENT and -ECONNREFUSED when nobody listens, -EAGAIN when the
 * server's queue is full (unix(7)).
 */
MUST_USE int http_connect(const HttpTarget *target, int *ret_fd, Failure *failure);

/** Describes why connecting to @target failed with @error (a negative errno). Returns @error. */
int http_connect_failure(const HttpTarget *target, int error, Failure *failure);
