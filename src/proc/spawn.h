/*
 * The only fork of Visor.
 *
 * What a child gets: a session, and so a process group, of its own, every signal at its default and unblocked,
 * /dev/null as standard input, Visor's standard output and error unless told otherwise, Visor's environment and
 * working directory, and no descriptor besides, except the lock it is to hold. Nobody waits for its exec: if that
 * fails, its errno comes over a pipe that is read when the child ends (proc/child.h).
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct SpawnRequest {
    const char *path;             /* the program; no search along PATH */
    const char *const *arguments; /* NULL-terminated, without the program's own name */
    const char *last_name;        /* two further arguments, or NULL */
    const char *last_value;
    int output_fd;    /* becomes standard output; -1 = Visor's own */
    int error_fd;     /* becomes standard error; -1 = Visor's own */
    int lock_fd;      /* a locked file: the child signs it (home/lock.h) and keeps it open over exec; -1 = none */
    int death_signal; /* what it gets when Visor dies: SIGKILL for tools; 0 = nothing, it lives on */
} SpawnRequest;

typedef struct Spawned {
    pid_t pid;
    int pid_fd;  /* close-on-exec, owned by the caller */
    int exec_fd; /* non-blocking read end: an int, the errno of exec, if that failed; owned by the caller */
} Spawned;

/**
 * Starts a child as described above and returns at once, usually before its exec.
 *
 * Returns 0 and fills @ret; or -errno of pipe, fork or pidfd_open, described in @failure, and then no child is
 * alive.
 */
MUST_USE int process_spawn(const SpawnRequest *request, Spawned *ret, Failure *failure);
