/* Which member of a scenario holds for a process of a version, and which scenarios are refused. */
#include "tests/unit/test.h"

#include "sim/scenario.h"
#include "sim/scenario_check.h"

#include <string.h>

static json_t *parse(const char *text) {
    json_t *members = json_loads(text, 0, NULL);
    assert_non_null(members);
    return members;
}

static Scenario make(const char *process, const char *version, const char *text, const char *const *settings) {
    Program program = {.process = process, .arguments = {.settings = (const char **)(uintptr_t)settings}};
    Scenario scenario;
    strcpy(program.version.text, version);
    while (settings && settings[program.arguments.setting_count])
        program.arguments.setting_count++;
    assert_int_equal(scenario_new(&program, &scenario, NULL), 0);
    scenario.version = version; /* `program` ends with this function */
    scenario_replace(&scenario, parse(text));
    return scenario;
}

static int64_t stop_ms(const char *process, const char *version, const char *text, const char *const *settings) {
    Scenario scenario = make(process, version, text, settings);
    int64_t value = scenario_integer(&scenario, "stop_ms", -1);
    scenario_free(&scenario);
    return value;
}

static const char LAYERS[] =
    "{\"stop_ms\":1, \"processes\":{\"vega\":{\"stop_ms\":2}},"
    " \"versions\":{\"v1.1.0\":{\"stop_ms\":3, \"processes\":{\"vega\":{\"stop_ms\":4}}},"
    "               \"v1.2.0\":{\"processes\":{\"vega\":{\"paused\":true}}}}}";

static void test_the_most_specific_member_wins(void **state) {
    static const char *const SETTINGS[] = {"stop_ms=4", "stop_ms=5", NULL};
    (void)state;
    assert_int_equal(stop_ms("data-node", "v1.0.0", LAYERS, NULL), 1);
    assert_int_equal(stop_ms("vega", "v1.0.0", LAYERS, NULL), 2);
    assert_int_equal(stop_ms("data-node", "v1.1.0", LAYERS, NULL), 3);
    assert_int_equal(stop_ms("vega", "v1.1.0", LAYERS, NULL), 4);
    assert_int_equal(stop_ms("vega", "v1.1.0", LAYERS, SETTINGS), 5);
    assert_int_equal(stop_ms("vega", "v1.2.0", LAYERS, NULL), 2); /* its own entry says nothing of it */
    assert_int_equal(stop_ms("vega", "v1.0.0", "{}", NULL), -1);
}

static void test_only_a_version_s_own_member_is_of_the_version(void **state) {
    Scenario scenario = make("vega", "v1.1.0", LAYERS, NULL);
    (void)state;
    assert_true(scenario_is_of_version(&scenario, "stop_ms"));
    assert_false(scenario_is_of_version(&scenario, "paused"));
    scenario_free(&scenario);
    scenario = make("vega", "v1.0.0", LAYERS, NULL);
    assert_false(scenario_is_of_version(&scenario, "stop_ms"));
    scenario_free(&scenario);
}

static void test_null_is_a_value_that_hides_others(void **state) {
    Scenario scenario = make("vega", "v1", "{\"ready\":true, \"versions\":{\"v1\":{\"ready\":null}}}", NULL);
    (void)state;
    assert_true(json_is_null(scenario_find(&scenario, "ready")));
    assert_false(scenario_boolean(&scenario, "ready", false));
    scenario_free(&scenario);
}

static void test_a_setting_is_json_or_text(void **state) {
    static const char *const SETTINGS[] = {"segment={\"number\":7}", "socket=/a=b", "http_path=\"/x\"", NULL};
    Scenario scenario = make("vega", "v1", "{}", SETTINGS);
    (void)state;
    assert_int_equal(json_integer_value(json_object_get(scenario_find(&scenario, "segment"), "number")), 7);
    assert_string_equal(scenario_string(&scenario, "socket", ""), "/a=b");
    assert_string_equal(scenario_string(&scenario, "http_path", ""), "/x");
    scenario_free(&scenario);
}

