/* The API's JSON. */
#include "tests/unit/test.h"

#include "sim/release_json.h"

#include <string.h>

static const Route RELEASE = {.owner = "o", .repository = "r", .tag = "v1.0.0-rc/x"};
static ReleaseFile list[3] = {
    {.name = "a", .id = 11, .status = {.st_size = 5000000000, .st_mtime = 784111777}, .sha256 = "abc"},
    {.name = "b c%.zip", .id = 12},
    {.name = "d", .id = 13},
};
static const ReleaseFiles FILES = {.list = list, .count = 3};

static void check_text(const json_t *object, const char *name, const char *expected) {
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_string(value));
    assert_string_equal(json_string_value(value), expected);
}

static void test_an_asset(void **state) {
    json_t *asset = release_json_asset("http://h:1", &RELEASE, &list[0]);
    (void)state;
    check_text(asset, "name", "a");
    check_text(asset, "url", "http://h:1/repos/o/r/releases/assets/11");
    check_text(asset, "browser_download_url", "http://h:1/o/r/releases/download/v1.0.0-rc%2Fx/a");
    check_text(asset, "digest", "sha256:abc");
    check_text(asset, "state", "uploaded");
    check_text(asset, "updated_at", "1994-11-06T08:49:37Z");
    assert_int_equal(json_integer_value(json_object_get(asset, "id")), 11);
    assert_int_equal(json_integer_value(json_object_get(asset, "size")), 5000000000);
    json_decref(asset);

    asset = release_json_asset("http://h:1", &RELEASE, &list[1]);
    assert_true(json_is_null(json_object_get(asset, "digest")));
    check_text(asset, "browser_download_url", "http://h:1/o/r/releases/download/v1.0.0-rc%2Fx/b%20c%25.zip");
    json_decref(asset);
}

static void check_names(size_t first, size_t limit, const char *expected) {
    json_t *assets = release_json_assets("", &RELEASE, &FILES, first, limit);
    char names[8] = "";
    for (size_t i = 0; i < json_array_size(assets); i++)
        (void)strncat(names, json_string_value(json_object_get(json_array_get(assets, i), "name")), 1);
    assert_string_equal(names, expected);
    json_decref(assets);
}

static void test_pages(void **state) {
    (void)state;
    check_names(0, 30, "abd");
    check_names(0, 2, "ab");
    check_names(2, 2, "d");
    check_names(3, 2, "");
    check_names(SIZE_MAX, SIZE_MAX, "");
    check_names(0, 0, "");
}

static void test_a_release(void **state) {
    json_t *release = release_json_release("http://h", &RELEASE, json_array());
    char url[128];
    (void)state;
    check_text(release, "tag_name", RELEASE.tag);
    assert_true(json_is_true(json_object_get(release, "prerelease")));
    assert_true(json_is_array(json_object_get(release, "assets")));
    (void)snprintf(
        url, sizeof url, "http://h/repos/o/r/releases/%lld/assets",
        json_integer_value(json_object_get(release, "id")));
    check_text(release, "assets_url", url);
    json_decref(release);
}

static void test_an_error(void **state) {
    json_t *error = release_json_error(404, "Not Found");
    (void)state;
    check_text(error, "message", "Not Found");
    check_text(error, "status", "404");
    json_decref(error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_asset),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_a_release),
        cmocka_unit_test(test_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
