/* The shell around the core: turns what happens into events, and the core's actions into system calls. */
#pragma once

#include "base/exit_code.h"
#include "base/failure.h"
#include "config/config.h"
#include "home/inheritance.h"

/**
 * Blocks every signal that can be: Visor leaves only when its node is gone, so none of them may end it, and none
 * may suspend it. Called before anything else, so that what arrives before the supervision begins waits for it. A
 * child that is forked resets its mask. Returns 0 or -errno.
 */
MUST_USE int supervisor_block_signals(void);

/**
 * Supervises the node of @home until the core decides to leave: after SIGTERM or SIGINT, or when the node failed
 * for good. When it returns nothing of the node that it started is alive.
 *
 * The caller holds the lock of the home, as @inheritance->lock_fd; whether another binary has left it to this
 * process is @inheritance->received; a lock file that somebody removes is replaced there. @program is
 * what this process was started as, argv[0]; it may be NULL. @config is taken over,
 * also when this fails. Returns 0 and the exit code in
 * @ret; -EPROTO if the home holds what a newer Visor wrote; -errno when the supervision could not begin. Described
 * in @failure.
 */
MUST_USE int supervisor_run(
    Home *home, Inheritance *inheritance, const char *program, Config *config, ExitCode *ret, Failure *failure);

/**
 * Could `visor run` take over what lives in @home now, or start what it would have to? Looks as that would, changes
 * nothing, and takes no lock that a Visor that runs might want. @config is taken over, also when this fails.
 *
 * Returns 0, with what is wrong but no hindrance in @warning; 1 if it would have to wait, as the Visor that runs
 * does already, for what @warning tells; -EPROTO if the home holds what a newer Visor wrote; -EALREADY if something
 * is alive that cannot be taken over; -errno. Described in @failure.
 */
MUST_USE int supervisor_rehearse(Home *home, Config *config, Failure *warning, Failure *failure);
