#include "home/history_line.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#define NOON UINT64_C(1772366706789123) /* 2026-03-01T12:05:06.789123Z */
#define TIME "\"time\":\"2026-03-01T12:05:06.789Z\""

static void format_is(const LogField *fields, const char *expected) {
    char *text = NULL;
    assert_int_equal(history_line_format(NOON, "completed", fields, &text), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_format(void **unused) {
    const LogField fields[] = {
        field_string("tag", "v2"),      field_integer("height", -5),      field_duration("took", 12345),
        field_duration("switch", 5000), field_duration("stop", 86400001), {.type = LOG_FIELD_END},
    };
    (void)unused;
    format_is(fields + 5, "{" TIME ",\"event\":\"completed\"}");
    format_is(
        fields, "{" TIME
                ",\"event\":\"completed\",\"tag\":\"v2\",\"height\":-5,\"took_ms\":12.345,"
                "\"switch_ms\":5.0,\"stop_ms\":86400.001}");
}

static void test_strings_are_made_harmless(void **unused) {
    const LogField fields[] = {
        field_string("tag", "a\n\x1b[2J\xff\"\\\xc3\xbc\x7f"), field_string("from", NULL), {.type = LOG_FIELD_END}};
    (void)unused;
    format_is(fields, "{" TIME ",\"event\":\"completed\",\"tag\":\"a??[2J?\\\"\\\\\xc3\xbc?\",\"from\":\"\"}");
}

static void test_a_line_has_a_limit(void **unused) {
    static char huge[10000], key[4000];
    const LogField one[] = {field_string("tag", huge), {.type = LOG_FIELD_END}};
    const LogField longer[] = {field_string(key, huge), field_string("b", huge), {.type = LOG_FIELD_END}};
    char *text = NULL;
    (void)unused;
    memset(huge, '"', sizeof huge - 1);
    memset(key, 'k', sizeof key - 1);
    assert_int_equal(history_line_format(NOON, "e", one, &text), 0);
    assert_in_range(strlen(text), 256, 700);
    assert_non_null(strstr(text, "...\""));
    free(text);
    text = NULL;
    assert_int_equal(history_line_format(NOON, "e", longer, &text), -EMSGSIZE);
    assert_null(text);
}

static void test_parse(void **unused) {
    static const char TEXT[] = "{\"later\":[{}]," TIME ",\"event\":\"e\"}";
    HistoryLine line;
    (void)unused;
    assert_int_equal(history_line_parse(TEXT, sizeof TEXT - 1, &line), 0);
    assert_int_equal(line.realtime_usec, NOON / 1000 * 1000);
    assert_string_equal(line.event, "e");
    assert_ptr_equal(line.text, TEXT);
    assert_true(json_is_array(json_object_get(line.object, "later")));
    history_line_clear(&line);
    assert_null(line.object);
    history_line_clear(&line);
}

static void test_what_is_no_line(void **unused) {
    static const char *const WRONG[] = {
        "",
        " ",
        "{",
        "[]",
        "null",
        "{}",
        "{" TIME "}",
        "{" TIME ",\"event\":\"\"}",
        "{" TIME ",\"event\":7}",
        "{" TIME ",\"event\":\"e\"",
        "{" TIME ",\"event\":\"e\"}}",
        "{" TIME ",\"event\":\"e\"}{",
        "{" TIME "," TIME ",\"event\":\"e\"}",
        "{" TIME ",\"event\":\"\xff\"}",
        "{" TIME ",\"event\":\"a\\u0000\"}",
        "{" TIME ",\"event\":\"a\x01\"}",
        "{" TIME ",\"event\":\"e\",\"height\":99999999999999999999}",
        "{\"event\":\"e\"}",
        "{\"time\":7,\"event\":\"e\"}",
        "{\"time\":\"2026-03-01T12:05:06Z\",\"event\":\"e\"}",
        "{\"time\":\"2026-02-30T12:05:06.789Z\",\"event\":\"e\"}",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        HistoryLine line;
        if (history_line_parse(WRONG[i], strlen(WRONG[i]), &line) != -EBADMSG)
            fail_msg("'%s' is no line", WRONG[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_strings_are_made_harmless),
        cmocka_unit_test(test_a_line_has_a_limit),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_what_is_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
