/* The scenario of the release server: which are refused, which rule decides, and what it does to the API's answer.
 */
#include "tests/unit/test.h"

#include "sim/release_rules.h"

#include <string.h>

static json_t *parse(const char *text) {
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (!value)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* -- checks ---------------------------------------------------------------------------------------------------- */

static void check_all(const char *const *texts, int expected) {
    for (; *texts; texts++) {
        Failure failure = {0};
        json_t *scenario = parse(*texts);
        int r = RELEASE_SCENARIO.check_file(scenario, &failure);
        json_decref(scenario);
        if (r != expected)
            fail_msg("%s: %d %s", *texts, r, failure.message);
        assert_int_equal(*failure.message != '\0', expected < 0);
    }
}

static void test_what_is_right_passes(void **state) {
    static const char *const RIGHT[] = {
        "{}",
        "{\"throttle_bytes_per_second\":0, \"embedded_assets\":100, \"redirect_downloads\":true}",
        "{\"token_on\":[], \"rules\":[]}",
        "{\"token_on\":[\"api\",\"download\",\"storage\"], \"rules\":[{}]}",
        "{\"rules\":[{\"on\":\"api\", \"asset\":\"x\", \"method\":\"HEAD\", \"times\":0, \"status\":599}]}",
        "{\"rules\":[{\"headers\":{\"A\":\"b\", \"C\":null}, \"digest\":null, \"length_lie\":-1}]}",
        "{\"rules\":[{\"redirect\":\"loop\"}, {\"redirect\":3}, {\"redirect\":\"file:///x\"}, {\"redirect\":\"/x\"}]}",
        NULL,
    };
    (void)state;
    check_all(RIGHT, 0);
}

static void test_what_is_wrong_is_refused(void **state) {
    static const char *const WRONG[] = {
        "[]",
        "{\"rule\":[]}",
        "{\"rules\":{}}",
        "{\"rules\":[[]]}",
        "{\"rules\":[{}, {\"cutat\":1}]}",
        "{\"rules\":[{\"cut_at\":-1}]}",
        "{\"rules\":[{\"cut_at\":\"1\"}]}",
        "{\"rules\":[{\"status\":100}]}",
        "{\"rules\":[{\"status\":600}]}",
        "{\"rules\":[{\"on\":\"assets\"}]}",
        "{\"rules\":[{\"method\":\"POST\"}]}",
        "{\"rules\":[{\"times\":-1}]}",
        "{\"rules\":[{\"redirect\":\"astray\"}]}",
        "{\"rules\":[{\"redirect\":0}]}",
        "{\"rules\":[{\"headers\":[]}]}",
        "{\"rules\":[{\"headers\":{\"A\":1}}]}",
        "{\"rules\":[{\"digest\":true}]}",
        "{\"rules\":[{\"hang\":1}]}",
        "{\"rules\":[{\"throttle_bytes_per_second\":1}]}",
        "{\"cut_at\":1}",
        "{\"token_on\":\"api\"}",
        "{\"token_on\":[\"apis\"]}",
        "{\"throttle_bytes_per_second\":-1}",
        "{\"throttle_bytes_per_second\":2000000000000}",
        NULL,
    };
    (void)state;
    check_all(WRONG, -EINVAL);
}

/* -- which rule -------------------------------------------------------------------------------------------------
 */

static Scenario scenario_of(const char *text) {
    const char *settings[] = {NULL};
    Program program = {.process = "releases", .arguments = {.settings = settings}};
    Scenario scenario;
    assert_int_equal(scenario_new_of(&RELEASE_SCENARIO, &program, &scenario, NULL), 0);
    scenario.version = "";
    scenario_replace(&scenario, parse(text));
    return scenario;
}

static int use(ReleaseRules *rules, RouteKind kind, const char *asset, const char *method) {
    Route route = {.kind = kind};
    strcpy(route.asset, asset);
    int index = release_rules_find(rules, &route, method);
    const json_t *rule = release_rules_use(rules, index);
    assert_int_equal(rule != NULL, index >= 0);
    return index;
}

static void test_the_first_that_matches_and_is_not_used_up_decides(void **state) {
    Scenario scenario = scenario_of(
        "{\"rules\":[{\"on\":\"api\",\"times\":1}, {\"on\":\"download\",\"asset\":\"a\"},"
        " {\"method\":\"HEAD\",\"times\":2}, {\"on\":\"api\",\"asset\":\"a\"}]}");
    ReleaseRules rules = {0};
    (void)state;
    assert_int_equal(release_rules_update(&rules, &scenario), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), 3); /* on a list an asset is no condition */
    assert_int_equal(use(&rules, ROUTE_API, "a", "GET"), 3);
    assert_int_equal(use(&rules, ROUTE_API, "b", "GET"), -1);
    assert_int_equal(use(&rules, ROUTE_DOWNLOAD, "a", "HEAD"), 1);
    assert_int_equal(use(&rules, ROUTE_STORAGE, "a", "GET"), -1);
    assert_int_equal(use(&rules, ROUTE_STORAGE, "a", "HEAD"), 2);
    assert_int_equal(use(&rules, ROUTE_API, "b", "HEAD"), 2);
    assert_int_equal(use(&rules, ROUTE_API, "b", "HEAD"), -1);
    release_rules_free(&rules);
    scenario_free(&scenario);
}

