/*
 * The simulator: lives through many histories of a home, or through one and tells it. See HACKING.md.
 *
 *     simulate --seeds N [--from SEED] [--jobs J] [--brief]   exit 1 if an invariant was violated: then the history
 *                                                             is shrunk and told
 *     simulate SEED                                           tells the history of that seed
 */
#include "tests/simulation/history.h"
#include "tests/simulation/runner.h"
#include "tests/simulation/shrink.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHRINK_TRIES_MAX = 6000 };

static void print_violation(uint64_t seed, const Violation *violation) {
    printf(
        "seed %" PRIu64 " violates %s: %s (%s)\n", seed, VIOLATION_NUMBER[violation->kind],
        VIOLATION_HOLDS[violation->kind], violation->detail);
}

static int tell(uint64_t seed) {
    static Tally tally;
    static World world;
    Choices choices;
    choices_seed(&choices, seed, NULL);
    history_live_guarded(&world, &choices, &tally, stdout);
    printf("hash %016" PRIx64 ", %" PRIu64 " steps\n", world.hash, tally.steps);
    if (!violated(&world))
        return 0;
    print_violation(seed, &world.violation);
    return 1;
}

static void tell_shrunk(uint64_t seed) {
    static Tally tally;
    static World world;
    ChoiceList list = {0};
    Choices choices;

    Violation violation = shrink_record(seed, &list);
    if (violation.kind == VIOLATION_NONE) {
        printf("the history of seed %" PRIu64 " does not fail alone\n", seed);
        choice_list_clear(&list);
        return;
    }
    size_t before = list.count;
    shrink(&list, violation.kind, SHRINK_TRIES_MAX);
    printf("shrunk from %zu choices to %zu:\n", before, list.count);
    choices_replay(&choices, &list, NULL);
    history_live_guarded(&world, &choices, &tally, stdout);
    choice_list_clear(&list);
}

static void print_result(const Result *result, bool brief) {
    const Tally *tally = &result->tally;
    uint64_t faults = 0;
    for (Fault fault = 0; fault < FAULT_COUNT; fault++)
        faults += tally->faults[fault];
    if (!brief) {
        (void)puts("faults injected:");
        tally_print_faults(tally, stdout);
        tally_print_coverage(tally, stdout);
        (void)putchar('\n');
    }
    printf(
        "%" PRIu64 " histories, %.0f a second; %.0f simulated years, %" PRIu64 " steps, %" PRIu64
        " upgrades, %" PRIu64 " adoptions, %" PRIu64 " faults; hash %016" PRIx64 "\n",
        tally->histories, (double)tally->histories / result->took_seconds,
        (double)tally->virtual_seconds / (365.25 * 86400), tally->steps, tally->upgrades, tally->adoptions, faults,
        tally->hash);
}

static int run(const Run *wanted, bool brief) {
    static Result result;
    int r = run_histories(wanted, &result);
    if (r < 0) {
        (void)fprintf(stderr, "Error: cannot run: %s\n", strerror(-r));
        return 2;
    }
    print_result(&result, brief);
    if (!result.failed)
        return 0;
    print_violation(result.seed, &result.violation);
    if (!brief)
        tell_shrunk(result.seed);
    return 1;
}

int main(int argc, char **argv) {
    static const struct option OPTIONS[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {"jobs", required_argument, NULL, 'j'},
        {"brief", no_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    Run wanted = {.first_seed = 1};
    bool brief = false;
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'n':
            wanted.seed_count = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            wanted.first_seed = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            wanted.jobs = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'b':
            brief = true;
            break;
        default:
            return 64;
        }
    }
    if (wanted.seed_count > 0)
        return run(&wanted, brief);
    if (optind < argc)
        return tell(strtoull(argv[optind], NULL, 10));
    (void)fputs("Error: say --seeds N, or a SEED\n", stderr);
    return 64;
}
