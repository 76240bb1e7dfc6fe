/* run-config.toml: how the binaries of one release folder are run. */
#pragma once

#include "config/problems.h"

#include <stdbool.h>

/** A program and its arguments, as a person wrote them. */
typedef struct RunBinary {
    char *path;       /* as in the file: absolute, or relative to the folder of the file */
    char *full_path;  /* absolute */
    char **arguments; /* NULL-terminated, without the program itself */
} RunBinary;

typedef struct RunConfig {
    char *name;
    RunBinary vega;
    char *rpc_socket_path; /* absolute */
    char *rpc_http_path;   /* begins with '/'; default "/rpc" */
    char *statistics_url;  /* [vega.statistics] url; NULL if absent */
    bool has_data_node;
    RunBinary data_node;
} RunConfig;

/**
 * Reads and checks FOLDER/run-config.toml.
 *
 * All findings go to @problems (sorted). @ret is owned by the caller (run_config_free). Returns 0 (there may be
 * warnings); -EBADMSG if there are errors; -ENOMEM. Only the file itself is looked at, not the binaries it names.
 */
MUST_USE int run_config_load(const char *folder, RunConfig **ret, Problems *problems);

/** Frees @config; NULL is fine. */
void run_config_free(RunConfig *config);

/**
 * Finds the flag @name ("--home") among @arguments, as `--home X` or `--home=X`; what follows a bare `--` is no
 * flag.
 *
 * Returns the value, borrowed; "" if the flag is the last word and has none; NULL if the flag is absent. The last
 * occurrence wins, as it does in the flag parsers of the node.
 */
const char *arguments_flag(char *const *arguments, const char *name);

static inline void cleanup_run_config(RunConfig **config) {
    run_config_free(*config);
}
#define _cleanup_run_config_ __attribute__((__cleanup__(cleanup_run_config)))
