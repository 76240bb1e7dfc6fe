#include "rpc/upgrade_status.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELEASE(info, ready)                                                                                       \
    "{\"result\":{\"AcceptedReleaseInfo\":" info ",\"ReadyToUpgrade\":" ready "},\"error\":null,\"id\":7}"
#define INFO(tag, height) "{\"VegaReleaseTag\":" tag ",\"UpgradeBlockHeight\":" height "}"

/* A copy of exactly its size, without a NUL, so that the sanitizer sees a read beyond it. */
static int parse(const char *body, size_t length, UpgradeStatus *status, Failure *failure) {
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, body, length);
    copy[length] = '\0';
    int r = upgrade_status_parse(copy, length, 7, status, failure);
    free(copy);
    return r;
}

static void test_request(void **state) {
    char buffer[128], small[8];
    (void)state;
    size_t length = upgrade_status_request(buffer, sizeof buffer, 7);
    assert_int_equal(length, strlen(buffer));
    assert_string_equal(buffer, "{\"method\":\"protocolupgrade.UpgradeStatus\",\"params\":[null],\"id\":7}");
    length = upgrade_status_request(buffer, sizeof buffer, UINT64_MAX);
    assert_int_equal(length, strlen(buffer));
    assert_non_null(strstr(buffer, "18446744073709551615}"));
    assert_int_equal(upgrade_status_request(small, sizeof small, 7), sizeof small - 1);
    assert_int_equal(upgrade_status_request(small, 0, 7), 0);
}

static void test_good(void **state) {
    static const struct {
        const char *body;
        UpgradeStatus status;
    } GOOD[] = {
        {RELEASE(INFO("\"v0.80.0\"", "1034000"), "false"), {true, "v0.80.0", 1034000, false}},
        {RELEASE(INFO("\"v0.80.0\"", "1034000"), "true") "\n", {true, "v0.80.0", 1034000, true}},
        {RELEASE(INFO("\"v1\"", "0"), "true"), {true, "v1", 0, true}},
        {RELEASE(INFO("\"v1\"", "9223372036854775807"), "true"), {true, "v1", INT64_MAX, true}},
        {RELEASE(INFO("\"\"", "0"), "false"), {false, "", 0, false}},
        {RELEASE(INFO("\"\"", "5"), "true"), {false, "", 0, true}},
        {RELEASE("null", "false"), {false, "", 0, false}},
        {RELEASE("null", "true"), {false, "", 0, true}},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":7}", {false, "", 0, true}},
        {"{\"id\":7,\"more\":[1],\"result\":{\"ReadyToUpgrade\":false,\"More\":{}}}", {false, "", 0, false}},
        {RELEASE(INFO("\"../x\"", "1"), "false"), {true, "../x", 1, false}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        UpgradeStatus status = {.tag = "old"};
        Failure failure = {0};
        if (parse(GOOD[i].body, strlen(GOOD[i].body), &status, &failure) < 0)
            fail_msg("%s: %s", GOOD[i].body, failure.message);
        assert_int_equal(status.has_release, GOOD[i].status.has_release);
        assert_string_equal(status.tag, GOOD[i].status.tag);
        assert_int_equal(status.height_blocks, GOOD[i].status.height_blocks);
        assert_int_equal(status.ready, GOOD[i].status.ready);
    }
}

