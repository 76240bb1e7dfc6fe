#include "fetch/checksum_list.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define ASSET "vega-linux-amd64.zip"

static int find(const char *text, char (*hex)[DIGEST_HEX_BYTES], Failure *failure) {
    /* Of exactly its length: what is read behind it is seen by the sanitizer. */
    size_t length = strlen(text);
    char *exact = malloc(length ? length : 1);
    assert_non_null(exact);
    memcpy(exact, text, length);
    int r = checksum_list_find(exact, length, ASSET, hex, failure);
    free(exact);
    return r;
}

static void check_found(const char *text) {
    char hex[DIGEST_HEX_BYTES] = "";
    Failure failure = {0};
    int r = find(text, &hex, &failure);
    if (r != 0)
        fail_msg("%d for '%s': %s", r, text, failure.message);
    assert_string_equal(hex, A);
}

static void check_not_listed(const char *text) {
    char hex[DIGEST_HEX_BYTES] = "";
    Failure failure = {0};
    assert_int_equal(find(text, &hex, &failure), 1);
    assert_string_equal(hex, "");
}

static void check_bad(const char *text, const char *said) {
    char hex[DIGEST_HEX_BYTES] = "";
    Failure failure = {0};
    int r = find(text, &hex, &failure);
    if (r != -EBADMSG)
        fail_msg("%d for '%s'", r, text);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
    assert_string_equal(hex, "");
}

static void test_forms(void **unused) {
    (void)unused;
    check_found(A "  " ASSET "\n");
    check_found(A " *" ASSET "\n");
    check_found(A " " ASSET); /* no newline at the end */
    check_found(A "\t" ASSET);
    check_found("SHA256 (" ASSET ") = " A "\n");
    check_found("sha256 (" ASSET ") = " A "\n");
    check_found("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA  " ASSET "\n");
    check_found(A "  ./" ASSET "\n");
    check_found(A "  dist/v0.80.0/" ASSET "\n");
}

static void test_lone_digest(void **unused) {
    (void)unused;
    check_found(A);
    check_found(A "\n");
    check_found("\xef\xbb\xbf" A "\r\n");
    check_found("\n " A " \n\n");
    check_not_listed(A "\n" A "\n");
    check_not_listed(A "a");
}

static void test_what_is_around(void **unused) {
    (void)unused;
    check_found("# made by hand\r\n\r\n" B "  other.zip\r\n" A "  " ASSET "\r\n");
    check_found("\xef\xbb\xbf" A "  " ASSET "\n" B "  " ASSET ".sig\n");
    check_found("garbage about other things\n((((\nSHA256 (\n) = \n" A "  " ASSET "\n");
    check_found("\\" B "  odd\\nname\n" A "  " ASSET);
    check_found(A "  " ASSET "\n" A "  " ASSET "\n"); /* twice the same */
    check_found("SHA512 (" ASSET ") = " A B "\n" A "  " ASSET "\n");
    check_found("d41d8cd98f00b204e9800998ecf8427e  " ASSET "\n" A "  " ASSET "\n");
    check_found(B "  old/" ASSET "\n" A "  " ASSET "\n"); /* its own name counts more than one in a folder */
    check_found(A "  " ASSET "\n" B "  old/" ASSET "\n" C "  older/" ASSET
                  "\n"); /* which may contradict each other */
}

static void test_not_listed(void **unused) {
    (void)unused;
    check_not_listed("");
    check_not_listed("\n");
    check_not_listed(B "  other.zip\n");
    check_not_listed(B "  not-" ASSET "\n");
    check_not_listed(B "  " ASSET ".asc\n");
    check_not_listed("# " A "  " ASSET "\n");
    check_not_listed("<html><body>Not Found</body></html>");
    check_not_listed("SHA512 (" ASSET ") = " A B "\n");
    check_not_listed(A "  " ASSET " (stripped)");
}

static void test_malformed(void **unused) {
    (void)unused;
    check_bad("xyz  " ASSET "\n", "malformed");
    check_bad("aaaa  " ASSET "\n", "malformed");
    check_bad(A "a  " ASSET "\n", "malformed");
    check_bad("SHA256 (" ASSET ") = aaaa\n", "malformed");
    check_bad("SHA256 (" ASSET ") = " A "a\n", "malformed");
    check_bad("\\" A "  " ASSET "\n", "malformed");
    check_bad(A "  " ASSET "\n" B "  " ASSET "\n", "two digests");
    check_bad(A "  " ASSET "\nSHA256 (" ASSET ") = " B "\n", "two digests");
    check_bad(A "  a/" ASSET "\n" B "  b/" ASSET "\n", "two digests");
}

static void test_no_text(void **unused) {
    (void)unused;
    char hex[DIGEST_HEX_BYTES];
    Failure failure = {0};
    assert_int_equal(checksum_list_find("a\0b", 3, ASSET, &hex, &failure), -EBADMSG);
    assert_non_null(strstr(failure.message, "no text"));
    char *large = malloc(CHECKSUM_LIST_BYTES_MAX + 1);
    assert_non_null(large);
    memset(large, '\n', CHECKSUM_LIST_BYTES_MAX + 1);
    assert_int_equal(checksum_list_find(large, CHECKSUM_LIST_BYTES_MAX + 1, ASSET, &hex, &failure), -EBADMSG);
    assert_int_equal(checksum_list_find(large, CHECKSUM_LIST_BYTES_MAX, ASSET, &hex, &failure), 1);
    free(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_lone_digest),
        cmocka_unit_test(test_what_is_around), cmocka_unit_test(test_not_listed),
        cmocka_unit_test(test_malformed),      cmocka_unit_test(test_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
