/* Folders: made durably, looked at without following links, told apart by the mount they lie on. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

/**
 * Makes the folder @path and its missing parents, each with @mode, durably; links on the way are followed.
 *
 * Returns 0, also if it is there; -ENOTDIR if something else stands there, -errno; described in @failure.
 */
MUST_USE int folder_create(const char *path, mode_t mode, Failure *failure);

/**
 * Opens the folder @name in @parent_fd, which must be no link. Returns a descriptor (close-on-exec) owned by the
 * caller; -ENOTDIR for a link or a file, -errno.
 */
MUST_USE int folder_open(int parent_fd, const char *name);

/**
 * Opens the folder that @path lies in, which must exist. @ret_name is the last element, pointing into @path, which
 * must not end in a slash. Returns a descriptor owned by the caller, or -errno.
 */
MUST_USE int folder_open_parent(const char *path, const char **ret_name);

/** The folder that @path (absolute) lies in, slashes at its end left out; owned by the caller; NULL when memory is
 * out. */
char *folder_parent(const char *path);

/** @path without slashes at its end, owned by the caller; NULL when memory is out. */
char *folder_trim(const char *path);

/** Is @path, which begins in the folder @at_fd, the same folder as @other, by whatever name? It needs no memory to
 * tell; what is not there is the same as nothing. */
bool folder_is_same(int at_fd, const char *path, const char *other);

/** Does the folder hold nothing? Returns 1 if so, 0, or -errno. */
MUST_USE int folder_is_empty(int fd);

/**
 * The descriptor of the nearest thing on the way to @path that exists, @path itself included. Owned by the caller;
 * -errno.
 */
MUST_USE int folder_open_nearest(const char *path);

/**
 * Can a rename(2) go from one of the two to the other: same file system, same mount of it? Bind mounts differ
 * though their device is one, and so do subvolumes though their mount is one.
 */
bool folder_same_mount(int one_fd, int other_fd);
