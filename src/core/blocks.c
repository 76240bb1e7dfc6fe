#include "core/blocks.h"

#include "core/step.h"

enum {
    ASK_USEC = 1000 * 1000,
    ALARM_USEC = 60 * 1000 * 1000,
};

void blocks_watch(Step *step, const Report *completed) {
    Blocks *blocks = &step->core->blocks;
    *blocks = (Blocks){
        .watching = true,
        .since_usec = step->now_usec,
        .ask_due_usec = step->now_usec,
        .alarm_due_usec = usec_add(step->now_usec, ALARM_USEC),
        .completed = *completed,
    };
    tag_copy(&blocks->tag, completed->tag);
    tag_copy(&blocks->from, completed->from);
    blocks->completed.tag = blocks->tag;
    blocks->completed.from = blocks->from;
}

void blocks_resume(Step *step) {
    const ReleaseRecord *record = &step->core->node.record;
    Report completed = {
        .kind = REPORT_COMPLETED_LATER, .tag = record->tag, .from = "", .height_blocks = record->height_blocks};
    blocks_watch(step, &completed);
}

void blocks_forget(Step *step) {
    step->core->blocks.watching = false;
}

/* Told first: a Visor that dies in between is one that tells it twice, not never. */
static void complete(Step *step) {
    Blocks *blocks = &step->core->blocks;
    blocks->watching = false;
    step_report(step, blocks->completed);
    record_save_blocks_seen(step);
}

void blocks_inspected(Step *step, const Event *event) {
    Blocks *blocks = &step->core->blocks;
    if (!blocks->watching || event->inspected.result != EXIT_CODE_OK)
        return;
    if (!event->inspected.is_recorded) {
        blocks->watching = false;
        step->core->node.record.blocks_awaited = false; /* it goes to the disk with the record of what runs now */
    } else if (!event->inspected.has_statistics) {
        complete(step);
    }
}

void blocks_expected(Step *step) {
    Blocks *blocks = &step->core->blocks;
    blocks->since_usec = step->now_usec;
    blocks->alarm_due_usec = usec_add(step->now_usec, ALARM_USEC);
    blocks->has_first = false; /* a node that starts anew may begin at another height without making a block */
}

void blocks_unasked(Step *step) {
    step->core->blocks.asking = false;
}

void blocks_height(Step *step, bool known, uint64_t height_blocks) {
    Blocks *blocks = &step->core->blocks;
    blocks->asking = false;
    if (!blocks->watching || !known)
        return;
    if (blocks->has_first && height_blocks != blocks->first_height_blocks) {
        complete(step);
        return;
    }
    blocks->has_first = true;
    blocks->first_height_blocks = height_blocks;
}

void blocks_deadline(Step *step) {
    Blocks *blocks = &step->core->blocks;
    if (step->now_usec < blocks_deadline_usec(step->core))
        return;
    if (!blocks->asking && step->now_usec >= blocks->ask_due_usec) {
        blocks->asking = true;
        blocks->ask_due_usec = usec_add(step->now_usec, ASK_USEC);
        step_do(step, ACTION_ASK_HEIGHT);
    }
    if (step->now_usec >= blocks->alarm_due_usec) {
        blocks->alarm_due_usec = usec_add(step->now_usec, ALARM_USEC);
        step_report(
            step, (Report){
                      .kind = REPORT_NO_BLOCKS,
                      .tag = blocks->tag,
                      .took_usec = usec_since(step->now_usec, blocks->since_usec)});
    }
}

uint64_t blocks_deadline_usec(const Core *core) {
    const Blocks *blocks = &core->blocks;
    if (!blocks->watching || core->node.phase != NODE_UP || !core->processes[PROCESS_VEGA].ready)
        return USEC_NEVER;
    if (blocks->asking || blocks->alarm_due_usec < blocks->ask_due_usec)
        return blocks->alarm_due_usec;
    return blocks->ask_due_usec;
}
