/*
 * A whole network takes one upgrade, in virtual time: figures and a plot for the docs.
 *
 *     simulate-fleet FOLDER      writes FOLDER/fleet.md and FOLDER/fleet.svg, and says when the network makes
 * blocks
 */
#include "base/clock.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOMES = 10000,
    SHARES_MAX = 1200, /* points of a curve, each a quarter of a second */
    FAULT_RUNS = 4,
};

static const double FAULT_SHARES[FAULT_RUNS] = {0, 0.01, 0.10, 0.34};
static const double PERCENTILES[] = {0.01, 0.10, 0.50, 0.90, 0.99};

enum { PERCENTILE_COUNT = sizeof PERCENTILES / sizeof *PERCENTILES };

static FleetSetup setup(double fault_share, uint64_t spread_seconds, bool prefetch) {
    return (FleetSetup){
        .home_count = HOMES,
        .seed = 1,
        .fault_share = fault_share,
        .spread_usec = spread_seconds * USEC_PER_SEC,
        .prefetch = prefetch,
        .lead_usec = 3600 * USEC_PER_SEC,
        .watched_usec = 1200 * USEC_PER_SEC,
        .server_bytes = 1250e6,
        .line_bytes = 20e6,
        .file_bytes = 60e6,
    };
}

static void write_times(FILE *out, const char *name, const Fleet *fleet, size_t offset) {
    static uint64_t times[HOMES];
    size_t count = fleet_times(fleet, offset, times);
    (void)fprintf(out, "| %s |", name);
    for (size_t i = 0; i < PERCENTILE_COUNT && count > 0; i++)
        (void)fprintf(out, " %.1f |", (double)times[(size_t)(PERCENTILES[i] * (double)(count - 1))] / 1e6);
    if (count > 0)
        (void)fprintf(out, " %.1f | %zu |\n", (double)times[count - 1] / 1e6, count);
    else
        (void)fputs(" – | – | – | – | – | – | 0 |\n", out);
}

static void write_head(FILE *out, const char *what) {
    (void)fprintf(
        out, "\n| %s | p1 | p10 | p50 | p90 | p99 | most | homes |\n|---|---|---|---|---|---|---|---|\n", what);
}

static void write_assumptions(FILE *out, const FleetSetup *used) {
    (void)fprintf(
        out,
        "<!-- Made by `make simulate-fleet`. -->\n"
        "%d homes of one network, each a real core of Visor, take one upgrade in virtual time; one seed, the same "
        "figures every time.\nAssumed: the upgrade is announced %g min before its block; the file has %g MB; the "
        "release server carries %g MB/s in all, each home's line %g MB/s;\na node stops in 2 s and starts in 8 s "
        "(medians; lognormal, sigma 0.6 and 0.7); it finishes the block 0.4 s after the first (sigma 0.6); voting "
        "power falls with the rank of a home as (rank + 10)^-0.7.\nSettings are the defaults: polls every 2 s, every "
        "0.1 s while an upgrade is accepted, SIGKILL after 15 s, restarts after 5 s, autoInstall on.\n",
        (int)HOMES, (double)used->lead_usec / 60e6, used->file_bytes / 1e6, used->server_bytes / 1e6,
        used->line_bytes / 1e6);
}

static void write_load(FILE *out, const Fleet *fleets, const char *const *names, size_t count) {
    static const size_t MOMENTS_SECONDS[] = {1, 5, 15, 30, 60, 300, 450, 600};
    enum { MOMENTS = sizeof MOMENTS_SECONDS / sizeof *MOMENTS_SECONDS };
    (void)fputs("\n| fetches at once, after the announcement |", out);
    for (size_t moment = 0; moment < MOMENTS; moment++)
        (void)fprintf(out, " %zu s |", MOMENTS_SECONDS[moment]);
    (void)fputs("\n|---|", out);
    for (size_t moment = 0; moment < MOMENTS; moment++)
        (void)fputs("---|", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "\n| %s |", names[i]);
        for (size_t moment = 0; moment < MOMENTS; moment++) {
            size_t second = MOMENTS_SECONDS[moment];
            (void)fprintf(out, " %u |", second < fleets[i].seconds ? fleets[i].fetching[second] : 0);
        }
    }
    (void)fputc('\n', out);
}

