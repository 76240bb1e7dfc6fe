/* The core's own assertions end in abort(): here they end the history instead. */
#include "tests/simulation/history.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf out;

static void on_abort(int number) {
    siglongjmp(out, number);
}

void history_live_guarded(World *world, const Choices *choices, Tally *tally, FILE *trace) {
    struct sigaction action = {.sa_handler = on_abort};
    struct sigaction before;
    (void)sigaction(SIGABRT, &action, &before);
    if (sigsetjmp(out, 1) == 0)
        history_live(world, choices, tally, trace);
    else
        violate(world, VIOLATION_ASSERTION, "see what it said");
    (void)sigaction(SIGABRT, &before, NULL);
}
