/* The core's reports as log lines. */
#include "base/cleanup.h"
#include "home/survivor.h"
#include "supervisor/shell.h"

#include <stdio.h>

enum { FIELDS_MAX = 12 };

typedef struct Fields {
    LogField items[FIELDS_MAX];
    size_t count;
} Fields;

static void add(Fields *fields, LogField field) {
    if (fields->count < FIELDS_MAX - 1)
        fields->items[fields->count++] = field;
}

/*
 * A node whose answers flap makes the same news with every poll. So many lines of a kind a minute are news; the
 * rest is counted and told when the minute is over.
 */
static bool within_budget(ReportBudget *budget, const ReportText *text, uint64_t now_usec) {
    enum { LINES = 30, MINUTE_USEC = 60 * 1000 * 1000 };
    if (usec_since(now_usec, budget->began_usec) >= MINUTE_USEC) {
        if (budget->lines > LINES)
            log_event(
                text->level, text->component, text->message,
                field_integer("left_out_before", (int64_t)budget->lines - LINES));
        *budget = (ReportBudget){.began_usec = now_usec};
    }
    return ++budget->lines <= LINES;
}

/* Of each process's lock, as texts. */
typedef struct Holders {
    char pids[PROCESS_COUNT][LOCK_HOLDERS_TEXT_BYTES];
} Holders;

static const char *find_holders(const Supervisor *supervisor, ProcessName name, Holders *holders) {
    survivor_describe(supervisor->home, name, &holders->pids[name]);
    return holders->pids[name];
}

/* What the core does not know, but a person wants to. */
static void add_shell_facts(const Supervisor *supervisor, const Report *said, Holders *holders, Fields *fields) {
    if (said->kind == REPORT_LINGERS || said->kind == REPORT_UNKILLABLE)
        add(fields, field_string("pids", find_holders(supervisor, said->process, holders)));
    if (said->kind == REPORT_ADOPTED) {
        add(fields, field_integer("pid", supervisor->records[said->process].pid));
        add(fields, field_string("binary", supervisor->records[said->process].binary));
    }
    if (said->kind == REPORT_HELD) {
        add(fields, field_string("why", supervisor->held.message));
        for (ProcessName name = 0; name < PROCESS_COUNT; name++)
            add(fields, field_string(PROCESS_NAME[name], find_holders(supervisor, name, holders)));
    }
}

void report(Supervisor *supervisor, const Report *said) {
    const ReportText *text = &REPORT_TEXTS[said->kind];
    Fields fields = {0};
    if (!within_budget(&supervisor->report_budgets[said->kind], text, clock_monotonic_usec()))
        return;
    history_note_report(supervisor, said);
    Holders holders;

    if (text->members & REPORT_PROCESS)
        add(&fields, field_string("process", PROCESS_NAME[said->process]));
    if (text->members & REPORT_TAG)
        add(&fields, field_string("tag", said->tag));
    if (text->members & REPORT_FROM)
        add(&fields, field_string("from", said->from));
    if (text->members & REPORT_HEIGHT && said->height_blocks > 0)
        add(&fields, field_integer("height", (int64_t)said->height_blocks));
    if (text->members & REPORT_COUNT) {
        add(&fields, field_integer("restart", (int64_t)said->count));
        add(&fields, field_integer("of", (int64_t)said->limit));
    }
    if (text->members & REPORT_DELAY)
        add(&fields, field_duration("within", said->delay_usec));
    if (text->members & REPORT_TOOK)
        add(&fields, field_duration("after", said->took_usec));
    if (text->members & REPORT_DETAIL)
        add(&fields, field_string("detail", said->detail));
    if (text->members & REPORT_TIMES) {
        add(&fields, field_duration("ready_to_stop", said->times.ready_to_stop_usec));
        add(&fields, field_duration("stop", said->times.stop_usec));
        add(&fields, field_duration("switch", said->times.switch_usec));
        add(&fields, field_duration("start", said->times.start_usec));
    }
    add_shell_facts(supervisor, said, &holders, &fields);
    if (said->kind == REPORT_ANSWERED)
        processes_check_kept(supervisor);
    log_write(text->level, text->component, text->message, fields.items);
}
