/* Where things lie in a home folder. Every path below it is made here. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

#define HOME_CONFIG_FILE "config.toml"
#define HOME_CURRENT_LINK "current"
#define HOME_GENESIS_FOLDER "genesis"
#define HOME_PRIVATE_FOLDER ".visor"
#define HOME_LOCK_FILE "lock"
#define HOME_STATE_FILE "state.json"
#define HOME_HISTORY_FILE "history.jsonl"
#define HOME_HISTORY_OLD_FILE "history.jsonl.1"

/** An open home. */
typedef struct Home {
    char *path;     /* absolute, without links */
    int fd;         /* the folder itself: for fsync and the ...at calls */
    int private_fd; /* HOME/.visor; -1 after home_look() if it is not there or closed to us */
} Home;

/**
 * Opens the home at @path and makes HOME/.visor (0700) if it is not there yet.
 *
 * @ret is owned by the caller (home_close). Returns 0; -ENOENT if the folder is missing or was never initialised
 * (no config.toml); otherwise -errno. Described in @failure.
 */
MUST_USE int home_open(const char *path, Home *ret, Failure *failure);

/** The same, but changes nothing: HOME/.visor is only opened if it is there. */
MUST_USE int home_look(const char *path, Home *ret, Failure *failure);

/**
 * Sees that HOME/.visor is still the folder that was opened; if somebody removed or replaced it, makes it anew and
 * opens that. Returns 0; 1 if it was made anew; -errno described in @failure.
 */
MUST_USE int home_keep_private(Home *home, Failure *failure);

/** Which folder it is, whatever it is called and by which way one gets there; as long as the machine runs. */
typedef struct HomeIdentity {
    uint64_t device, inode;
} HomeIdentity;

/** Returns 0 or -errno. */
MUST_USE int home_identity(const Home *home, HomeIdentity *ret);

/** An empty one equals none. */
bool home_identity_equal(const HomeIdentity *left, const HomeIdentity *right);

/** Closes and frees; a zeroed or closed home is fine. */
void home_close(Home *home);

/** HOME/@name, owned by the caller; NULL when memory is out. An absolute @name is copied as it is. */
char *home_path(const Home *home, const char *name);

/** The name of a node process's lock file in HOME/.visor: "vega.lock". Owned by the caller; NULL = out of memory.
 */
char *home_process_lock(const char *process_name);

#define _cleanup_home_ __attribute__((__cleanup__(home_close)))
