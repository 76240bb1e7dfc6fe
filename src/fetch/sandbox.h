/*
 * What visor-fetch takes from itself before it listens to strangers. Each layer that the kernel lacks is reported
 * and done without: a release that is fetched by a less confined helper beats a validator that misses its upgrade.
 *
 *     no_new_privs   nothing it could start would gain rights, and root's are given up but for those to files
 *     landlock       writes only below its own folder, reads only what TLS and name resolution need; landlock.h
 *     seccomp        no exec, no ptrace, no mount ...; seccomp.h
 *     rlimits        no core dump, few descriptors, no file larger than asked for
 *     descriptors    none but its own
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SANDBOX_LAYERS_MAX = 5,
    SANDBOX_TEXT_BYTES = 160,
};

/* What was asked for, beyond what every fetch needs. */
typedef struct SandboxRequest {
    int writable_fd;             /* the one folder below which may be written; -1 = nowhere */
    const char *const *readable; /* NULL-terminated further files and folders to read: a file:// base;
                                    what does not exist is left out; NULL = none */
    uint64_t max_file_bytes;     /* no file it writes may be larger; UINT64_MAX = no limit */
} SandboxRequest;

typedef struct SandboxReport {
    const char *layers[SANDBOX_LAYERS_MAX]; /* in force */
    size_t layer_count;
    char missing[SANDBOX_LAYERS_MAX][SANDBOX_TEXT_BYTES]; /* "landlock: the kernel has none" */
    size_t missing_count;
} SandboxReport;

/**
 * Confines this process for the network stage, for ever. Call it once, before any other thread exists and before
 * the first byte from outside is read; whatever is needed from elsewhere (tokenFile, the lock) is opened before.
 * Closes every descriptor but 0, 1, 2 and the writable one.
 */
void sandbox_enter(const SandboxRequest *request, SandboxReport *ret);

/**
 * Confines this process further, for unpacking, whether sandbox_enter() came before or not: no socket of any kind,
 * no further process or thread, new files and folders only below @folder_fd (and no links, devices or removals even
 * there), nothing else to be opened at all, bounded memory, processor time and file size (@max_file_bytes).
 * Closes every descriptor but 0, 1, 2, @folder_fd and @keep_fds.
 */
void sandbox_narrow(
    int folder_fd, const int *keep_fds, size_t keep_fd_count, uint64_t max_file_bytes, SandboxReport *ret);