static void write_fetches(FILE *out, const Fleet *fleets, const char *const *names, size_t count) {
    write_head(out, "fetch begins, seconds after the announcement");
    for (size_t i = 0; i < count; i++)
        write_times(out, names[i], &fleets[i], offsetof(FleetOutcome, fetch_began_usec));
    write_head(out, "fetch takes, seconds");
    for (size_t i = 0; i < count; i++)
        write_times(out, names[i], &fleets[i], offsetof(FleetOutcome, fetch_took_usec));
    write_load(out, fleets, names, count);
    (void)fputs(
        "\n| | most fetches at once | network makes blocks again after the block, seconds |\n|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        uint64_t back_usec = fleet_back_usec(&fleets[i], 2.0 / 3);
        (void)fprintf(out, "| %s | %u |", names[i], fleets[i].fetching_most);
        if (back_usec == USEC_NEVER)
            (void)fputs(" not within 20 minutes |\n", out);
        else
            (void)fprintf(out, " %.1f |\n", (double)back_usec / 1e6);
    }
}

static void write_faults(FILE *out, const Fleet *fleets, const char *const *names) {
    write_head(out, "downtime: from the block to the new release's answer, seconds");
    for (size_t i = 0; i < FAULT_RUNS; i++)
        write_times(out, names[i], &fleets[i], offsetof(FleetOutcome, back_usec));
    write_head(out, "of it, from SIGTERM to that answer, seconds");
    for (size_t i = 0; i < FAULT_RUNS; i++)
        write_times(out, names[i], &fleets[i], offsetof(FleetOutcome, stopped_usec));
    (void)fputs(
        "\n| voting power back after | 5 s | 10 s | 15 s | 30 s | 60 s | more than 2/3: blocks again |\n"
        "|---|---|---|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < FAULT_RUNS; i++) {
        static const uint64_t MOMENTS_SECONDS[] = {5, 10, 15, 30, 60};
        (void)fprintf(out, "| %s |", names[i]);
        for (size_t moment = 0; moment < sizeof MOMENTS_SECONDS / sizeof *MOMENTS_SECONDS; moment++)
            (void)fprintf(
                out, " %.1f %% |", 100 * fleet_share_back(&fleets[i], MOMENTS_SECONDS[moment] * USEC_PER_SEC));
        uint64_t back_usec = fleet_back_usec(&fleets[i], 2.0 / 3);
        if (back_usec == USEC_NEVER)
            (void)fputs(" not within 20 minutes |\n", out);
        else
            (void)fprintf(out, " %.1f s |\n", (double)back_usec / 1e6);
    }
    (void)fputs(
        "\nA fault is, with the same odds: the release cannot be fetched; the node does not stop until SIGKILL; Visor "
        "is killed within the 5 s before or 30 s after\nthe block and started again 1 s later; the new node crashes at "
        "its first start. Homes that cannot fetch keep their old node and are not back.\n",
        out);
}

