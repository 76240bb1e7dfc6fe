/*
 * What a Visor leaves to the binary that it becomes by exec: the descriptors that hold the home, so that nobody can
 * take it in between, and whom the outcome is for. It goes through the environment, and is believed only as far as
 * the descriptors prove it.
 */
#pragma once

#include "base/failure.h"
#include "home/layout.h"

#include <stdbool.h>

typedef struct Inheritance {
    bool received;
    int lock_fd; /* of HOME/.visor/lock, close-on-exec, owned by the caller; -1 = not received */
    int token;   /* of the request that is to be answered; 0 = none */
} Inheritance;

/** Closes what was received; -1 is fine. */
void inheritance_clear(Inheritance *inheritance);

#define _cleanup_inheritance_ __attribute__((__cleanup__(inheritance_clear)))

/** Lets @home->fd and @lock_fd survive an exec, and tells of them. Returns 0 or -errno. */
MUST_USE int inheritance_leave(const Home *home, int lock_fd, int token);

/** Takes that back: the exec has failed. */
void inheritance_take_back(const Home *home, int lock_fd);

/**
 * Sees that the lock file that is held is still the one that others find; if somebody removed it, takes it anew.
 * Returns 0; 1 if it was made anew; -EBUSY if somebody else has; -errno. Described in @failure.
 */
MUST_USE int inheritance_keep(const Home *home, Inheritance *inheritance, Failure *failure);

/**
 * Takes what was left: @home->fd becomes the inherited descriptor, which holds the folder's lock. What is no such
 * descriptor of this home is ignored; the environment is cleared of it either way. The lock file is taken anew if
 * it was removed meanwhile; if that fails, nothing is received, but @home->fd holds the folder still.
 */
Inheritance inheritance_receive(Home *home);
