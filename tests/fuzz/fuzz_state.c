/* A state.json: damaged, refused with a reason, or a record that is the same after it was written and read again.
 */
#include "base/files.h"
#include "home/state.h"
#include "tests/fuzz/home.h"

static void expect_path(const char *path) {
    expect(!path || path[0] == '/');
}

static void check(const State *state) {
    expect(!*state->release.tag || tag_is_plain(state->release.tag));
    expect(state->release.height_blocks <= INT64_MAX && state->release.stage < RELEASE_STAGE_COUNT);
    expect_path(state->folder);
    expect_path(state->previous);
}

/* The file that the record makes; owned by the caller. */
static char *print(const State *state) {
    size_t length;
    char *text = NULL;
    expect(state_save(input_home(), state, NULL) >= 0);
    expect(file_read(input_path(".visor/state.json"), 1 << 20, &text, &length, NULL) >= 0);
    expect(strlen(text) == length);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Failure failure = {0};
    State state, again;

    (void)input_home();
    input_write(".visor/state.json", data, size);
    int r = state_load(input_home(), &state, &failure);
    if (r != 0) {
        expect(!*state.release.tag && !state.folder && !state.previous);
        expect(*failure.message);
        return 0;
    }
    check(&state);
    if (state.folder) {
        char *first = print(&state);
        expect(state_load(input_home(), &again, &failure) == 0);
        char *second = print(&again);
        expect(streq(first, second));
        state_clear(&again);
        free(first);
        free(second);
    }
    state_clear(&state);
    return 0;
}
