#include "tests/simulation/tally.h"

#include <inttypes.h>

const char *const FAULT_NAME[FAULT_COUNT] = {
#define X(fault, name) [fault] = name,
    FAULTS(X)
#undef X
};

static void add(uint64_t *to, const uint64_t *from, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

void tally_add(Tally *to, const Tally *from) {
    uint64_t actions_most = to->actions_most > from->actions_most ? to->actions_most : from->actions_most;
    add((uint64_t *)to, (const uint64_t *)from, sizeof *to / sizeof(uint64_t));
    to->actions_most = actions_most;
}

void tally_print_faults(const Tally *tally, FILE *out) {
    for (Fault fault = 0; fault < FAULT_COUNT; fault++)
        (void)fprintf(out, "  %12" PRIu64 "  %s\n", tally->faults[fault], FAULT_NAME[fault]);
}

static void print_table(
    FILE *out, const char *title, const uint64_t *cells, const char *const *rows, size_t row_count,
    const char *const *columns, size_t column_count) {
    (void)fprintf(out, "\n%s\n", title);
    for (size_t row = 0; row < row_count; row++) {
        (void)fprintf(out, "  %-12s", rows[row]);
        uint64_t never = 0;
        for (size_t column = 0; column < column_count; column++) {
            uint64_t count = cells[row * column_count + column];
            never += count == 0;
            if (count > 0)
                (void)fprintf(out, " %s=%" PRIu64, columns[column], count);
        }
        if (never > 0)
            (void)fprintf(out, "\n  %-12s never:", "");
        for (size_t column = 0; column < column_count; column++)
            if (cells[row * column_count + column] == 0)
                (void)fprintf(out, " %s,", columns[column]);
        (void)fputc('\n', out);
    }
}

void tally_print_coverage(const Tally *tally, FILE *out) {
    print_table(
        out, "node phase x event", tally->phases[0], NODE_PHASE_NAME, NODE_PHASE_COUNT, EVENT_NAME,
        EVENT_TYPE_COUNT);
    print_table(
        out, "upgrade step x event", tally->upgrade_steps[0], UPGRADE_STEP_NAME, UPGRADE_STEP_COUNT, EVENT_NAME,
        EVENT_TYPE_COUNT);
    print_table(
        out, "process state x process event", tally->processes[0], PROCESS_STATE_NAME, PROCESS_STATE_COUNT,
        PROCESS_EVENT_NAME, PROCESS_EVENT_COUNT);
    (void)fputs("\nnever done:", out);
    for (ActionType action = 0; action < ACTION_TYPE_COUNT; action++)
        if (tally->actions[action] == 0)
            (void)fprintf(out, " %s,", ACTION_NAME[action]);
    (void)fputs("\nnever said:", out);
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        if (tally->reports[kind] == 0)
            (void)fprintf(out, "\n  %s", REPORT_TEXTS[kind].message);
    (void)fprintf(out, "\nat most %" PRIu64 " actions in a step, of %d\n", tally->actions_most, (int)ACTIONS_MAX);
}
