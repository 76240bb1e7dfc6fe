#include "fetch/request.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char GOOD[] =
    "{\"tag\":\"v0.80.0\",\"owner\":\"vegaprotocol\",\"repository\":\"vega\",\"asset\":\"vega-linux-amd64.zip\","
    "\"binary\":\"vega\",\"apiURL\":\"https://api.github.com\",\"downloadURL\":\"https://github.com\","
    "\"tokenFile\":\"\",\"verify\":\"prefer\",\"sha256\":\"\",\"publicKey\":\"\",\"stallTimeoutSeconds\":30,"
    "\"maxAssetBytes\":2147483648,\"maxUnpackedBytes\":8589934592}";

/* GOOD with the JSON @value for @key; NULL takes the member away. Owned by the caller. */
static char *changed(const char *key, const char *value) {
    json_t *request = json_loads(GOOD, 0, NULL);
    json_t *json = value ? json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (value && !json)
        fail_msg("no JSON: %s", value);
    assert_int_equal(json ? json_object_set_new(request, key, json) : json_object_del(request, key), 0);
    char *text = json_dumps(request, 0);
    json_decref(request);
    return text;
}

static void test_good(void **state) {
    Request request;
    (void)state;
    assert_int_equal(request_parse(GOOD, &request, NULL), 0);
    assert_string_equal(request.tag, "v0.80.0");
    assert_string_equal(request.owner, "vegaprotocol");
    assert_string_equal(request.repository, "vega");
    assert_string_equal(request.asset, "vega-linux-amd64.zip");
    assert_string_equal(request.binary, "vega");
    assert_string_equal(request.api_url, "https://api.github.com");
    assert_string_equal(request.download_url, "https://github.com");
    assert_string_equal(request.token_file, "");
    assert_string_equal(request.sha256, "");
    assert_string_equal(request.public_key, "");
    assert_int_equal(request.verify, VERIFY_PREFER);
    assert_int_equal(request.stall_timeout_seconds, 30);
    assert_int_equal(request.asset_bytes_max, UINT64_C(2147483648));
    assert_int_equal(request.unpacked_bytes_max, UINT64_C(8589934592));
    request_clear(&request);
    request_clear(&request);
}

static void test_good_values(void **state) {
    static const struct {
        const char *key;
        const char *value;
    } CASES[] = {
        {"tag", "\"v1.0.0-rc.1+build_7\""},
        {"asset", "\"a name with blanks (1) \\u00e4.tar.gz\""},
        {"binary", "\"\""},
        {"binary", "\"bin/vega-linux/vega\""},
        {"apiURL", "\"http://127.0.0.1:1/api/v3\""},
        {"downloadURL", "\"file:///srv/releases\""},
        {"tokenFile", "\"/etc/visor/token\""},
        {"verify", "\"off\""},
        {"verify", "\"require\""},
        {"sha256", "\"0123456789abcdefABCDEF01234567890123456789abcdef0123456789abcdef\""},
        {"publicKey", "\"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\""},
        {"stallTimeoutSeconds", "1"},
        {"maxAssetBytes", "9223372036854775807"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char *text = changed(CASES[i].key, CASES[i].value);
        Failure failure = {0};
        Request request;
        if (request_parse(text, &request, &failure) != 0)
            fail_msg("refused: %s = %s: %s", CASES[i].key, CASES[i].value, failure.message);
        request_clear(&request);
        free(text);
    }
}

static void check_refused(const char *text, const char *word) {
    Failure failure = {0};
    Request request;
    if (request_parse(text, &request, &failure) != -EINVAL)
        fail_msg("not refused: %s", text);
    if (!strstr(failure.message, word))
        fail_msg("\"%s\" does not name \"%s\"", failure.message, word);
    assert_null(request.json);
}

static void test_every_member_is_needed_and_checked(void **state) {
    static const struct {
        const char *key;
        const char *bad[12];
    } CASES[] = {
        {"tag", {"\"\"", "\".\"", "\"..\"", "\"../x\"", "\"a/b\"", "\"-x\"", "\"a..b\"", "\"a b\"", "7"}},
        {"owner", {"\"\"", "\"a/b\"", "\"..\"", "null"}},
        {"repository", {"\"\"", "\"a/b\"", "\"..\"", "[]"}},
        {"asset", {"\"\"", "\".\"", "\"..\"", "\"a/b\"", "\"a\\nb\"", "true"}},
        {"binary", {"\"/vega\"", "\"../vega\"", "\"a/../b\"", "\"a//b\"", "\"./a\"", "\"a/\"", "\"a\\tb\"", "{}"}},
        {"apiURL", {"\"\"", "\"ftp://host\"", "\"https://host?x\"", "\"host\"", "\"https://user@host\"", "1"}},
        {"downloadURL", {"\"\"", "\"ftp://host\"", "\"https://host/?x\"", "\"file://x\"", "1"}},
        {"tokenFile", {"\"relative\"", "1"}},
        {"verify", {"\"\"", "\"Prefer\"", "\"maybe\"", "true"}},
        {"sha256", {"\"abc\"", "\"x123456789abcdefABCDEF01234567890123456789abcdef0123456789abcdef\"", "1"}},
        {"publicKey", {"\"RW\"", "\"XWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"", "1"}},
        {"stallTimeoutSeconds", {"0", "-1", "1.5", "\"30\"", "86401", "null"}},
        {"maxAssetBytes", {"0", "-1", "1e9", "\"1\""}},
        {"maxUnpackedBytes", {"0", "-1", "true"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        for (size_t j = 0; j < 12; j++) {
            char *text = changed(CASES[i].key, CASES[i].bad[j]); /* past the last one: taken away */
            check_refused(text, CASES[i].key);
            free(text);
        }
    }
}

/* What is wrong with a URL is told, with the cure. */
static void test_urls_tell_why(void **state) {
    (void)state;
    char *text = changed("downloadURL", "\"https://user:secret@host\"");
    check_refused(text, "tokenFile");
    free(text);
    text = changed("downloadURL", "\"file:///srv/my releases\"");
    check_refused(text, "percent-encoded");
    free(text);
}

static void test_bad_texts(void **state) {
    (void)state;
    check_refused("", "JSON");
    check_refused("[]", "JSON");
    check_refused("{", "JSON");
    check_refused("{} x", "JSON");
    check_refused("{\"tag\":\"a\",\"tag\":\"b\"}", "JSON");
    char *text = changed("tag", "\"a\\u0000b\"");
    check_refused(text, "JSON");
    free(text);
    text = changed("surprise", "1");
    check_refused(text, "surprise");
    free(text);
    text = malloc(REQUEST_BYTES_MAX + 2);
    (void)memset(text, ' ', REQUEST_BYTES_MAX + 1);
    text[REQUEST_BYTES_MAX + 1] = '\0';
    check_refused(text, "longer");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_every_member_is_needed_and_checked),
        cmocka_unit_test(test_urls_tell_why),
        cmocka_unit_test(test_bad_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
