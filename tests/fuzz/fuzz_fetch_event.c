/* A line of visor-fetch: whatever it is, what comes out is bounded and printable, or nothing comes out. */
#include "base/strings.h"
#include "release/fetch_event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_text(const char *text, size_t size_bytes) {
    if (strnlen(text, size_bytes) == size_bytes)
        abort();
    for (size_t length; *text; text += length)
        if ((length = printable_sequence_length(text)) == 0)
            abort();
}

static void check_list(const FetchList *list) {
    if (list->count > FETCH_LIST_MAX)
        abort();
    for (size_t i = 0; i < list->count; i++)
        check_text(list->items[i], sizeof list->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    char *line = malloc(size_bytes + 1);
    FetchEvent event;
    Failure failure = {0};

    if (!line)
        abort();
    memcpy(line, data, size_bytes);
    line[size_bytes] = '\0';
    int r = fetch_event_parse(line, &event, &failure);
    free(line);
    if (r < 0) {
        check_text(failure.message, sizeof failure.message);
        return 0;
    }
    if (r == 0 && (event.type >= FETCH_EVENT_COUNT || event.phase >= FETCH_PHASE_COUNT ||
                   event.step >= FETCH_STEP_COUNT || strlen(event.sha256) % 64 != 0))
        abort();
    check_text(event.text, sizeof event.text);
    check_list(&event.list);
    check_list(&event.missing);
    return 0;
}
