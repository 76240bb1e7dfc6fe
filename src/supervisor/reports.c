/* The core's reports as log lines. */
#include "base/cleanup.h"
#include "home/lock.h"
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

/* Who keeps the node from being started: what the operator needs at night. */
static void describe_holders(const Supervisor *supervisor, ProcessName name, char *text, size_t size_bytes) {
    enum { HOLDERS_MAX = 8 };
    _cleanup_free_ char *lock = home_process_lock(PROCESS_NAME[name]);
    pid_t holders[HOLDERS_MAX];
    size_t count = lock ? lock_holders(supervisor->home->private_fd, lock, holders, HOLDERS_MAX) : 0;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && i < HOLDERS_MAX && used < size_bytes; i++)
        used += (size_t)snprintf(text + used, size_bytes - used, "%s%d", i > 0 ? "," : "", (int)holders[i]);
}

void report(const Supervisor *supervisor, const Report *said) {
    const ReportText *text = &REPORT_TEXTS[said->kind];
    Fields fields = {0};
    char holders[128];

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
    if (said->kind == REPORT_LINGERS || said->kind == REPORT_UNKILLABLE) {
        describe_holders(supervisor, said->process, holders, sizeof holders);
        add(&fields, field_string("pids", holders));
    }
    log_write(text->level, text->component, text->message, fields.items);
}
