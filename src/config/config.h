/*
 * config.toml: Visor's own settings. Names, defaults and limits stand in keys.c, once, as a table against which
 * docs/configuration.md is checked.
 */
#pragma once

#include "base/log.h"
#include "config/problems.h"
#include "config/string_pairs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum VerifyMode { VERIFY_PREFER, VERIFY_REQUIRE, VERIFY_OFF, VERIFY_MODE_COUNT } VerifyMode;

/** The names of the modes, by value: what config.toml spells. */
extern const char *const VERIFY_MODE_NAMES[VERIFY_MODE_COUNT];

/** What becomes of the node when Visor dies. */
typedef enum OnVisorDeath {
    ON_VISOR_DEATH_KEEP, /* it runs on; the next Visor takes it over */
    ON_VISOR_DEATH_STOP, /* it gets SIGTERM */
    ON_VISOR_DEATH_COUNT,
} OnVisorDeath;

typedef struct Config {
    uint64_t max_first_connection_retries;   /* each stands for 2 s */
    uint64_t max_restart_connection_retries; /* likewise */
    uint64_t max_restarts;
    uint64_t restarts_delay_seconds;
    uint64_t restarts_budget_reset_seconds; /* 0 = never */
    uint64_t stop_delay_seconds;
    uint64_t stop_signal_timeout_seconds;
    OnVisorDeath on_visor_death;
    StringPairs upgrade_folders; /* tag -> folder, relative to the home or absolute */

    struct {
        uint64_t poll_interval_ms;
        uint64_t accepted_poll_interval_ms;
        uint64_t timeout_ms;
    } rpc;

    struct {
        bool enabled;
        char *repository_owner;
        char *repository;
        char *asset_name;
        char *asset_binary_name;
        char *asset_public_key;
        StringPairs asset_sha256; /* tag -> hex */
        char *api_url;
        char *download_url;
        char *token_file;
        bool prefetch;
        uint64_t prefetch_spread_seconds;
        VerifyMode verify;
        uint64_t stall_timeout_seconds;
        uint64_t max_asset_bytes;
        uint64_t max_unpacked_bytes;
        uint64_t keep_releases;
    } auto_install;

    struct {
        uint64_t timeout_seconds;
        /* each a NULL-terminated argv; empty = no hook */
        char **accepted, **prepared, **before_stop, **before_start, **completed, **failed;
    } hooks;

    struct {
        char *listen;
    } web;

    struct {
        LogFormat format;
        LogLevel level;
    } log;
} Config;

/**
 * Reads and checks config.toml at @path.
 *
 * All findings go to @problems (sorted). @ret is owned by the caller (config_free). Returns 0 (there may be
 * warnings); -EBADMSG if there are errors; -ENOMEM.
 */
MUST_USE int config_load(const char *path, Config **ret, Problems *problems);

/** Frees @config; NULL is fine. */
void config_free(Config *config);

/** The folder that [upgradeFolders] names for @tag, borrowed from @config; @tag itself if there is no entry. */
const char *config_upgrade_folder(const Config *config, const char *tag);

/** Is called once per key whose value differs; the values are printed for a person and borrowed for the call. */
typedef void (*ConfigChangeHandler)(const char *key, const char *from, const char *to, void *userdata);

/** Names what differs between two configurations, in the order of the key table. */
void config_compare(const Config *from, const Config *to, ConfigChangeHandler handler, void *userdata);

static inline void cleanup_config(Config **config) {
    config_free(*config);
}
#define _cleanup_config_ __attribute__((__cleanup__(cleanup_config)))
