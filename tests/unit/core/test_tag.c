#include "core/tag.h"

#include "tests/unit/test.h"

#include <string.h>

static void test_plain(void **unused) {
    (void)unused;
    static const char *const GOOD[] = {
        "v0.80.0", "0.80.0",    "v1.0.0-rc.1",     "v1.0.0+build.5", "v",
        "0",       "release_7", "v0.79.0-6ee1d9e", "currently",      "genesis2",
    };
    static const char *const BAD[] = {
        "",       ".",   "..",   "../v1", "v1/..",     "v1/x",  "/v1",   "v1..0", "current", "genesis",
        ".visor", "-v1", "_v1",  "+v1",   "v1 0",      "v1\n",  "v1\t",  "v1*",   "v1\\",    "v1;x",
        "$v1",    "v1'", "v1\"", "~",     "v\xc3\xa4", "v\x7f", "v\x01", "v1%2e",
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (!tag_is_plain(GOOD[i]))
            fail_msg("'%s' is plain", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (tag_is_plain(BAD[i]))
            fail_msg("'%s' is not plain", BAD[i]);
}

static void test_every_single_character(void **unused) {
    (void)unused;
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    for (int c = 1; c < 256; c++) {
        const char inside[] = {'v', (char)c, '1', '\0'};
        const char first[] = {(char)c, '1', '\0'};
        bool letter_or_digit = c < 128 && strchr(ALLOWED, c) && !strchr("._+-", c);
        assert_int_equal(tag_is_plain(inside), strchr(ALLOWED, c) != NULL);
        assert_int_equal(tag_is_plain(first), letter_or_digit);
    }
}

static void test_length(void **unused) {
    (void)unused;
    char longest[RELEASE_TAG_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[RELEASE_TAG_MAX] = '\0';
    assert_true(tag_is_plain(longest));
    longest[RELEASE_TAG_MAX] = 'a';
    longest[RELEASE_TAG_MAX + 1] = '\0';
    assert_false(tag_is_plain(longest));

    char copy[RELEASE_TAG_MAX + 1];
    tag_copy(&copy, longest);
    assert_int_equal(strlen(copy), RELEASE_TAG_MAX);
    tag_copy(&copy, "");
    assert_string_equal(copy, "");
}

static void test_precedence(void **unused) {
    (void)unused;
    /* Each is older than all after it; semver.org 11.4 is in it. */
    static const char *const ASCENDING[] = {
        "v0.9.0",
        "v0.10.0",
        "v0.79.0-alpha",
        "v0.79.0",
        "v0.80.0",
        "v1.0.0-1",
        "v1.0.0-2",
        "v1.0.0-10",
        "v1.0.0-alpha",
        "v1.0.0-alpha.1",
        "v1.0.0-alpha.beta",
        "v1.0.0-beta",
        "v1.0.0-beta.2",
        "v1.0.0-beta.11",
        "v1.0.0-rc.1",
        "v1.0.0",
        "v1.0.1",
        "v1.1.0",
        "v2.0.0",
        "v10.0.0",
        "v99999999999999999999999.0.0",
        "v100000000000000000000000.0.0",
    };
    enum { COUNT = sizeof ASCENDING / sizeof *ASCENDING };
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            TagOrder expected = i < j ? TAG_OLDER : i == j ? TAG_EQUAL : TAG_NEWER;
            if (tag_compare(ASCENDING[i], ASCENDING[j]) != expected)
                fail_msg("%s and %s", ASCENDING[i], ASCENDING[j]);
        }
    }
}

static void test_spellings(void **unused) {
    (void)unused;
    assert_int_equal(tag_compare("1.0.0", "v1.0.1"), TAG_OLDER); /* with or without the v */
    assert_int_equal(tag_compare("v01.0.0", "v2.0.0"), TAG_OLDER);
    assert_int_equal(tag_compare("v1.0.0-rc.01", "v1.0.0-rc.2"), TAG_OLDER);
    assert_int_equal(tag_compare("v1.0.0+a", "v1.0.0+b"), TAG_UNORDERED); /* nobody can tell */
    assert_int_equal(tag_compare("1.0.0", "v1.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("v1.0.0-rc.1+x-y", "v1.0.0"), TAG_OLDER);
    assert_int_equal(tag_compare("v1.0.0+x-y", "v1.0.1"), TAG_OLDER); /* a '-' in the build metadata */
    assert_int_equal(tag_compare("v1.0.0-", "v2.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("v1.0", "v2.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("v1.0.0.0", "v2.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("v1.0.x", "v2.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("nightly", "v2.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("nightly", "nightly"), TAG_EQUAL);
    assert_int_equal(tag_compare("", "v1.0.0"), TAG_UNORDERED);
    assert_int_equal(tag_compare("", ""), TAG_EQUAL);
    assert_int_equal(tag_compare("v1.0.0-a..b", "v1.0.0-a..c"), TAG_OLDER); /* sloppy, but never a crash */
    assert_int_equal(tag_compare("v1.0.0-a.", "v1.0.0-a"), TAG_NEWER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),     cmocka_unit_test(test_every_single_character),
        cmocka_unit_test(test_length),    cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
