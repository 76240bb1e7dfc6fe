/*
 * Removes a folder that Visor has set aside. The only removal of whole trees in the project, so it is narrow: the
 * folder's own name must say that it is to go, no link is followed, no other file system is entered.
 */
#pragma once

#include "base/failure.h"

/** What the name of a folder must begin with before anybody removes it. */
#define DISCARD_PREFIX ".discarded-"

/**
 * Removes the folder @path and all that is in it, and makes that durable. Its last element must begin with
 * DISCARD_PREFIX and be more than that. Constant stack, two descriptors, however deep the tree is.
 *
 * Returns 0, also if there is no such folder; -EINVAL if the name does not allow it; -EXDEV if another file system
 * is mounted below it (then that stays); -errno. Described in @failure.
 */
MUST_USE int discard(const char *path, Failure *failure);

/**
 * Removes whatever @name is below the folder @parent_fd, a tree included, by the same rules but that of the name:
 * for what visor-fetch itself has made in its staging folder. Durable, 0 if there is nothing of that name.
 */
MUST_USE int discard_at(int parent_fd, const char *name, Failure *failure);
