#include "home/history_reader.h"

#include <string.h>

void history_reader_init(HistoryReader *reader, HistoryHandler handler, void *userdata) {
    reader->handler = handler;
    reader->userdata = userdata;
    reader->skipped = 0;
    reader->too_long = reader->in_hole = false;
    reader->length = 0;
}

static void end_line(HistoryReader *reader) {
    HistoryLine line = {0};

    reader->text[reader->length] = '\0';
    if (reader->too_long || (reader->length > 0 && history_line_parse(reader->text, reader->length, &line) < 0))
        reader->skipped++;
    else if (reader->length > 0)
        reader->handler(&line, reader->userdata);
    history_line_clear(&line);
    reader->too_long = false;
    reader->length = 0;
}

static void take_text(HistoryReader *reader, const char *bytes, size_t length) {
    size_t room = HISTORY_LINE_MAX - reader->length;
    if (length > room) {
        reader->too_long = true;
        length = room;
    }
    memcpy(reader->text + reader->length, bytes, length);
    reader->length += length;
    reader->in_hole = reader->in_hole && length == 0;
}

static void take_end(HistoryReader *reader, char byte) {
    end_line(reader);
    if (byte == '\0' && !reader->in_hole)
        reader->skipped++;
    reader->in_hole = byte == '\0';
}

/* As far as the next newline or NUL. */
static size_t text_length(const char *bytes, size_t length) {
    const char *newline = memchr(bytes, '\n', length);
    size_t line_length = newline ? (size_t)(newline - bytes) : length;
    const char *hole = memchr(bytes, '\0', line_length);
    return hole ? (size_t)(hole - bytes) : line_length;
}

void history_reader_feed(HistoryReader *reader, const char *bytes, size_t length) {
    while (length > 0) {
        size_t count = text_length(bytes, length);
        take_text(reader, bytes, count);
        if (count < length)
            take_end(reader, bytes[count++]);
        bytes += count;
        length -= count;
    }
}

void history_reader_end(HistoryReader *reader) {
    end_line(reader);
    reader->in_hole = false;
}
