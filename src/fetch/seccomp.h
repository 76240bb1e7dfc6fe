/*
 * The system calls that this program never makes and an attacker would want: refused with EPERM, never with death,
 * so that a library which only tries goes on without.
 */
#pragma once

#include "base/failure.h"

typedef enum SeccompStage {
    SECCOMP_STAGE_NETWORK, /* no exec, ptrace, mount, namespaces, keys, io_uring, signals to others ...; sockets
                              for TCP and DNS only, threads */
    SECCOMP_STAGE_UNPACK,  /* that, and no socket, no thread, no process, no rename, no removal */
} SeccompStage;

/**
 * Loads the filter of @stage for this thread, for ever; filters add up. Needs no_new_privs.
 * Returns 0, or -errno of libseccomp: then nothing is filtered.
 */
MUST_USE int seccomp_restrict(SeccompStage stage);
