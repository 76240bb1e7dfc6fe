/* The folder of one release: its run-config and the binaries that this names. */
#pragma once

#include "base/failure.h"
#include "base/files.h"
#include "config/config.h"
#include "config/run_config.h"
#include "core/process.h"
#include "home/layout.h"

#define RUN_CONFIG_FILE "run-config.toml"

/** What of a release is missing in its folder, so that fetching it may supply it. */
typedef enum ReleaseAbsence {
    RELEASE_NOTHING, /* nothing, or what is missing is the operator's matter */
    RELEASE_WHOLE,   /* all: there is no folder, or an empty one */
    RELEASE_BINARY,  /* binaries that the operator's run-config has inside the folder */
} ReleaseAbsence;

/** What was found in a folder, with the identity of each file that was looked at. */
typedef struct Release {
    char *folder; /* absolute */
    RunConfig *run_config;
    Problems warnings; /* of its run-config */
    bool made_executable[PROCESS_COUNT];
    FileIdentity run_config_identity;
    FileIdentity binary_identities[PROCESS_COUNT]; /* the data node's is zero without one */
    struct {
        int result; /* 0: it is fit; -errno */
        char *text; /* what is wrong with it, and the cure */
    } binary_faults[PROCESS_COUNT];
} Release;

/**
 * Loads FOLDER/run-config.toml and checks the binaries it names.
 *
 * @ret is owned by the caller (release_free). Returns 0 or -errno described in @failure: what is missing or wrong,
 * and the cure.
 */
MUST_USE int release_load(const Home *home, const char *folder, Release **ret, Failure *failure);

/**
 * The same, but what is wrong with a binary is only noted: what runs already needs none. Without @may_change a
 * missing x-bit is left missing.
 */
MUST_USE int
release_examine(const Home *home, const char *folder, bool may_change, Release **ret, Failure *failure);

/** Can all of @release be started? Returns 0 or -errno described in @failure, as release_load(). */
MUST_USE int release_check_fit(const Release *release, Failure *failure);

/**
 * What a fetch may put into @folder (absolute). An operator's folder is never changed but for a binary that is
 * missing: so RELEASE_NOTHING also if its run-config has errors, if a binary is missing that lies outside, or if
 * anything cannot be examined; release_load() then tells what is wrong.
 */
ReleaseAbsence release_absence(const Home *home, const char *folder);

/**
 * Is the binary @path, as the run-config of @folder writes it, missing, and inside the folder without a link on the
 * way?
 *
 * @ret_inner is its path relative to @folder_fd, the open folder, owned by the caller. Returns 0 if so; 1 if
 * something is there; 2 if it lies outside; -errno.
 */
MUST_USE int release_missing_binary(int folder_fd, const char *folder, const char *path, char **ret_inner);

/**
 * Logs what was found that is no error: warnings of the run-config, x-bits that were set, binaries that could not
 * be started again.
 */
void release_log_findings(const Release *release, const char *component);

/** Frees; NULL is fine. Returns NULL. */
Release *release_free(Release *release);

/** Are all files still the ones that were looked at? */
bool release_unchanged(const Release *release);

/** The binary of @process; NULL if the release has no such process. Borrowed. */
const RunBinary *release_binary(const Release *release, ProcessName process);

/** The folder in which the release @tag is expected, absolute, owned by the caller; NULL when memory is out. */
char *release_folder(const Home *home, const Config *config, const char *tag);

static inline void cleanup_release(Release **release) {
    (void)release_free(*release);
}
#define _cleanup_release_ __attribute__((__cleanup__(cleanup_release)))
