/* Connecting to a UNIX socket by its path, of any length. */
#pragma once

#include "base/failure.h"

#include <sys/types.h>

/**
 * Begins to connect to the stream socket at @path, without blocking; a path over the 107 bytes of sun_path goes
 * through the descriptor of its folder (unix(7)).
 *
 * Returns the descriptor (non-blocking, close-on-exec, owned by the caller); -ENOENT or -ECONNREFUSED if nobody
 * listens; -EAGAIN if the listener's backlog is full; another -errno.
 */
MUST_USE int socket_connect(const char *path);

/**
 * Does anybody listen at @path? A socket file that a dead process left does not count.
 *
 * Returns 0 if nobody does; 1 if somebody does, and then @ret_peer is the listener's pid as the kernel knows it
 * (SO_PEERCRED), 0 if it does not; -errno if that cannot be told, -EACCES for one.
 */
MUST_USE int socket_answers(const char *path, pid_t *ret_peer);
