/*
 * The lock file of a node process, whole and as the text behind its signature: it tells nothing, is refused, or is
 * a record that is the same after it was written and read again.
 */
#include "home/process_record.h"
#include "tests/fuzz/home.h"

static void check(const ProcessRecord *record) {
    const NodeNote *note = &record->note;
    expect(record->folder && record->folder[0] == '/' && record->binary && record->binary[0] == '/');
    expect(note->start < NODE_START_COUNT && note->stopping < NODE_REASON_COUNT);
    expect(note->started_usec <= INT64_MAX && note->height_blocks <= INT64_MAX && note->restarts_used <= INT64_MAX);
    expect(record->pid >= 0);
    expect(!record->state.folder || record->state.folder[0] == '/');
    expect(record->state.folder || !record->state.previous);
    expect(record->state.release.stage < RELEASE_STAGE_COUNT);
}

static bool same_text(const char *left, const char *right) {
    return left && right ? streq(left, right) : left == right;
}

static void expect_same(const ProcessRecord *left, const ProcessRecord *right) {
    const NodeNote *a = &left->note, *b = &right->note;
    expect(streq(left->folder, right->folder) && streq(left->binary, right->binary));
    expect(same_text(left->executable, right->executable));
    expect(left->dies_with_visor == right->dies_with_visor);
    expect(a->started_usec == b->started_usec && a->start == b->start && a->height_blocks == b->height_blocks);
    expect(a->answered == b->answered && a->restarts_used == b->restarts_used && a->stopping == b->stopping);
}

static void expect_same_state(const State *left, const State *right) {
    const ReleaseRecord *a = &left->release, *b = &right->release;
    expect(same_text(left->folder, right->folder) && same_text(left->previous, right->previous));
    expect(streq(a->tag, b->tag) && a->height_blocks == b->height_blocks && a->stage == b->stage);
    expect(a->blocks_awaited == b->blocks_awaited);
}

static void check_written(ProcessRecord *record) {
    _cleanup_process_record_ ProcessRecord again = {0};
    Failure failure = {0};

    record->pid = 0; /* nobody who lives */
    int r = process_record_save(input_home(), PROCESS_DATA_NODE, record, &failure);
    if (r == -EFBIG) /* escapes made it longer than any that is read */
        return;
    expect(r == 0 && process_record_load(input_home(), PROCESS_DATA_NODE, &again, &failure) == 0);
    expect(again.pid == 0);
    expect_same(record, &again);
    expect_same_state(&record->state, &again.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_process_record_ ProcessRecord loaded = {0}, decoded = {0};
    Failure failure = {0};
    char *text = input_text(data, size);

    (void)input_home();
    input_write(".visor/vega.lock", data, size);
    int r = process_record_load(input_home(), PROCESS_VEGA, &loaded, &failure);
    if (r == 0)
        check(&loaded);
    else
        expect(!loaded.folder && *failure.message);
    if (r == 0)
        check_written(&loaded);

    r = process_record_decode(text, size, &decoded);
    expect(r == 0 || r == -EBADMSG || r == -EPROTO);
    if (r == 0) {
        check(&decoded);
        check_written(&decoded);
    } else {
        expect(!decoded.folder);
    }
    free(text);
    return 0;
}
