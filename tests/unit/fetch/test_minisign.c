#include "fetch/minisign.h"

#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <errno.h>

/* Made by minisign 0.11 with a key for this test, over "hello\n":
 * minisign -S [-l] -m f -t "trusted hello" */
#define KEY "RWSwnZhM98nyUIBt6jJYs8TH905BL8wMxdgjbUmprQeTvTPcwQN6rvsd"
#define UNTRUSTED "untrusted comment: signature from minisign secret key\n"
#define LEGACY                                                                                                     \
    "RWSwnZhM98nyUBLnXAcTtdaQRImrmuS06ktye4zR7IBJLp20RecG+es4q08uNAkBk9DKCyvTSpUKQscBJywHCA82nTZgmj74nws=\n"
#define LEGACY_COMMENT "trusted comment: trusted hello\n"
#define LEGACY_GLOBAL "gQmJEyrOPMdpaFXno9TnHpTCT9ShwW0dDK2qDWlmC6omH0DfXy6i+CvawcnUy7ngJi/KAay8GmKjpL8GYKyiBA==\n"
#define PREHASHED                                                                                                  \
    "RUSwnZhM98nyUNBZLqmisjGkIc9bMKbbrvTCy+lqA4ovMh/CjtjW24rj//hO5lxDmh1+oKiF9AnHTKUspn/fCSmocqneCUmzhwY=\n"
#define PREHASHED_COMMENT "trusted comment: timestamp:1795705031\tfile:f\thashed\n"
#define PREHASHED_GLOBAL                                                                                           \
    "bRwr0T8ARBal+tJEbAYb9xDv0jwmL/q4zE4FcgDSE1jpDdVLC5nRUyK2bMsdjV6A84s+iwiy9dbOkmgGqaE6CA==\n"
#define LEGACY_ALL UNTRUSTED LEGACY LEGACY_COMMENT LEGACY_GLOBAL
#define PREHASHED_ALL UNTRUSTED PREHASHED PREHASHED_COMMENT PREHASHED_GLOBAL

static Folder folder;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    folder_write_text(&folder, "good", "hello\n", 0600);
    folder_write_text(&folder, "bad", "hellO\n", 0600);
    folder_write_text(&folder, "empty", "", 0600);
    return 0;
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

