/* Listening sockets: on a path, however long it is, and on a port of the loopback. */
#pragma once

#include "base/failure.h"

#include <stdint.h>

/**
 * Listens at @path; a socket that somebody left there is removed first. Paths over the 107 bytes of a socket
 * address are bound through a descriptor of their folder. @ret_fd is close-on-exec and does not block.
 *
 * Returns 0 or -errno, described in @failure.
 */
MUST_USE int listener_open_path(const char *path, int *ret_fd, Failure *failure);

/** Listens on 127.0.0.1:@port, any free port for 0; @ret_port is the one it got. Otherwise like listener_open_path.
 */
MUST_USE int listener_open_port(uint16_t port, int *ret_fd, uint16_t *ret_port, Failure *failure);
