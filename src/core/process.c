#include "core/process.h"

const char *const PROCESS_NAME[PROCESS_COUNT] = {
#define X(process, name) [process] = name,
    PROCESS_NAMES(X)
#undef X
};

const char *const PROCESS_STATE_NAME[PROCESS_STATE_COUNT] = {
#define X(state, name, meaning) [state] = name,
    PROCESS_STATES(X)
#undef X
};

const char *const PROCESS_EVENT_NAME[PROCESS_EVENT_COUNT] = {
#define X(event, name, meaning) [event] = name,
    PROCESS_EVENTS(X)
#undef X
};

typedef struct Cell {
    ProcessState next;
    ProcessEffect effect;
} Cell;

static const Cell CELLS[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT] = {
#define X(state, event, next_state, what) [state][event] = {.next = next_state, .effect = what},
    PROCESS_CELLS(X)
#undef X
};

ProcessEffect process_step(Process *process, ProcessEvent event, uint64_t now_usec) {
    const Cell *cell = &CELLS[process->state][event];

    if (process->state != cell->next) {
        process->state = cell->next;
        process->since_usec = now_usec;
        process->ready = false;
    }
    if (cell->effect == PROCESS_EFFECT_READY)
        process->ready = true;
    return cell->effect;
}
