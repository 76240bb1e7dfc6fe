#include "fetch/api_release.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

static const char RELEASE[] =
    "{\"url\":\"x\",\"assets_url\":\"https://api/assets\",\"tag_name\":\"v1.0.0\",\"author\":{\"assets\":[1,{}]},"
    "\"body\":\"] } \\\" \\\\\",\"draft\":false,\"assets\":[\n"
    "  {\"name\":\"a.zip\",\"url\":\"https://api/1\",\"browser_download_url\":\"https://dl/a.zip\",\"size\":7,"
    "\"state\":\"uploaded\",\"uploader\":{\"name\":\"nobody\",\"size\":9},\"digest\":\"sha256:" DIGEST
    "\"},\n"
    "  {\"name\":\"b\",\"url\":\"https://api/2\",\"size\":-1,\"state\":\"open\",\"digest\":null}\n"
    "],\"zip\":null}";

static void test_release(void **state) {
    ApiRelease release;
    (void)state;
    assert_int_equal(api_release_parse(RELEASE, strlen(RELEASE), &release, NULL), 0);
    assert_string_equal(release.tag, "v1.0.0");
    assert_string_equal(release.assets_url, "https://api/assets");
    assert_int_equal(release.count, 2);
    assert_int_equal(release.listed, 2);
    const ApiAsset *asset = api_release_find(&release, "a.zip");
    assert_string_equal(asset->url, "https://api/1");
    assert_string_equal(asset->download_url, "https://dl/a.zip");
    assert_int_equal(asset->bytes, 7);
    assert_true(asset->uploaded);
    assert_string_equal(asset->sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    asset = api_release_find(&release, "b");
    assert_null(asset->download_url);
    assert_true(asset->bytes == UINT64_MAX);
    assert_false(asset->uploaded);
    assert_string_equal(asset->sha256, "");
    assert_null(api_release_find(&release, "A.ZIP"));
    assert_null(api_release_find(&release, "nobody"));
    api_release_clear(&release);
    api_release_clear(&release);
}

static void test_what_is_encoded_is_read_again(void **state) {
    ApiRelease release, again;
    (void)state;
    assert_int_equal(api_release_parse(RELEASE, strlen(RELEASE), &release, NULL), 0);
    json_t *json = api_release_encode(&release);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_int_equal(api_release_parse(text, strlen(text), &again, NULL), 0);
    assert_string_equal(again.tag, release.tag);
    assert_string_equal(again.assets_url, release.assets_url);
    assert_int_equal(again.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(again.assets[i].name, release.assets[i].name);
        assert_string_equal(again.assets[i].url, release.assets[i].url);
        assert_int_equal(again.assets[i].uploaded, release.assets[i].uploaded);
        assert_true(again.assets[i].bytes == release.assets[i].bytes);
        assert_string_equal(again.assets[i].sha256, release.assets[i].sha256);
    }
    free(text);
    json_decref(json);
    api_release_clear(&again);
    api_release_clear(&release);
}

static size_t count_of(const char *text) {
    ApiRelease release;
    if (api_release_parse(text, strlen(text), &release, NULL) != 0)
        fail_msg("refused: %s", text);
    size_t count = release.count;
    api_release_clear(&release);
    return count;
}

static void test_assets_without_sense_are_left_out(void **state) {
    (void)state;
    assert_int_equal(count_of("[]"), 0);
    assert_int_equal(count_of(" { \"assets\" : [ ] } "), 0);
    assert_int_equal(count_of("[{\"name\":\"a\",\"url\":\"u\"}]"), 1);
    assert_int_equal(
        count_of("[{\"name\":\"a\"},{\"url\":\"u\"},{},7,null,\"x\",[],{\"name\":7,\"url\":\"u\"}]"), 0);
    assert_int_equal(count_of("[{\"name\":\"\",\"url\":\"u\"},{\"name\":\"a\",\"url\":\"\"}]"), 0);
    assert_int_equal(count_of("[{\"name\":\"a\\u0000b\",\"url\":\"u\"}]"), 0); /* a NUL would end the name */
    assert_int_equal(count_of("[{\"name\":\"\xff\",\"url\":\"u\"}]"), 0);
    assert_int_equal(count_of("{\"assets\":[{\"name\":\"a\",\"url\":\"u\"}],\"assets\":[]}"), 1); /* the first */
}

static void test_what_is_no_release(void **state) {
    static const char *const BAD[] = {
        "",
        " ",
        "x",
        "7",
        "\"x\"",
        "null",
        "{}",
        "{\"assets\":7}",
        "{\"assets\":{}}",
        "{\"assets\":[",
        "{\"assets\":[]",
        "{\"assets\":[]]",
        "{\"assets\"}",
        "{\"assets\":}",
        "{assets:[]}",
        "{\"assets\":[],}",
        "[1 2]",
        "[,]",
        "[1,]",
        "{\"a\":\"",
        "{\"a\":\"\\",
        "{\"a\":[{\"b\":1}",
        "{\"message\":\"Not Found\"}",
        "{\"assets\":[}",
        "[{\"a\":1]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Failure failure = {0};
        ApiRelease release;
        if (api_release_parse(BAD[i], strlen(BAD[i]), &release, &failure) != -EBADMSG)
            fail_msg("not refused: %s", BAD[i]);
        assert_non_null(strstr(failure.message, "no release"));
        assert_null(release.assets);
    }
}

static void test_a_text_cut_anywhere_is_refused(void **state) {
    (void)state;
    for (size_t length = 0; length < strlen(RELEASE); length++) {
        char *exact = malloc(length + 1); /* so that the sanitizer sees a byte too far */
        ApiRelease release;
        memcpy(exact, RELEASE, length);
        char *tight = realloc(exact, length > 0 ? length : 1);
        assert_int_equal(api_release_parse(tight, length, &release, NULL), -EBADMSG);
        free(tight);
    }
}

static void test_deep_nesting_needs_no_stack(void **state) {
    enum { DEPTH = 4 * 1024 * 1024 };
    char *text = malloc(DEPTH + 1);
    ApiRelease release;
    (void)state;
    (void)memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    assert_int_equal(api_release_parse(text, DEPTH, &release, NULL), -EBADMSG);
    (void)memset(text + DEPTH / 2, ']', DEPTH / 2);
    assert_int_equal(api_release_parse(text, DEPTH, &release, NULL), 0);
    assert_int_equal(release.count, 0);
    free(text);
}

static void test_limits(void **state) {
    enum { COUNT = API_ASSETS_MAX + 10, ROOM = 64 };
    char *text = malloc(COUNT * ROOM);
    size_t length = 0;
    ApiRelease release;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        length +=
            (size_t)snprintf(text + length, ROOM, "%c{\"name\":\"n%d\",\"url\":\"u\"}", i == 0 ? '[' : ',', i);
    text[length++] = ']';
    assert_int_equal(api_release_parse(text, length, &release, NULL), 0);
    assert_int_equal(release.count, API_ASSETS_MAX);
    assert_int_equal(release.listed, COUNT);
    api_release_clear(&release);
    free(text);
}

static void test_append(void **state) {
    ApiRelease all = {0}, page;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(api_release_parse(RELEASE, strlen(RELEASE), &page, NULL), 0);
        assert_int_equal(api_release_append(&all, &page), 0);
        assert_int_equal(page.count, 0);
    }
    assert_int_equal(all.count, 6);
    assert_int_equal(all.listed, 6);
    api_release_clear(&all);
}

static void test_names(void **state) {
    char buffer[64];
    ApiRelease release;
    (void)state;
    assert_int_equal(api_release_parse(RELEASE, strlen(RELEASE), &release, NULL), 0);
    assert_string_equal(api_release_names(&release, buffer, sizeof buffer), "a.zip, b");
    assert_string_equal(api_release_names(&release, buffer, 37), "a.zip and 1 more");
    assert_string_equal(api_release_names(&release, buffer, 36), " and 2 more");
    api_release_clear(&release);
    assert_string_equal(api_release_names(&release, buffer, sizeof buffer), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_what_is_encoded_is_read_again),
        cmocka_unit_test(test_assets_without_sense_are_left_out),
        cmocka_unit_test(test_what_is_no_release),
        cmocka_unit_test(test_a_text_cut_anywhere_is_refused),
        cmocka_unit_test(test_deep_nesting_needs_no_stack),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
