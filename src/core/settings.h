/* The numbers of config.toml that decisions depend on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Settings {
    uint64_t first_connection_usec;   /* how long a first start or an upgrade may take to answer */
    uint64_t restart_connection_usec; /* the same for a restart */
    uint64_t max_restarts;
    uint64_t restarts_delay_usec;
    uint64_t restarts_budget_reset_usec; /* 0 = the budget never refills */
    uint64_t stop_delay_usec;
    uint64_t stop_grace_usec; /* SIGTERM -> SIGKILL */
    uint64_t poll_interval_usec;
    uint64_t accepted_poll_interval_usec;
    bool fetch_enabled;         /* a release that is missing is fetched */
    bool fetch_early;           /* as soon as it is accepted, not only when the network waits */
    uint64_t fetch_spread_usec; /* the most that the first try of an accepted release is put off */
    uint64_t fetch_revision;    /* changes with every setting that the fetched release depends on */
} Settings;
