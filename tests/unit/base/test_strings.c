#include "base/strings.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static void test_after(void **unused) {
    (void)unused;
    const char *text = "prefix rest";
    assert_ptr_equal(string_after(text, "prefix "), text + 7);
    assert_ptr_equal(string_after(text, ""), text);
    assert_string_equal(string_after("same", "same"), "");
    assert_null(string_after("short", "shorter"));
    assert_null(string_after("", "x"));
}

static void test_format(void **unused) {
    (void)unused;
    char *text = string_format("%s/%d", "folder", 7);
    assert_string_equal(text, "folder/7");
    free(text);
    text = string_format("%s", "");
    assert_string_equal(text, "");
    free(text);
}

static void test_lists(void **unused) {
    (void)unused;
    const char *const list[] = {"start", "--home", "", NULL};
    const char *const empty[] = {NULL};
    assert_int_equal(string_list_length(list), 3);
    assert_int_equal(string_list_length(empty), 0);
    assert_int_equal(string_list_length(NULL), 0);

    char **copy = string_list_copy(list);
    assert_int_equal(string_list_length((const char *const *)copy), 3);
    assert_string_equal(copy[1], "--home");
    assert_ptr_not_equal(copy[1], list[1]);
    assert_null(copy[3]);
    string_list_free(copy);
    copy = string_list_copy(NULL);
    assert_null(copy[0]);
    string_list_free(copy);
    string_list_free(NULL);
}

static void test_distance(void **unused) {
    (void)unused;
    assert_int_equal(string_distance("", ""), 0);
    assert_int_equal(string_distance("", "abc"), 3);
    assert_int_equal(string_distance("abc", ""), 3);
    assert_int_equal(string_distance("kitten", "sitting"), 3);
    assert_int_equal(string_distance("maxNumberOfRestarts", "MAXNUMBEROFRESTARTS"), 0);
    assert_int_equal(string_distance("stopDelay", "stopDelaySeconds"), 7);
    assert_int_equal(string_distance("ab", "ba"), 2);

    char left[200], right[200];
    memset(left, 'a', sizeof left);
    memset(right, 'b', sizeof right);
    left[199] = right[199] = '\0';
    assert_int_equal(string_distance(left, right), 64); /* cut, not overrun */
}

static void test_utf8(void **unused) {
    (void)unused;
    static const struct {
        const char *text;
        size_t length;
    } CASES[] = {
        {"", 0},
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},     /* a continuation alone */
        {"\xc0\x80", 0}, /* overlong */
        {"\xc1\xbf", 0}, /* overlong */
        {"\xc2\x80", 2},
        {"\xc3", 0}, /* cut */
        {"\xc3\x28", 0},
        {"\xe0\x80\x80", 0}, /* overlong */
        {"\xe0\x9f\xbf", 0}, /* overlong */
        {"\xe0\xa0\x80", 3},
        {"\xe2\x82\xac", 3},
        {"\xe2\x82", 0}, /* cut */
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0}, /* a surrogate */
        {"\xef\xbf\xbf", 3},
        {"\xf0\x80\x80\x80", 0}, /* overlong */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
        {"\xf0\x9f\x98\x80", 4},
        {"\xf0\x9f\x98", 0}, /* cut */
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (utf8_sequence_length(CASES[i].text) != CASES[i].length)
            fail_msg("case %zu", i);
    assert_int_equal(printable_sequence_length("\n"), 0);
    assert_int_equal(printable_sequence_length("\x1b"), 0);
    assert_int_equal(printable_sequence_length("\x7f"), 0);
    assert_int_equal(printable_sequence_length("\xc2\x9b"), 0); /* CSI of the C1 set */
    assert_int_equal(printable_sequence_length("\xc2\xa0"), 2);
    assert_int_equal(printable_sequence_length(" "), 1);
}

static void check_printable(size_t size_bytes, const char *text, const char *expected) {
    char buffer[64];
    memset(buffer, '#', sizeof buffer);
    assert_ptr_equal(string_printable(buffer, size_bytes, text), buffer);
    assert_string_equal(buffer, expected);
    for (size_t i = size_bytes; i < sizeof buffer; i++)
        assert_int_equal(buffer[i], '#'); /* nothing beyond its size */
}

static void test_printable(void **unused) {
    (void)unused;
    check_printable(32, "", "");
    check_printable(32, "plain text", "plain text");
    check_printable(32, "a\nb\tc\x1b[31m", "a?b?c?[31m");
    check_printable(32, "gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich");
    check_printable(32, "bad \xff\xc3 end", "bad ?? end");
    check_printable(32, "csi \xc2\x9b end", "csi ?? end");
    check_printable(32, "surrogate \xed\xa0\x80", "surrogate ???");
    check_printable(11, "0123456789", "0123456789"); /* exactly */
    check_printable(10, "0123456789", "012345...");
    check_printable(10, "01234\xc3\xbc\xc3\xbc\xc3\xbc", "01234..."); /* a character is whole or not there */
    check_printable(5, "0123456789", "0...");
    check_printable(4, "0123456789", "...");
    check_printable(3, "0123456789", "");
    check_printable(1, "0123456789", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after),    cmocka_unit_test(test_format), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_distance), cmocka_unit_test(test_utf8),   cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
