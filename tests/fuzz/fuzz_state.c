/* A state.json: damaged, refused with a reason, or a record that is the same after it was written and read again.
 */
#include "base/files.h"
#include "home/state.h"
#include "tests/fuzz/input.h"

static const Home *home(void) {
    static Home made;
    if (!made.path) {
        Failure failure;
        input_write("config.toml", "", 0);
        expect(home_open(input_folder(), &made, &failure) >= 0);
    }
    return &made;
}

static void expect_path(const char *path) {
    expect(!path || path[0] == '/');
}

static void check(const State *state) {
    expect(!*state->tag || tag_is_plain(state->tag));
    expect(state->height_blocks <= INT64_MAX);
    expect_path(state->folder);
    expect_path(state->previous);
}

/* The file that the record makes; owned by the caller. */
static char *print(const State *state) {
    size_t length;
    char *text = NULL;
    expect(state_save(home(), state, NULL) >= 0);
    expect(file_read(input_path(".visor/state.json"), 1 << 20, &text, &length, NULL) >= 0);
    expect(strlen(text) == length);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Failure failure = {0};
    State state, again;

    (void)home();
    input_write(".visor/state.json", data, size);
    int r = state_load(home(), &state, &failure);
    if (r != 0) {
        expect(!*state.tag && !state.folder && !state.previous);
        expect(*failure.message);
        return 0;
    }
    check(&state);
    if (state.folder) {
        char *first = print(&state);
        expect(state_load(home(), &again, &failure) == 0);
        char *second = print(&again);
        expect(streq(first, second));
        state_clear(&again);
        free(first);
        free(second);
    }
    state_clear(&state);
    return 0;
}
