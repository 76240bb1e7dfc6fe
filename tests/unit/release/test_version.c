#include "release/version.h"

#include "base/strings.h"
#include "tests/unit/test.h"

#include <string.h>

static void test_request(void **unused) {
    (void)unused;
    ToolRequest request = version_request("/x/vega");
    assert_string_equal(request.path, "/x/vega");
    assert_string_equal(request.arguments[0], "version");
    assert_string_equal(request.arguments[1], "--output");
    assert_string_equal(request.arguments[2], "json");
    assert_null(request.arguments[3]);
    assert_true(request.timeout_usec > 0);
}

static void test_version(void **unused) {
    (void)unused;
    static const char *const GOOD[] = {
        "{\"version\":\"v0.80.0\"}",
        "{\"version\":\"v0.80.0\",\"hash\":\"abc\"}\n",
        "  {\n  \"hash\": \"x\", \"version\" : \"v0.80.0\"\n}\n\n",
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        char tag[RELEASE_TAG_MAX + 1] = "";
        Failure failure = {0};
        assert_int_equal(version_output_parse(GOOD[i], &tag, &failure), 0);
        assert_string_equal(tag, "v0.80.0");
    }
}

/* What a binary prints reaches a log and a terminal. */
static void assert_printable(const char *text) {
    for (size_t length; *text; text += length)
        if ((length = printable_sequence_length(text)) == 0)
            fail_msg("'%s' is not safe to print", text);
}

static void test_bad_version(void **unused) {
    (void)unused;
    static const char *const BAD[] = {
        "",
        "v0.80.0",
        "Vega CLI v0.80.0 (abc)",
        "null",
        "[]",
        "[{\"version\":\"v0.80.0\"}]",
        "{}",
        "{\"Version\":\"v0.80.0\"}",
        "{\"version\":null}",
        "{\"version\":80}",
        "{\"version\":[\"v0.80.0\"]}",
        "{\"version\":\"\"}",
        "{\"version\":\"../v0.80.0\"}",
        "{\"version\":\"current\"}",
        "{\"version\":\"v0.80.0\\n\"}",
        "{\"version\":\"v0.80.0\\u0000\"}",
        "{\"version\":\"v0.80.0\"",
        "{\"version\":\"v0.80.0\"} trailing",
        "\xff\xfe",
        "{\"version\":\"\xff\"}",
        "{\"version\"\x1b[2J:\"v0.80.0\"}",
        "{\"version\"\n\x9b:\"v0.80.0\"}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char tag[RELEASE_TAG_MAX + 1] = "untouched";
        Failure failure = {0};
        if (version_output_parse(BAD[i], &tag, &failure) != -EBADMSG)
            fail_msg("'%s' is no version", BAD[i]);
        assert_true(*failure.message != '\0');
        assert_printable(failure.message);
        assert_string_equal(tag, "untouched");
    }
}

static void test_deep_nesting(void **unused) {
    (void)unused;
    static char deep[60000];
    char tag[RELEASE_TAG_MAX + 1];
    memset(deep, '[', sizeof deep - 1);
    assert_int_equal(version_output_parse(deep, &tag, NULL), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_bad_version),
        cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
