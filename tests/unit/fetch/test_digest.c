#include "fetch/digest.h"

#include "tests/unit/test.h"

#include <string.h>

/* FIPS 180-2, appendix B. */
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_digest(void **unused) {
    (void)unused;
    _cleanup_digest_ Digest *digest = NULL;
    char hex[DIGEST_HEX_BYTES];

    assert_int_equal(digest_new(&digest), 0);
    assert_int_equal(digest_update(digest, "abc", 3), 0);
    assert_int_equal(digest_finish(digest, &hex), 0);
    assert_string_equal(hex, OF_ABC);
    assert_int_equal(digest_finish(digest, &hex), 0); /* begun anew */
    assert_string_equal(hex, OF_NOTHING);
    assert_int_equal(digest_update(digest, "a", 1), 0); /* in pieces */
    assert_int_equal(digest_update(digest, "", 0), 0);
    assert_int_equal(digest_update(digest, "bc", 2), 0);
    assert_int_equal(digest_finish(digest, &hex), 0);
    assert_string_equal(hex, OF_ABC);
}

static void test_free_of_nothing(void **unused) {
    (void)unused;
    assert_null(digest_free(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_free_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
