#include "home/history_reader.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE(event) "{\"time\":\"2026-03-01T12:05:06.789Z\",\"event\":\"" event "\"}"

/* The events that came, each with a blank behind it. */
static char events[1024];

static void take(const HistoryLine *line, void *userdata) {
    assert_ptr_equal(userdata, events);
    (void)snprintf(events + strlen(events), sizeof events - strlen(events), "%s ", line->event);
}

/* The same whatever the pieces. */
static void read_as(const char *bytes, size_t length, const char *expected, uint64_t skipped) {
    for (size_t piece = 1; piece <= length + 1; piece = piece < 10 ? piece + 1 : piece * 2) {
        HistoryReader *reader = malloc(sizeof *reader);
        history_reader_init(reader, take, events);
        events[0] = '\0';
        for (size_t at = 0; at < length; at += piece)
            history_reader_feed(reader, bytes + at, at + piece < length ? piece : length - at);
        history_reader_end(reader);
        assert_string_equal(events, expected);
        assert_int_equal(reader->skipped, skipped);
        free(reader);
    }
}

#define READ_AS(text, expected, skipped) read_as(text, sizeof text - 1, expected, skipped)

static void test_lines(void **unused) {
    (void)unused;
    READ_AS("", "", 0);
    READ_AS("\n\n", "", 0);
    READ_AS(LINE("a") "\n", "a ", 0);
    READ_AS(LINE("a") "\n" LINE("b") "\n", "a b ", 0);
    READ_AS(LINE("a") "\r\n" LINE("b"), "a b ", 0); /* an editor was there; the last newline was torn off */
}

static void test_torn_lines(void **unused) {
    static const char TEXT[] = LINE("a") "\n" LINE("b") "\n" LINE("c") "\n";
    const size_t line = sizeof LINE("a");
    (void)unused;
    READ_AS(LINE("a") "\n{\"time\":\"2026-\n" LINE("b") "\n", "a b ", 1);
    READ_AS("nonsense\n" LINE("b") "\nx\ny", "b ", 3);
    READ_AS(LINE("a") LINE("b") "\n" LINE("c") "\n", "c ", 1);
    for (size_t length = 0; length < sizeof TEXT; length++) { /* every place where a crash may tear it */
        const char *expected = &"a b c "[0];
        char first[8];
        size_t whole = (length + 1) / line;
        (void)snprintf(first, sizeof first, "%.*s", (int)(2 * whole), expected);
        read_as(TEXT, length, first, (length + 1) % line > 1);
    }
}

static void test_nuls(void **unused) {
    (void)unused;
    READ_AS("\0", "", 1);
    READ_AS("\0\0\0\0", "", 1);
    READ_AS("\0\0\n" LINE("a") "\n", "a ", 1);
    READ_AS(LINE("a") "\n\0\0\0\0" LINE("b") "\n", "a b ", 1);
    READ_AS(LINE("a") "\0\0" LINE("b") "\n", "a b ", 1);       /* the newline was in the hole */
    READ_AS("{\"time\":\"20\0\0:\"x\"}\n" LINE("b"), "b ", 3); /* torn on both sides of it */
    READ_AS("\0\n\0", "", 2);
}

static void test_long_lines(void **unused) {
    static const char BEGIN[] = "{\"time\":\"2026-03-01T12:05:06.789Z\",\"event\":\"a\",\"x\":\"", END[] = "\"}";
    static char text[3 * HISTORY_LINE_MAX];
    (void)unused;
    for (size_t length = HISTORY_LINE_MAX - 1; length <= HISTORY_LINE_MAX + 1; length++) {
        memset(text, 'x', sizeof text);
        memcpy(text, BEGIN, sizeof BEGIN - 1);
        memcpy(text + length - 2, END, 2);
        memcpy(text + length, "\n" LINE("b"), sizeof LINE("b"));
        bool fits = length <= HISTORY_LINE_MAX;
        read_as(text, length + sizeof LINE("b"), fits ? "a b " : "b ", !fits);
    }
    memset(text, ' ', sizeof text); /* what fits of it would do */
    memcpy(text, LINE("a"), sizeof LINE("a") - 1);
    read_as(text, sizeof text, "", 1);
    memset(text, '\0', sizeof text); /* a hole may be longer than a line: it is one all the same */
    read_as(text, sizeof text, "", 1);
    memset(text, '[', sizeof text);
    read_as(text, sizeof text, "", 1);
    text[HISTORY_LINE_MAX] = '\n';
    read_as(text, sizeof text, "", 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_torn_lines),
        cmocka_unit_test(test_nuls),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
