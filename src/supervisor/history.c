/* What becomes history: the reports that are marked so, and how processes ended. */
#include "home/history.h"
#include "supervisor/shell.h"

enum { FIELDS_MAX = 12 };

typedef struct Fields {
    LogField items[FIELDS_MAX];
    size_t count;
} Fields;

static void add(Fields *fields, LogField field) {
    if (fields->count < FIELDS_MAX - 1) /* the last one ends the list */
        fields->items[fields->count++] = field;
}

/* A disk that is full is full for every line. */
static void note(Supervisor *supervisor, const char *event, const LogField *fields) {
    HistoryNotes *notes = &supervisor->history;
    Failure failure = {0};
    if (history_append(supervisor->home, clock_realtime_usec(), event, fields, &failure) >= 0)
        return;
    notes->lost++;
    if (throttle_pass(&notes->complaints, "", clock_monotonic_usec(), 60 * USEC_PER_SEC))
        log_warning("history", failure.message, field_integer("lost", (int64_t)notes->lost));
}

/*
 * An alarm is repeated while nothing else happens, often with others in between. It is history again after anything
 * that is no alarm.
 */
static bool is_repeated(HistoryNotes *notes, const Report *said) {
    if (!(REPORT_TEXTS[said->kind].members & REPORT_ALARM)) {
        notes->changes++;
        return false;
    }
    uint64_t *told = &notes->told[said->kind][said->process];
    bool repeated = *told == notes->changes + 1;
    *told = notes->changes + 1;
    return repeated;
}

static void add_members(Fields *fields, const Report *said, unsigned members) {
    if (members & REPORT_PROCESS)
        add(fields, field_string("process", PROCESS_NAME[said->process]));
    if (members & REPORT_TAG)
        add(fields, field_string("tag", said->tag));
    if (members & REPORT_FROM)
        add(fields, field_string("from", said->from));
    if (members & REPORT_HEIGHT && said->height_blocks > 0)
        add(fields, field_integer("height", (int64_t)said->height_blocks));
    if (members & REPORT_COUNT) {
        add(fields, field_integer("restart", (int64_t)said->count));
        add(fields, field_integer("of", (int64_t)said->limit));
    }
    if (members & REPORT_DELAY)
        add(fields, field_duration("delay", said->delay_usec));
    if (members & REPORT_TOOK)
        add(fields, field_duration("took", said->took_usec));
    if (members & REPORT_DETAIL)
        add(fields, field_string("detail", said->detail));
    if (members & REPORT_TIMES) {
        add(fields, field_duration("ready_to_stop", said->times.ready_to_stop_usec));
        add(fields, field_duration("stop", said->times.stop_usec));
        add(fields, field_duration("switch", said->times.switch_usec));
        add(fields, field_duration("start", said->times.start_usec));
    }
}

void history_note_report(Supervisor *supervisor, const Report *said) {
    unsigned members = REPORT_TEXTS[said->kind].members;
    char name[REPORT_NAME_BYTES];
    Fields fields = {0};

    if (!(members & REPORT_HISTORY) || is_repeated(&supervisor->history, said))
        return;
    add_members(&fields, said, members);
    note(supervisor, report_name(said->kind, &name), fields.items);
}

void history_note_end(Supervisor *supervisor, ProcessName name, const char *how) {
    note(
        supervisor, "ended",
        (const LogField[]){
            field_string("process", PROCESS_NAME[name]), field_string("how", how), {.type = LOG_FIELD_END}});
}