static void test_bad(void **state) {
    static const struct {
        const char *body;
        const char *said; /* a part of the failure */
    } BAD[] = {
        {"", "no JSON"},
        {" \r\n", "no JSON"},
        {"<html>\n<b>hello</b>", "\"<html>\""},
        {"404 page not found\n", "\"404 page not found\""},
        {"null", "no JSON"},
        {"7", "no JSON"},
        {"[]", "an array"},
        {"{\"result\":", "no JSON"},
        {"{} {}", "no JSON"},
        {"{\"a\":\"\xff\"}", "no JSON"},
        {"{\"a\\u0000\":1}", "no JSON"},
        {"{}", "id is missing"},
        {"{\"result\":{\"ReadyToUpgrade\":true}}", "id is missing"},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":8}", "id is 8, 7 was asked"},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":-7}", "id is -7"},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":\"7\"}", "id is \"7\""},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":7.0}", "id is 7.0"},
        {"{\"result\":{\"ReadyToUpgrade\":true},\"id\":null}", "id is null"},
        {"{\"result\":null,\"error\":\"rpc: can't find method\",\"id\":7}", "error: \"rpc: can't find method\""},
        {"{\"result\":null,\"error\":\"a\\n\\u001b[31mred\",\"id\":7}", "error: \"a\\n\\u001B[31mred\""},
        {"{\"result\":null,\"error\":{\"code\":-32601,\"message\":\"no\"},\"id\":7}", "error: \"no\""},
        {"{\"result\":null,\"error\":{\"code\":-32601},\"id\":7}", "error: {\"code\":-32601}"},
        {"{\"result\":null,\"error\":false,\"id\":7}", "error: false"},
        {"{\"result\":null,\"error\":\"early\",\"id\":null}", "error: \"early\""},
        {"{\"result\":null,\"error\":null,\"id\":7}", "result should be an object, but it is null"},
        {"{\"error\":null,\"id\":7}", "result should be an object, but it is missing"},
        {"{\"result\":[],\"error\":null,\"id\":7}", "result should be an object, but it is []"},
        {"{\"result\":{},\"error\":null,\"id\":7}", "ReadyToUpgrade should be true or false, but it is missing"},
        {RELEASE("null", "null"), "ReadyToUpgrade"},
        {RELEASE("null", "1"), "ReadyToUpgrade"},
        {RELEASE("null", "\"true\""), "ReadyToUpgrade"},
        {RELEASE("\"v1\"", "true"), "AcceptedReleaseInfo"},
        {RELEASE("[]", "true"), "AcceptedReleaseInfo"},
        {RELEASE("{}", "true"), "VegaReleaseTag"},
        {RELEASE(INFO("null", "1"), "true"), "VegaReleaseTag"},
        {RELEASE(INFO("1", "1"), "true"), "VegaReleaseTag"},
        {RELEASE(INFO("\"v1\\u0000x\"", "1"), "true"), "no JSON"},
        {RELEASE("{\"VegaReleaseTag\":\"v1\"}", "true"), "UpgradeBlockHeight"},
        {RELEASE(INFO("\"v1\"", "null"), "true"), "UpgradeBlockHeight"},
        {RELEASE(INFO("\"v1\"", "\"1\""), "true"), "UpgradeBlockHeight"},
        {RELEASE(INFO("\"v1\"", "1.5"), "true"), "UpgradeBlockHeight"},
        {RELEASE(INFO("\"v1\"", "1e3"), "true"), "UpgradeBlockHeight"},
        {RELEASE(INFO("\"v1\"", "-1"), "true"), "UpgradeBlockHeight should be a block height, but it is -1"},
        {RELEASE(INFO("\"v1\"", "9223372036854775808"), "true"), "height"},
        {RELEASE(INFO("\"v1\"", "18446744073709551615"), "true"), "18446744073709551615"},
        {RELEASE(INFO("\"v1\"", "-9223372036854775809"), "true"), "height"},
        {RELEASE(INFO("\"v1\"", "1e999"), "true"), "height"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        UpgradeStatus status = {.tag = "old"};
        Failure failure = {0};
        assert_int_equal(parse(BAD[i].body, strlen(BAD[i].body), &status, &failure), -EBADMSG);
        if (!strstr(failure.message, BAD[i].said))
            fail_msg("\"%s\" is not in \"%s\"", BAD[i].said, failure.message);
        for (const char *byte = failure.message; *byte; byte++)
            assert_true((unsigned char)*byte >= ' ');
        assert_string_equal(status.tag, "old");
    }
}

