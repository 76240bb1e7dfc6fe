#include "base/log_line.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOON UINT64_C(1772366706789123) /* 2026-03-01T12:05:06.789123Z */

static LogLine line;

static const char *format(LogFormat style, LogLevel level, const char *message, const LogField *fields) {
    log_line_format(&line, style, level, NOON, "upgrade", message, fields);
    assert_in_range(line.length, 1, sizeof line.text);
    assert_int_equal(line.text[line.length - 1], '\n');
    assert_null(memchr(line.text, '\n', line.length - 1)); /* one line is one line */
    static char text[sizeof line.text];
    memcpy(text, line.text, line.length - 1);
    text[line.length - 1] = '\0';
    return text;
}

static const LogField NO_FIELDS[] = {{.type = LOG_FIELD_END}};

static int set_zone(void **unused) {
    (void)unused;
    (void)setenv("TZ", "UTC-1", 1);
    tzset();
    return 0;
}

static void test_console(void **unused) {
    (void)unused;
    const LogField fields[] = {
        field_string("tag", "v0.80.0"),    field_integer("height", -5), field_duration("took", 12345),
        field_string("text", "two words"), {.type = LOG_FIELD_END},
    };
    assert_string_equal(
        format(LOG_FORMAT_CONSOLE, LOG_LEVEL_INFO, "release is proven", fields),
        "2026-03-01T13:05:06.789+01:00 INFO  upgrade: release is proven  tag=v0.80.0 height=-5 took=12.3ms "
        "text=\"two words\"");
    assert_string_equal(
        format(LOG_FORMAT_CONSOLE, LOG_LEVEL_WARNING, "m", NO_FIELDS),
        "2026-03-01T13:05:06.789+01:00 WARN  upgrade: m");
}

static void test_journal(void **unused) {
    (void)unused;
    assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_DEBUG, "m", NO_FIELDS), "<7>upgrade: m");
    assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, "m", NO_FIELDS), "<6>upgrade: m");
    assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_WARNING, "m", NO_FIELDS), "<4>upgrade: m");
    assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_ERROR, "m", NO_FIELDS), "<3>upgrade: m");
}

static void test_json(void **unused) {
    (void)unused;
    const LogField fields[] = {
        field_string("tag", "v\"\\\n\x7f"),
        field_integer("height", INT64_MAX),
        field_duration("took", 1999),
        field_string("none", NULL),
        {.type = LOG_FIELD_END},
    };
    assert_string_equal(
        format(LOG_FORMAT_JSON, LOG_LEVEL_ERROR, "it's \xe2\x82\xac", fields),
        "{\"time\":\"2026-03-01T13:05:06.789+01:00\",\"level\":\"error\",\"component\":\"upgrade\",\"message\":\"it's "
        "\xe2\x82\xac\",\"tag\":\"v\\\"\\\\\\u000a\\u007f\",\"height\":9223372036854775807,\"took\":1.9,\"none\":\"\"}");
}

static void test_values_that_need_quotes(void **unused) {
    (void)unused;
    static const struct {
        const char *value;
        const char *expected;
    } CASES[] = {
        {"", "\"\""},           {"plain", "plain"},           {"a b", "\"a b\""},    {"a=b", "\"a=b\""},
        {"a\"b", "\"a\\\"b\""}, {"a\\b", "\"a\\\\b\""},       {"a\nb", "\"a\\nb\""}, {"a\x1b[31mb", "\"a?[31mb\""},
        {"a\x7f", "\"a?\""},    {"\xc2\x9b", "\"??\""}, /* CSI of the C1 set: a terminal would obey it */
        {"\xff", "\"?\""},      {"gr\xc3\xbc", "gr\xc3\xbc"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const LogField fields[] = {field_string("k", CASES[i].value), {.type = LOG_FIELD_END}};
        const char *text = format(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, "m", fields);
        assert_memory_equal(text, "<6>upgrade: m  k=", 17);
        assert_string_equal(text + 17, CASES[i].expected);
    }
}

static void test_messages_are_one_line(void **unused) {
    (void)unused;
    assert_string_equal(
        format(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, "a\nb\rc\x1b[31m\x7f\xff", NO_FIELDS),
        "<6>upgrade: a b c [31m??");
}

static void test_json_is_utf8(void **unused) {
    (void)unused;
    const char *text =
        format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, "\xff \xed\xa0\x80 \xc0\x80 \xf5 \xe2\x82", NO_FIELDS);
    assert_non_null(
        strstr(text, "\"message\":\"\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd \\ufffd \\ufffd\\ufffd\"}"));
}