static void write_plots(
    FILE *out, const Fleet *faulty, const char *const *fault_names, const Fleet *fetching,
    const char *const *fetch_names, size_t fetch_count) {
    static double seconds[SHARES_MAX], shares[FAULT_RUNS][SHARES_MAX], load_seconds[SHARES_MAX],
        loads[4][SHARES_MAX];
    PlotLine back[FAULT_RUNS], load[4];
    double most = 1;
    for (size_t i = 0; i < SHARES_MAX; i++) {
        seconds[i] = (double)i / 4;
        load_seconds[i] = (double)i;
    }
    for (size_t run = 0; run < FAULT_RUNS; run++) {
        for (size_t i = 0; i < SHARES_MAX; i++)
            shares[run][i] = 100 * fleet_share_back(&faulty[run], i * USEC_PER_SEC / 4);
        back[run] = (PlotLine){fault_names[run], seconds, shares[run], SHARES_MAX};
    }
    for (size_t run = 0; run < fetch_count; run++) {
        for (size_t i = 0; i < SHARES_MAX && i < fetching[run].seconds; i++) {
            loads[run][i] = fetching[run].fetching[i];
            most = loads[run][i] > most ? loads[run][i] : most;
        }
        load[run] = (PlotLine){fetch_names[run], load_seconds, loads[run], SHARES_MAX};
    }
    Plot plots[] = {
        {.title = "Voting power that is back after the upgrade block",
         .x_label = "seconds after the block",
         .y_label = "voting power back (%)",
         .x_most = 60,
         .y_most = 100,
         .x_tick = 10,
         .y_tick = 20,
         .mark_y = 200.0 / 3,
         .mark_name = "2/3: blocks are made again",
         .lines = back,
         .line_count = FAULT_RUNS},
        {.title = "Load on the release server",
         .x_label = "seconds after the announcement",
         .y_label = "fetches at once",
         .x_most = 900,
         .y_most = most,
         .x_tick = 100,
         .y_tick = 2000,
         .lines = load,
         .line_count = fetch_count},
    };
    plot_write(out, plots, sizeof plots / sizeof *plots);
}

static FILE *open_in(const char *folder, const char *name) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file)
        (void)fprintf(stderr, "Error: cannot write %s: %s\n", path, strerror(errno));
    return file;
}

static int write_all(const char *folder, const Fleet *faulty, const Fleet *fetching, size_t fetch_count) {
    static const char *const FAULT_NAMES[FAULT_RUNS] = {
        "no faults", "1 % of homes", "10 % of homes", "34 % of homes"};
    static const char *const FETCH_NAMES[] = {"spread 30 s (default)", "no spread", "spread 600 s"};
    FILE *text = open_in(folder, "fleet.md");
    FILE *plot = open_in(folder, "fleet.svg");
    if (text) {
        write_assumptions(text, &faulty[0].setup);
        write_faults(text, faulty, FAULT_NAMES);
        write_fetches(text, fetching, FETCH_NAMES, fetch_count);
    }
    if (plot)
        write_plots(plot, faulty, FAULT_NAMES, fetching, FETCH_NAMES, fetch_count);
    bool whole = text && plot;
    whole = (!text || fclose(text) == 0) && whole;
    whole = (!plot || fclose(plot) == 0) && whole;
    return whole ? 0 : 1;
}

int main(int argc, char **argv) {
    static Fleet faulty[FAULT_RUNS], fetching[3];
    static const uint64_t SPREADS_SECONDS[] = {30, 0, 600};
    if (argc != 2) {
        (void)fputs("Error: say where to write to: simulate-fleet FOLDER\n", stderr);
        return 64;
    }
    for (size_t run = 0; run < FAULT_RUNS; run++) {
        FleetSetup wanted = setup(FAULT_SHARES[run], 30, true);
        if (fleet_run(&wanted, &faulty[run]) < 0)
            return 1;
        uint64_t back_usec = fleet_back_usec(&faulty[run], 2.0 / 3);
        printf("%2.0f %% of homes with a fault: ", 100 * FAULT_SHARES[run]);
        if (back_usec == USEC_NEVER)
            (void)puts("no blocks within 20 minutes");
        else
            printf("blocks again %.1f s after the block\n", (double)back_usec / 1e6);
    }
    for (size_t run = 0; run < 3; run++) {
        FleetSetup wanted = setup(0, SPREADS_SECONDS[run], true);
        if (fleet_run(&wanted, &fetching[run]) < 0)
            return 1;
    }
    int r = write_all(argv[1], faulty, fetching, 3);
    for (size_t run = 0; run < FAULT_RUNS; run++)
        fleet_clear(&faulty[run]);
    for (size_t run = 0; run < 3; run++)
        fleet_clear(&fetching[run]);
    return r;
}
