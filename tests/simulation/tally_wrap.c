/*
 * The process machine is fed inside the core; the linker lets us see it (-Wl,--wrap=process_step).
 */
#include "tests/simulation/tally.h"

static Tally *watching;

void tally_watch_processes(Tally *tally) {
    watching = tally;
}

ProcessEffect __real_process_step(Process *process, ProcessEvent event, uint64_t now_usec);
ProcessEffect __wrap_process_step(Process *process, ProcessEvent event, uint64_t now_usec);

ProcessEffect __wrap_process_step(Process *process, ProcessEvent event, uint64_t now_usec) {
    if (watching)
        watching->processes[process->state][event]++;
    return __real_process_step(process, event, now_usec);
}
