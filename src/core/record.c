#include "core/record.h"

#include "core/step.h"

enum { SAVE_AGAIN_USEC = 10 * 1000 * 1000 };

const char *const RELEASE_STAGE_NAME[RELEASE_STAGE_COUNT] = {
#define X(stage, name, meaning) [stage] = name,
    RELEASE_STAGES(X)
#undef X
};

static void save(Step *step) {
    step->core->node.save_due_usec = USEC_NEVER;
    step_do(step, ACTION_SAVE)->save = &step->core->node.record;
}

void record_save(Step *step, const char *tag, uint64_t height_blocks, ReleaseStage stage) {
    ReleaseRecord *record = &step->core->node.record;
    if (tag != record->tag)
        tag_copy(&record->tag, tag);
    record->height_blocks = height_blocks;
    record->stage = stage;
    if (stage != STAGE_ANSWERED)
        record->blocks_awaited = false;
    save(step);
}

void record_save_blocks_seen(Step *step) {
    ReleaseRecord *record = &step->core->node.record;
    if (!record->blocks_awaited) /* the record is of the next upgrade already */
        return;
    record->blocks_awaited = false;
    save(step);
}

void record_not_saved(Step *step) {
    step->core->node.save_due_usec = usec_add(step->now_usec, SAVE_AGAIN_USEC);
}

void record_save_when_due(Step *step) {
    if (step->now_usec >= step->core->node.save_due_usec)
        save(step);
}

void record_save_at_last(Step *step) {
    if (step->core->node.save_due_usec != USEC_NEVER)
        save(step);
}
