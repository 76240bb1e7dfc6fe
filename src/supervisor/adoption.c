/* What lives of the node that this Visor has not started: looked at, and taken over. */
#include "base/cleanup.h"
#include "supervisor/shell.h"

#include <string.h>

void remnants_clear(Remnants *remnants) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        process_record_clear(&remnants->records[name]);
    *remnants = (Remnants){0};
}

void remnants_look(const Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    Failure why = {0};

    *remnants = (Remnants){0};
    *failure = (Failure){0};
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        Failure reason = {0};
        remnants->alive[name] = survivor_look(supervisor->home, name, &remnants->records[name], &reason);
        if (remnants->alive[name] == ALIVE_UNKNOWN)
            (void)failure_set(failure, 0, "%s%s%s", why.message, why.message[0] ? "; " : "", reason.message);
        why = *failure;
    }
}

bool remnants_have(const Remnants *remnants, Alive how) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (remnants->alive[name] == how)
            return true;
    return false;
}

const ProcessRecord *remnants_living(const Remnants *remnants) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++)
        if (remnants->alive[name] == ALIVE_ADOPTED)
            return &remnants->records[name];
    return NULL;
}

static int take(Supervisor *supervisor, ProcessName name, ProcessRecord *record, Failure *failure) {
    int r = child_adopt(
        supervisor->event, record->pid, record->start_ticks, processes_ended, supervisor,
        &supervisor->children[name], failure);
    if (r != 0)
        return r;
    process_record_clear(&supervisor->records[name]);
    supervisor->records[name] = *record;
    record->folder = record->binary = record->executable = NULL; /* handed over; the rest is still to be told */
    processes_remember_lock(supervisor, name);
    return 0;
}

int remnants_adopt(Supervisor *supervisor, Remnants *remnants, Failure *failure) {
    for (ProcessName name = 0; name < PROCESS_COUNT; name++) {
        if (remnants->alive[name] != ALIVE_ADOPTED)
            continue;
        int r = take(supervisor, name, &remnants->records[name], failure);
        if (r == 0)
            continue;
        for (ProcessName taken = 0; taken < name; taken++) /* all or none: the core gets one answer */
            supervisor->children[taken] = child_free(supervisor->children[taken]);
        return r;
    }
    return 0;
}

/* Its record is written before it is forked, but only the process itself signs it. */
bool remnants_have_data_node_begun(const Remnants *remnants) {
    const ProcessRecord *core = &remnants->records[PROCESS_VEGA];
    const ProcessRecord *data_node = &remnants->records[PROCESS_DATA_NODE];
    return data_node->pid > 0 && core->note.started_usec > 0 &&
           data_node->note.started_usec == core->note.started_usec;
}

void remnants_describe(const Supervisor *supervisor, const Remnants *remnants, Event *event) {
    const ProcessRecord *living = remnants_living(remnants);

    memcpy(event->inspected.alive, remnants->alive, sizeof remnants->alive);
    if (!living)
        return;
    event->inspected.note = living->note;
    event->inspected.ending = living->dies_with_visor && !supervisor->inheritance->received;
    event->inspected.data_node_began = remnants_have_data_node_begun(remnants);
}
