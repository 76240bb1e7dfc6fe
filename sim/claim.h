/*
 * The claim on a home: what catches the one thing that must never happen, two copies of a node at once. It is the
 * sim's own lock, independent of those by which Visor prevents it.
 */
#pragma once

#include "base/failure.h"

#include <sys/types.h>

/**
 * Locks vega-sim-PROCESS.lock in the folder @home_fd for as long as @ret_fd is open, and leaves our pid in it.
 *
 * Returns 0; 1 if another process holds it: then *@ret_holder is its pid, 0 if it has not written it yet; or
 * -errno, described in @failure.
 */
MUST_USE int claim_home(int home_fd, const char *process, int *ret_fd, pid_t *ret_holder, Failure *failure);
