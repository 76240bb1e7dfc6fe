/*
 * The simulator: lives through many histories of a home, or through one and tells it.
 *
 *     simulate --seeds N [--from SEED] [--jobs J]     exit 1 if an invariant was violated; the history is shrunk
 *     simulate SEED                                   tells the history of that seed
 */
#include "tests/simulation/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    static Tally tally;
    static World world;
    Choices choices;
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t last = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    for (; seed <= last; seed++) {
        choices_seed(&choices, seed, NULL);
        history_live(&world, &choices, &tally, argc > 2 ? NULL : stdout);
        if (violated(&world)) {
            printf(
                "seed %" PRIu64 " violated %s: %s (%s)\n", seed, VIOLATION_NUMBER[world.violation.kind],
                VIOLATION_HOLDS[world.violation.kind], world.violation.detail);
            if (argc <= 3)
                return 1;
        }
    }
    printf(
        "hash %016" PRIx64 ", %" PRIu64 " steps, %.1f years\n", tally.hash, tally.steps,
        (double)tally.virtual_seconds / 31557600);
    if (argc > 2) {
        tally_print_faults(&tally, stdout);
        tally_print_coverage(&tally, stdout);
    }
    return 0;
}