static void test_long_lines_are_cut(void **unused) {
    (void)unused;
    static char many[8192];
    for (size_t i = 0; i + 2 < sizeof many; i += 2)
        memcpy(many + i, "\xc3\xbc", 2);
    const LogField fields[] = {field_string("first", "1"), field_string("long", many), {.type = LOG_FIELD_END}};

    const char *text = format(LOG_FORMAT_CONSOLE, LOG_LEVEL_INFO, "message", fields);
    assert_string_equal(text + strlen(text) - 3, "...");
    for (const char *c = strstr(text, "long=") + 5; strcmp(c, "...") != 0; c += 2)
        assert_memory_equal(c, "\xc3\xbc", 2); /* no half character before the dots */
    assert_in_range(line.length, sizeof line.text - 2, sizeof line.text);

    text = format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, "message", fields);
    assert_non_null(strstr(text, "\"message\":\"message\",\"first\":\"1\",\"truncated\":true}"));
    text = format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, many, NO_FIELDS);
    assert_non_null(strstr(text, "\"message\":\"\",\"truncated\":true}"));
    text = format(LOG_FORMAT_CONSOLE, LOG_LEVEL_INFO, many, NO_FIELDS);
    assert_string_equal(text + strlen(text) - 3, "...");
}

static void test_every_length_around_the_limit(void **unused) {
    (void)unused;
    static char value[sizeof line.text + 64];
    static const LogFormat STYLES[] = {LOG_FORMAT_CONSOLE, LOG_FORMAT_JSON, LOG_FORMAT_JOURNAL};
    for (size_t style = 0; style < sizeof STYLES / sizeof *STYLES; style++) {
        for (size_t length = sizeof line.text - 200; length < sizeof value - 1; length++) {
            memset(value, 'x', length);
            value[length] = '\0';
            const LogField fields[] = {field_string("k", value), field_integer("n", 7), {.type = LOG_FIELD_END}};
            const char *text = format(STYLES[style], LOG_LEVEL_INFO, "m", fields);
            if (STYLES[style] == LOG_FORMAT_JSON)
                assert_int_equal(text[strlen(text) - 1], '}');
        }
    }
}

static void test_fields_alone(void **unused) {
    static char huge[5000];
    const LogField fields[] = {
        field_string("tag", "v1"),
        field_duration("took", 12345),
        field_string("text", "two words"),
        {.type = LOG_FIELD_END}};
    const LogField too_many[] = {field_string("a", "b"), field_string("c", huge), {.type = LOG_FIELD_END}};
    (void)unused;
    memset(huge, 'x', sizeof huge - 1);
    log_line_fields(&line, fields);
    assert_int_equal(line.length, strlen("tag=v1 took=12.3ms text=\"two words\""));
    assert_memory_equal(line.text, "tag=v1 took=12.3ms text=\"two words\"", line.length);
    log_line_fields(&line, NO_FIELDS);
    assert_int_equal(line.length, 0);
    log_line_fields(&line, too_many);
    assert_in_range(line.length, 10, sizeof line.text);
    assert_memory_equal(line.text + line.length - 3, "...", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_values_that_need_quotes),
        cmocka_unit_test(test_messages_are_one_line),
        cmocka_unit_test(test_json_is_utf8),
        cmocka_unit_test(test_fields_alone),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_every_length_around_the_limit),
    };
    return cmocka_run_group_tests(tests, set_zone, NULL);
}