static int
verify(const char *key, const char *signature, const char *file, char (*comment)[1024], Failure *failure) {
    int fd = openat(folder.fd, file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    int r = minisign_verify(key, signature, strlen(signature), fd, NULL, NULL, comment, failure);
    (void)close(fd);
    return r;
}

static void check_good(const char *key, const char *signature, const char *said) {
    char comment[MINISIGN_COMMENT_BYTES] = "";
    Failure failure = {0};
    if (verify(key, signature, "good", &comment, &failure) != 0)
        fail_msg("%s", failure.message);
    assert_string_equal(comment, said);
}

static void check(int expected, const char *key, const char *signature, const char *file, const char *said) {
    char comment[MINISIGN_COMMENT_BYTES] = "";
    Failure failure = {0};
    assert_int_equal(verify(key, signature, file, &comment, &failure), expected);
    if (!strstr(failure.message, said))
        fail_msg("'%s' does not say '%s'", failure.message, said);
    assert_string_equal(comment, "");
}

static void test_good(void **unused) {
    (void)unused;
    check_good(KEY, LEGACY_ALL, "trusted hello");
    check_good(KEY, PREHASHED_ALL, "timestamp:1795705031?file:f?hashed"); /* printable */
    check_good("untrusted comment: minisign public key\n" KEY "\n", LEGACY_ALL, "trusted hello");
    check_good("untrusted comment: minisign public key\r\n" KEY "\r\n", LEGACY_ALL, "trusted hello");
    check_good(
        KEY,
        "untrusted comment: made on Windows\r\nRWSwnZhM98nyUBLnXAcTtdaQRImrmuS06ktye4zR7IBJLp20RecG+es4q08uNAkBk9DK"
        "CyvTSpUKQscBJywHCA82nTZgmj74nws=\r\ntrusted comment: trusted hello\r\ngQmJEyrOPMdpaFXno9TnHpTCT9ShwW0dDK2q"
        "DWlmC6omH0DfXy6i+CvawcnUy7ngJi/KAay8GmKjpL8GYKyiBA==",
        "trusted hello");
}

static void test_another_file(void **unused) {
    (void)unused;
    check(-EKEYREJECTED, KEY, LEGACY_ALL, "bad", "not of this file");
    check(-EKEYREJECTED, KEY, PREHASHED_ALL, "bad", "not of this file");
    check(-EKEYREJECTED, KEY, LEGACY_ALL, "empty", "not of this file");
    check(-EKEYREJECTED, KEY, PREHASHED_ALL, "empty", "not of this file");
}

static void test_changed_comment(void **unused) {
    (void)unused;
    check(
        -EKEYREJECTED, KEY, UNTRUSTED LEGACY "trusted comment: trusted hellO\n" LEGACY_GLOBAL, "good",
        "trusted comment");
    check(-EKEYREJECTED, KEY, UNTRUSTED LEGACY "trusted comment: \n" LEGACY_GLOBAL, "good", "trusted comment");
    check(-EKEYREJECTED, KEY, UNTRUSTED LEGACY LEGACY_COMMENT PREHASHED_GLOBAL, "good", "trusted comment");
    check(-EKEYREJECTED, KEY, UNTRUSTED PREHASHED LEGACY_COMMENT LEGACY_GLOBAL, "good", "trusted comment");
}

/* What is signed under one algorithm is not valid under the other: only its name is changed here. */
static void test_other_algorithm(void **unused) {
    (void)unused;
    char changed[] = LEGACY_ALL;
    changed[strlen(UNTRUSTED) + 1] = 'U'; /* "RW" is "Ed", "RU" is "ED" */
    check(-EKEYREJECTED, KEY, changed, "good", "not of this file");
}

static void test_another_key(void **unused) {
    (void)unused;
    char other_id[] = KEY, other_key[] = KEY;
    other_id[6] = 'Z';
    other_key[20] = 'Z';
    check(-EKEYREJECTED, other_id, LEGACY_ALL, "good", "50F2C9F74C989DB0");
    check(-EKEYREJECTED, other_key, LEGACY_ALL, "good", "another key");
}

static void test_malformed_key(void **unused) {
    (void)unused;
    check(-EINVAL, "", LEGACY_ALL, "good", "publicKey");
    check(-EINVAL, "RW", LEGACY_ALL, "good", "publicKey");
    check(-EINVAL, KEY "A", LEGACY_ALL, "good", "publicKey");
    check(-EINVAL, KEY "\nmore", LEGACY_ALL, "good", "publicKey");
    check(-EINVAL, " " KEY, LEGACY_ALL, "good", "publicKey");
    check(
        -EINVAL,
        "QUS"
        "wnZhM98nyUIBt6jJYs8TH905BL8wMxdgjbUmprQeTvTPcwQN6rvsd",
        LEGACY_ALL, "good", "QU");
}

static void check_malformed(const char *signature) {
    check(-EBADMSG, KEY, signature, "good", "not minisign's");
}

static void test_malformed_signature(void **unused) {
    (void)unused;
    char long_comment[9000] = "";
    check_malformed("");
    check_malformed("\n\n\n\n");
    check_malformed("<html>");
    check_malformed(LEGACY LEGACY_COMMENT LEGACY_GLOBAL);
    check_malformed(UNTRUSTED LEGACY LEGACY_COMMENT);
    check_malformed(UNTRUSTED LEGACY LEGACY_GLOBAL LEGACY_COMMENT);
    check_malformed(UNTRUSTED "RWSwnZhM98nyUBLn=\n" LEGACY_COMMENT LEGACY_GLOBAL);
    check_malformed(UNTRUSTED " " LEGACY LEGACY_COMMENT LEGACY_GLOBAL);
    check_malformed(UNTRUSTED "Q" LEGACY LEGACY_COMMENT LEGACY_GLOBAL);
    check_malformed(LEGACY_ALL "more\n");
    char other_algorithm[] = LEGACY_ALL;
    other_algorithm[strlen(UNTRUSTED) + 1] = 'V';
    check_malformed(other_algorithm);
    char loose_bits[] = LEGACY_ALL; /* "ws=" and "wt=" would be the same bytes to a lenient reader */
    loose_bits[strlen(UNTRUSTED) + strlen(LEGACY) - 3] = 't';
    check_malformed(loose_bits);
    (void)snprintf(
        long_comment, sizeof long_comment, "%s%strusted comment: %01100d\n%s", UNTRUSTED, LEGACY, 0, LEGACY_GLOBAL);
    check_malformed(long_comment);
    memset(long_comment, 'a', sizeof long_comment - 1);
    check_malformed(long_comment);
    MinisignSignature signature;
    Failure failure = {0};
    assert_int_equal(minisign_parse_signature("a\0b", 3, &signature, &failure), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_another_file),
        cmocka_unit_test(test_changed_comment),
        cmocka_unit_test(test_other_algorithm),
        cmocka_unit_test(test_another_key),
        cmocka_unit_test(test_malformed_key),
        cmocka_unit_test(test_malformed_signature),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