static void test_counts_last_as_long_as_the_rules(void **state) {
    Scenario scenario = scenario_of("{\"rules\":[{\"times\":1}]}");
    ReleaseRules rules = {0};
    (void)state;
    assert_int_equal(release_rules_update(&rules, &scenario), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), 0);
    scenario_replace(&scenario, parse("{\"embedded_assets\":5, \"rules\":[{\"times\":1}]}"));
    assert_int_equal(release_rules_update(&rules, &scenario), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), -1);
    scenario_replace(&scenario, parse("{\"rules\":[{\"times\":1}, {}]}"));
    assert_int_equal(release_rules_update(&rules, &scenario), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), 1);
    scenario_replace(&scenario, parse("{}"));
    assert_int_equal(release_rules_update(&rules, &scenario), 0);
    assert_int_equal(use(&rules, ROUTE_API, "", "GET"), -1);
    release_rules_free(&rules);
    scenario_free(&scenario);
}

/* -- lies ------------------------------------------------------------------------------------------------------ */

static void check_spoilt(const char *rule_text, const char *assets_text, const char *expected_text) {
    json_t *rule = parse(rule_text);
    json_t *assets = parse(assets_text);
    json_t *expected = parse(expected_text);
    assert_int_equal(release_rules_spoil(rule, assets), 0);
    if (!json_equal(assets, expected))
        fail_msg("%s: %s", rule_text, json_dumps(assets, 0));
    json_decref(rule);
    json_decref(assets);
    json_decref(expected);
}

static void test_lies_are_about_one_asset_or_all(void **state) {
    static const char LIST[] =
        "[{\"name\":\"a\",\"digest\":\"sha256:10\"},{\"name\":\"b\",\"digest\":\"sha256:ff\"}]";
    (void)state;
    check_spoilt("{}", LIST, LIST);
    check_spoilt(
        "{\"digest\":\"wrong\"}", LIST,
        "[{\"name\":\"a\",\"digest\":\"sha256:11\"},{\"name\":\"b\",\"digest\":\"sha256:f0\"}]");
    check_spoilt(
        "{\"asset\":\"b\",\"digest\":\"missing\"}", LIST,
        "[{\"name\":\"a\",\"digest\":\"sha256:10\"},{\"name\":\"b\"}]");
    check_spoilt(
        "{\"asset\":\"a\",\"digest\":null,\"size\":-5,\"state\":\"new\"}", LIST,
        "[{\"name\":\"a\",\"digest\":null,\"size\":-5,\"state\":\"new\"},{\"name\":\"b\",\"digest\":\"sha256:ff\"}]");
    check_spoilt("{\"asset\":\"a\",\"missing\":true}", LIST, "[{\"name\":\"b\",\"digest\":\"sha256:ff\"}]");
    check_spoilt("{\"missing\":true}", LIST, "[]");
    check_spoilt(
        "{\"digest\":\"md5:0\"}", "{\"name\":\"a\",\"digest\":null}", "{\"name\":\"a\",\"digest\":\"md5:0\"}");
    check_spoilt("{\"digest\":\"wrong\"}", "{\"name\":\"a\",\"digest\":null}", "{\"name\":\"a\",\"digest\":null}");
    assert_int_equal(release_rules_spoil(NULL, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_right_passes),
        cmocka_unit_test(test_what_is_wrong_is_refused),
        cmocka_unit_test(test_the_first_that_matches_and_is_not_used_up_decides),
        cmocka_unit_test(test_counts_last_as_long_as_the_rules),
        cmocka_unit_test(test_lies_are_about_one_asset_or_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
