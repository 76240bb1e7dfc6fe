/*
 * Cleanup attributes and the hand-over of ownership.
 *
 * Every local that owns something is declared with one of these, in its null state (NULL, fd -1),
 * before the first call that can fail. A function that succeeds hands over with TAKE_PTR or TAKE_FD.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((__cleanup__(function)))

#define TAKE_PTR(pointer)                                                                                          \
    ({                                                                                                             \
        __auto_type _take_pointer = &(pointer);                                                                    \
        __auto_type _taken = *_take_pointer;                                                                       \
        *_take_pointer = NULL;                                                                                     \
        _taken;                                                                                                    \
    })

#define TAKE_FD(fd)                                                                                                \
    ({                                                                                                             \
        int *_take_fd = &(fd);                                                                                     \
        int _taken = *_take_fd;                                                                                    \
        *_take_fd = -1;                                                                                            \
        _taken;                                                                                                    \
    })

static inline void cleanup_free(void *pointer) {
    free(*(void **)pointer);
}

/** Closes @fd unless it is negative; errno survives. Returns -1, so `fd = close_fd(fd)` resets. */
static inline int close_fd(int fd) {
    if (fd >= 0) {
        int saved_errno = errno;
        (void)close(fd);
        errno = saved_errno;
    }
    return -1;
}

static inline void cleanup_fd(const int *fd) {
    (void)close_fd(*fd);
}

static inline void cleanup_directory(DIR **directory) {
    if (*directory)
        (void)closedir(*directory);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_fd_ _cleanup_(cleanup_fd)
#define _cleanup_directory_ _cleanup_(cleanup_directory)
