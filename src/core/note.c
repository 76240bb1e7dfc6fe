#include "core/note.h"

#include "core/step.h"

enum { NOTE_AGAIN_USEC = 10 * 1000 * 1000 };

void node_note(Step *step) {
    Node *node = &step->core->node;
    node->note_due_usec = USEC_NEVER;
    step_do(step, ACTION_NOTE)->note = (NodeNote){
        .started_usec = node->started_usec,
        .start = node->start,
        .height_blocks = node->spawn_height_blocks,
        .answered = step->core->processes[PROCESS_VEGA].ready,
        .restarts_used = node->restarts_used,
        .stopping = node->reason,
    };
}

void node_not_noted(Step *step) {
    step->core->node.note_due_usec = usec_add(step->now_usec, NOTE_AGAIN_USEC);
}

uint64_t node_note_due_usec(const Core *core) {
    return processes_down(core) ? USEC_NEVER : core->node.note_due_usec; /* of the dead there is nothing to tell */
}

void node_note_when_due(Step *step) {
    if (step->now_usec >= node_note_due_usec(step->core))
        node_note(step);
}