static void test_bad_settings_are_refused(void **state) {
    static const char *const BAD[] = {"stop_ms", "stop_ms=soon", "no_such=1", "=1", "rpc_fault=typo"};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        const char *settings[] = {BAD[i], NULL};
        Program program = {.process = "vega", .arguments = {.settings = settings, .setting_count = 1}};
        Scenario scenario;
        assert_int_equal(scenario_new(&program, &scenario, NULL), -EINVAL);
    }
}

static void test_times_do_not_overflow(void **state) {
    Scenario scenario = make("vega", "v1", "{\"stop_ms\":9223372036854775807, \"start_delay_ms\":3}", NULL);
    (void)state;
    assert_int_equal(scenario_usec(&scenario, "stop_ms"), UINT64_MAX);
    assert_int_equal(scenario_usec(&scenario, "start_delay_ms"), 3000);
    assert_int_equal(scenario_usec(&scenario, "version_delay_ms"), 0);
    scenario_free(&scenario);
}

static void check_all(const char *const *texts, int expected) {
    for (; *texts; texts++) {
        Failure failure = {0};
        json_t *scenario = parse(*texts);
        int r = scenario_check(scenario, &failure);
        json_decref(scenario);
        if (r != expected)
            fail_msg("%s: %d %s", *texts, r, failure.message);
        assert_int_equal(*failure.message != '\0', expected < 0);
    }
}

static void test_what_is_right_passes(void **state) {
    static const char *const RIGHT[] = {
        "{}",
        LAYERS,
        "{\"accepted\":null, \"ready\":null, \"crash_signal\":\"SIGKILL\", \"crash_exit\":0}",
        "{\"accepted\":{\"tag\":\"../x\", \"height\":-1}, \"statistics_port\":-1}",
        "{\"segment\":123, \"version_answer\":{\"version\":\"v2\"}, \"rpc_fault\":\"http-1.0\"}",
        "{\"upgrades\":[{\"tag\":\"v1\", \"height\":5, \"linger_blocks\":-1, \"retracted_at\":4}]}",
        NULL,
    };
    (void)state;
    check_all(RIGHT, 0);
}

static void test_what_is_wrong_is_refused(void **state) {
    static const char *const WRONG[] = {
        "[]",
        "{\"stop_msec\":1}",
        "{\"stop_ms\":\"1\"}",
        "{\"stop_ms\":-1}",
        "{\"crash_exit\":256}",
        "{\"crash_signal\":\"KILL\"}",
        "{\"accepted\":{\"tag\":\"v1\"}}",
        "{\"segment\":\"some\"}",
        "{\"version_answer\":\"v2\"}",
        "{\"rpc_fault\":\"405\"}",
        "{\"upgrades\":{}}",
        "{\"upgrades\":[{\"tag\":\"v1\"}]}",
        "{\"upgrades\":[{\"tag\":\"v1\", \"height\":1, \"hight\":2}]}",
        "{\"processes\":{\"datanode\":{}}}",
        "{\"processes\":{\"vega\":{\"versions\":{}}}}",
        "{\"versions\":{\"v1\":{\"versions\":{}}}}",
        "{\"versions\":{\"v1\":{\"processes\":{\"vega\":{\"nope\":1}}}}}",
        "{\"versions\":[]}",
        NULL,
    };
    (void)state;
    check_all(WRONG, -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_specific_member_wins),
        cmocka_unit_test(test_only_a_version_s_own_member_is_of_the_version),
        cmocka_unit_test(test_null_is_a_value_that_hides_others),
        cmocka_unit_test(test_a_setting_is_json_or_text),
        cmocka_unit_test(test_bad_settings_are_refused),
        cmocka_unit_test(test_times_do_not_overflow),
        cmocka_unit_test(test_what_is_right_passes),
        cmocka_unit_test(test_what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
