#include "release/fetch_request.h"

#include "base/strings.h"
#include "tests/unit/folder.h"
#include "tests/unit/test.h"

#include <ctype.h>

#define DIGITS "ABCDEFabcdef0123456789ABCDEFabcdef0123456789ABCDEFabcdef01234567"

static Folder folder;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    return 0;
}

static int clear(void **unused) {
    (void)unused;
    folder_remove(&folder);
    return 0;
}

static Config *load(const char *text) {
    Config *config = NULL;
    Problems problems = {0};
    folder_write_text(&folder, "config.toml", text, 0600);
    assert_int_equal(config_load(folder_path(&folder, "config.toml"), &config, &problems), 0);
    problems_clear(&problems);
    return config;
}

static void built(const char *settings, const char *tag, const char *expected) {
    _cleanup_config_ Config *config = load(settings);
    _cleanup_json_ json_t *request = NULL;
    assert_int_equal(fetch_request_build(config, tag, &request), 0);
    char *text = json_dumps(request, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
}

static void test_all_members(void **unused) {
    (void)unused;
    built(
        "[autoInstall]\nenabled = true\nrepositoryOwner = \"o\"\nrepository = \"r\"\napiURL = \"https://a/x\"\n"
        "downloadURL = \"file:///d\"\ntokenFile = \"/t\"\nverify = \"require\"\nstallTimeoutSeconds = 7\n"
        "maxAssetBytes = 8\nmaxUnpackedBytes = 9\n[autoInstall.asset]\nname = \"n.zip\"\nbinaryName = \"bin/\\\"v\"\n"
        "publicKey = \"RWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\n",
        "v1.0.0",
        "{\"tag\":\"v1.0.0\",\"owner\":\"o\",\"repository\":\"r\",\"asset\":\"n.zip\",\"binary\":\"bin/\\\"v\","
        "\"apiURL\":\"https://a/x\",\"downloadURL\":\"file:///d\",\"tokenFile\":\"/t\",\"verify\":\"require\","
        "\"sha256\":\"\",\"publicKey\":\"RWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"stallTimeoutSeconds\":7,\"maxAssetBytes\":8,\"maxUnpackedBytes\":9}");
}

static void test_defaults_are_filled_in(void **unused) {
    (void)unused;
    _cleanup_config_ Config *config = load("maxNumberOfRestarts = 3\n");
    _cleanup_json_ json_t *request = NULL;
    assert_int_equal(fetch_request_build(config, "v2", &request), 0);
    assert_int_equal(json_object_size(request), 14);
    assert_string_equal(json_string_value(json_object_get(request, "owner")), "vegaprotocol");
    assert_string_equal(json_string_value(json_object_get(request, "apiURL")), "https://api.github.com");
    assert_string_equal(json_string_value(json_object_get(request, "verify")), "prefer");
    assert_string_equal(json_string_value(json_object_get(request, "publicKey")), "");
    assert_int_equal(json_integer_value(json_object_get(request, "maxAssetBytes")), INT64_C(2147483648));
}

static void test_the_pin_is_that_of_the_tag(void **unused) {
    (void)unused;
    _cleanup_config_ Config *config = load("[autoInstall.asset.sha256]\n\"v1\" = \"" DIGITS "\"\n");
    _cleanup_json_ json_t *with = NULL, *without = NULL;
    assert_int_equal(fetch_request_build(config, "v1", &with), 0);
    assert_int_equal(fetch_request_build(config, "v1.0", &without), 0);
    const char *pin = json_string_value(json_object_get(with, "sha256"));
    assert_int_equal(strcasecmp(pin, DIGITS), 0);
    for (; *pin; pin++)
        assert_false(isupper((unsigned char)*pin)); /* digests are compared as text */
    assert_string_equal(json_string_value(json_object_get(without, "sha256")), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_defaults_are_filled_in),
        cmocka_unit_test(test_the_pin_is_that_of_the_tag),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