static void test_length_of_tag(void **state) {
    char tag[RELEASE_TAG_MAX + 2], body[512];
    UpgradeStatus status;
    Failure failure = {0};
    (void)state;
    for (int length = RELEASE_TAG_MAX; length <= RELEASE_TAG_MAX + 1; length++) {
        (void)memset(tag, 'v', sizeof tag);
        tag[length] = '\0';
        (void)snprintf(body, sizeof body, RELEASE(INFO("\"%s\"", "1"), "true"), tag);
        int r = parse(body, strlen(body), &status, &failure);
        assert_int_equal(r, length <= RELEASE_TAG_MAX ? 0 : -EBADMSG);
        if (r == 0)
            assert_string_equal(status.tag, tag);
    }
    assert_non_null(strstr(failure.message, "VegaReleaseTag has 128 bytes"));
}

static void test_nul_bytes(void **state) {
    static const char BEHIND[] = "{\"result\":{\"ReadyToUpgrade\":true},\"id\":7}\0";
    static const char WITHIN[] = "{\"result\":{\"ReadyToUpgrade\":true},\"id\":7,\"x\":\"a\0b\"}";
    UpgradeStatus status;
    (void)state;
    assert_int_equal(parse(BEHIND, sizeof BEHIND - 1, &status, NULL), -EBADMSG);
    assert_int_equal(parse(WITHIN, sizeof WITHIN - 1, &status, NULL), -EBADMSG);
}

static void check_depth(const char *opening, const char *closing, size_t depth, int expected) {
    static const char HEAD[] = "{\"id\":7,\"error\":null,\"result\":{\"ReadyToUpgrade\":true},\"x\":";
    size_t opening_length = strlen(opening), closing_length = strlen(closing);
    size_t length = sizeof HEAD + 1 + depth * (opening_length + closing_length);
    char *body = malloc(length + 1), *end = body;
    UpgradeStatus status;
    Failure failure = {0};
    assert_non_null(body);
    end = stpcpy(end, HEAD);
    for (size_t i = 0; i < depth; i++)
        end = stpcpy(end, opening);
    *end++ = '1';
    for (size_t i = 0; i < depth; i++)
        end = stpcpy(end, closing);
    *end++ = '}';
    assert_int_equal(parse(body, (size_t)(end - body), &status, &failure), expected);
    free(body);
}

static void test_depth(void **state) {
    (void)state;
    check_depth("[", "]", 60, 0);
    check_depth("{\"a\":", "}", 60, 0);
    check_depth("[\"[[]]]]\\\"[\",", "]", 60, 0);
    check_depth("[", "]", 64, -EBADMSG);
    check_depth("[", "]", 2000, -EBADMSG);
    check_depth("[", "]", 32000, -EBADMSG);
    check_depth("{\"a\":", "}", 10000, -EBADMSG);
}

/* An error as long as an answer may be: what is quoted of it is short. */
static void test_large_error(void **state) {
    enum { LENGTH = 60000 };
    char body[LENGTH + 64], *end = stpcpy(body, "{\"id\":7,\"error\":[\"");
    UpgradeStatus status;
    Failure failure = {0};
    (void)state;
    (void)memset(end, 'x', LENGTH);
    memcpy(end + LENGTH, "\"]}", 4);
    assert_int_equal(parse(body, strlen(body), &status, &failure), -EBADMSG);
    assert_in_range(strlen(failure.message), 100, 400);
}

static void test_every_prefix(void **state) {
    static const char BODY[] = RELEASE(INFO("\"v0.80.0\"", "1034000"), "true");
    UpgradeStatus status;
    (void)state;
    for (size_t length = 0; length < sizeof BODY - 1; length++)
        assert_int_equal(parse(BODY, length, &status, NULL), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),       cmocka_unit_test(test_good),         cmocka_unit_test(test_bad),
        cmocka_unit_test(test_length_of_tag), cmocka_unit_test(test_nul_bytes),    cmocka_unit_test(test_depth),
        cmocka_unit_test(test_large_error),   cmocka_unit_test(test_every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
