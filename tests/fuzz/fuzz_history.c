/* A history in pieces: its lines are whole, do not depend on the pieces, and whatever is written is read again. */
#include "base/timestamp.h"
#include "home/history_reader.h"
#include "tests/fuzz/input.h"

typedef struct Found {
    uint64_t lines;
    uint64_t skipped;
    uint64_t hash; /* of all texts; FNV-1a */
} Found;

static void take(const HistoryLine *line, void *userdata) {
    Found *found = userdata;
    char time[TIMESTAMP_BYTES];

    expect(*line->event && strlen(line->text) <= HISTORY_LINE_MAX && !strchr(line->text, '\n'));
    expect(
        streq(timestamp_utc(&time, line->realtime_usec), json_string_value(json_object_get(line->object, "time"))));
    found->lines++;
    for (const char *byte = line->text; *byte; byte++)
        found->hash = (found->hash ^ (unsigned char)*byte) * UINT64_C(1099511628211);
}

static Found feed(Pieces pieces) {
    static HistoryReader reader;
    Found found = {.hash = UINT64_C(14695981039346656037)};
    size_t length;

    history_reader_init(&reader, take, &found);
    for (char *piece; (piece = pieces_next(&pieces, &length));) {
        history_reader_feed(&reader, piece, length);
        free(piece);
    }
    history_reader_end(&reader);
    found.skipped = reader.skipped;
    return found;
}

static void check_written(const char *text) {
    const LogField fields[] = {
        field_string("tag", text),
        field_integer("height", -1),
        field_duration("took", strlen(text)),
        {.type = LOG_FIELD_END}};
    HistoryLine line;
    char *written = NULL;
    expect(history_line_format(strlen(text), "e", fields, &written) == 0);
    expect_printable(written);
    expect(history_line_parse(written, strlen(written), &line) == 0);
    history_line_clear(&line);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Pieces pieces = pieces_of(data, size), whole = pieces;
    char *text = input_text(data, size);
    whole.length_count = 0;
    Found in_pieces = feed(pieces), at_once = feed(whole);
    expect(in_pieces.lines == at_once.lines && in_pieces.skipped == at_once.skipped);
    expect(in_pieces.hash == at_once.hash);
    check_written(text);
    free(text);
    return 0;
}
