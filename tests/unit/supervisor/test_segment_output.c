#include "supervisor/segment_output.h"

#include "base/strings.h"
#include "tests/unit/test.h"

static void test_segment(void **unused) {
    (void)unused;
    static const struct {
        const char *output;
        uint64_t height_blocks;
    } GOOD[] = {
        {"{\"LatestSegment\":{\"to_height\":\"123\"}}", 123},
        {"{\"LatestSegment\":{\"to_height\":123}}", 123},
        {"{\"LatestSegment\":{\"from_height\":\"1\",\"to_height\":\"0\"},\"more\":[]}\n", 0},
        {"{\"LatestSegment\":{\"to_height\":\"9223372036854775807\"}}", INT64_MAX},
        {"{\"LatestSegment\":{\"to_height\":9223372036854775807}}", INT64_MAX},
        {"{\"LatestSegment\":{\"to_height\":\"000123\"}}", 123},
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        uint64_t height_blocks = 7;
        assert_int_equal(segment_output_parse(GOOD[i].output, &height_blocks, NULL), 0);
        assert_int_equal(height_blocks, GOOD[i].height_blocks);
    }
}

/* What a binary prints reaches a log and a terminal. */
static void assert_printable(const char *text) {
    for (size_t length; *text; text += length)
        if ((length = printable_sequence_length(text)) == 0)
            fail_msg("'%s' is not safe to print", text);
}

static void test_bad_segment(void **unused) {
    (void)unused;
    static const char *const BAD[] = {
        "",
        "no history segments found",
        "{}",
        "null",
        "{\"LatestSegment\":null}",
        "{\"LatestSegment\":\"123\"}",
        "{\"LatestSegment\":{}}",
        "{\"LatestSegment\":{\"to_height\":null}}",
        "{\"LatestSegment\":{\"to_height\":\"\"}}",
        "{\"LatestSegment\":{\"to_height\":\"-1\"}}",
        "{\"LatestSegment\":{\"to_height\":-1}}",
        "{\"LatestSegment\":{\"to_height\":\"+1\"}}",
        "{\"LatestSegment\":{\"to_height\":\" 1\"}}",
        "{\"LatestSegment\":{\"to_height\":\"1 --unsafe\"}}",
        "{\"LatestSegment\":{\"to_height\":\"0x10\"}}",
        "{\"LatestSegment\":{\"to_height\":1.5}}",
        "{\"LatestSegment\":{\"to_height\":true}}",
        "{\"LatestSegment\":{\"to_height\":\"9223372036854775808\"}}",
        "{\"LatestSegment\":{\"to_height\":9223372036854775808}}",
        "{\"LatestSegment\":{\"to_height\":\"99999999999999999999999999\"}}",
        "{\"LatestSegment\"\x1b[2J:{}}",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        uint64_t height_blocks;
        Failure failure = {0};
        if (segment_output_parse(BAD[i], &height_blocks, &failure) != -EBADMSG)
            fail_msg("'%s' is no segment", BAD[i]);
        assert_true(*failure.message != '\0');
        assert_printable(failure.message);
    }
}

static void test_no_segments(void **unused) {
    (void)unused;
    assert_true(segment_output_says_none("no history segments found"));
    assert_true(segment_output_says_none("Error: failed: no history segments found\n"));
    assert_false(segment_output_says_none(""));
    assert_false(segment_output_says_none("connection refused"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment),
        cmocka_unit_test(test_bad_segment),
        cmocka_unit_test(test_no_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
