/* What holds for every key of the tables: each is walked with values of every kind. */
#include "config/keys.h"

#include "config/schema_value.h"
#include "tests/unit/config/workspace.h"

#include <inttypes.h>

/* One value of each TOML type, in the order of TomlType. */
static const char *const VALUES[] = {"{}", "[]", "''", "7", "1.5", "true", "2026-01-02"};

static bool accepts(SchemaType wanted, TomlType found) {
    switch (wanted) {
    case SCHEMA_NUMBER:
        return found == TOML_INTEGER;
    case SCHEMA_BOOLEAN:
        return found == TOML_BOOLEAN;
    case SCHEMA_CHOICE:
    case SCHEMA_STRING:
        return found == TOML_STRING;
    case SCHEMA_LIST:
        return found == TOML_ARRAY;
    case SCHEMA_PAIRS:
        return found == TOML_TABLE;
    case SCHEMA_RETIRED:
        return true;
    }
    return false;
}

/* Reads "PATH = VALUE" into a target of the largest struct; the caller looks at the findings. */
static char *read_value(const Schema *schema, const SchemaKey *key, const char *value, Problems *problems) {
    _cleanup_toml_ TomlNode *root = NULL;
    _cleanup_free_ char *text = string_format("%s = %s\n", key->path, value);
    union {
        Config config;
        RunConfig run_config;
    } target = {0};

    assert_non_null(text);
    assert_int_equal(toml_parse(text, strlen(text), &root, problems), 0);
    assert_int_equal(schema_defaults(schema, &target), 0);
    const TomlNode *node = schema_find(root, key->path);
    assert_non_null(node);
    assert_int_equal(schema_store(key, node, &target, problems), 0);
    char *printed = schema_print(key, &target);
    assert_non_null(printed);
    schema_free(schema, &target);
    return printed;
}

static void check_types(const Schema *schema, const SchemaKey *key) {
    for (int type = TOML_TABLE; type <= TOML_DATETIME; type++) {
        _cleanup_problems_ Problems problems = {0};
        free(read_value(schema, key, VALUES[type], &problems));
        if (accepts(key->type, (TomlType)type))
            continue;
        assert_one_finding(&problems, PROBLEM_ERROR, key->path);
        assert_one_finding(&problems, PROBLEM_ERROR, ", but must be ");
        assert_int_equal(problems.items[0].line, 1);
    }
}

static void test_wrong_types(void **state) {
    (void)state;
    for (size_t i = 0; i < CONFIG_KEYS.count; i++)
        check_types(&CONFIG_KEYS, &CONFIG_KEYS.keys[i]);
    for (size_t i = 0; i < RUN_CONFIG_KEYS.count; i++)
        check_types(&RUN_CONFIG_KEYS, &RUN_CONFIG_KEYS.keys[i]);
}

static void check_number(const SchemaKey *key, int64_t value, bool is_fine) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *text = string_format("%" PRId64, value);
    _cleanup_free_ char *printed = read_value(&CONFIG_KEYS, key, text, &problems);
    if (is_fine) {
        assert_findings(&problems, "");
        assert_string_equal(printed, text);
    } else {
        assert_one_finding(&problems, PROBLEM_ERROR, "but must be a whole number from ");
        assert_one_finding(&problems, PROBLEM_ERROR, text);
    }
}

static void test_limits_of_numbers(void **state) {
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < CONFIG_KEYS.count; i++) {
        const SchemaKey *key = &CONFIG_KEYS.keys[i];
        if (key->type != SCHEMA_NUMBER)
            continue;
        int64_t least = (int64_t)key->minimum, most = (int64_t)key->maximum;
        check_number(key, least, true);
        check_number(key, most, true);
        check_number(key, (int64_t)key->number, true);
        check_number(key, least - 1, false);
        check_number(key, most + 1, false);
        check_number(key, -1, false);
        check_number(key, INT64_MIN, false);
        check_number(key, INT64_MAX, false);
        count++;
    }
    assert_int_equal(count, 16);
}

static void check_choice(const SchemaKey *key) {
    for (size_t i = 0; i < key->choice_count; i++) {
        _cleanup_problems_ Problems problems = {0};
        _cleanup_free_ char *text = string_format("'%s'", key->choices[i]);
        _cleanup_free_ char *printed = read_value(&CONFIG_KEYS, key, text, &problems);
        assert_findings(&problems, "");
        assert_string_equal(printed, key->choices[i]);
    }
    _cleanup_problems_ Problems problems = {0};
    free(read_value(&CONFIG_KEYS, key, "'nonsense'", &problems));
    assert_one_finding(&problems, PROBLEM_ERROR, "must be one of ");
}

static void test_choices(void **state) {
    (void)state;
    for (size_t i = 0; i < CONFIG_KEYS.count; i++)
        if (CONFIG_KEYS.keys[i].type == SCHEMA_CHOICE)
            check_choice(&CONFIG_KEYS.keys[i]);
}

static void test_nearest_choice_is_named(void **state) {
    (void)state;
    assert_config_findings(
        "[log]\nlevel = 'warn'\nformat = 'JSON'\n",
        "error 2:1 'log.level' is \"warn\", but must be one of debug, info, warning, error; did you mean "
        "\"warning\"?\n"
        "error 3:1 'log.format' is \"JSON\", but must be one of auto, console, json, journal; did you mean "
        "\"json\"?\n");
    assert_config_findings(
        "[log]\nlevel = ''\n", "error 2:1 'log.level' is \"\", but must be one of debug, info, warning, error\n");
}

/* A default that its own check refuses would make a file worse by spelling it out. */
static void test_defaults_pass_their_checks(void **state) {
    (void)state;
    for (size_t i = 0; i < CONFIG_KEYS.count; i++) {
        const SchemaKey *key = &CONFIG_KEYS.keys[i];
        if (key->type == SCHEMA_STRING && key->check)
            assert_null(key->check(key->string));
    }
}

static void test_cures_of_wrong_types(void **state) {
    (void)state;
    assert_config_findings(
        "maxNumberOfRestarts = '3'\n",
        "error 1:1 'maxNumberOfRestarts' is a string, but must be a whole number; write it without quotes\n");
    assert_config_findings(
        "maxNumberOfRestarts = 3.0\n",
        "error 1:1 'maxNumberOfRestarts' is a number with a fraction, but must be a whole number; write it without "
        "a fraction\n");
    assert_config_findings(
        "maxNumberOfRestarts = true\n", "error 1:1 'maxNumberOfRestarts' is true, but must be a whole number\n");
    assert_config_findings(
        "[autoInstall]\nenabled = 'true'\nrepository = 7\n",
        "error 2:1 'autoInstall.enabled' is a string, but must be true or false; write it without quotes\n"
        "error 3:1 'autoInstall.repository' is a whole number, but must be a string; put it in quotes\n");
    assert_config_findings(
        "[hooks]\nfailed = 'page me'\naccepted = ['a', 1, ['b']]\n",
        "error 2:1 'hooks.failed' is a string, but must be a list of strings; write [\"one\", \"string\", \"a "
        "word\"]\n"
        "warning 3:1 'hooks.accepted' is checked but not yet effective in this version\n"
        "error 3:18 word 2 of 'hooks.accepted' is a whole number, but must be a string; put it in quotes\n"
        "error 3:21 word 3 of 'hooks.accepted' is a list, but must be a string\n");
    assert_config_findings(
        "rpc = 5\n[[log]]\nlevel = 'info'\n",
        "error 1:1 'rpc' is a whole number, but must be a table\n"
        "error 2:3 'log' is a list, but must be a table; write its name in single brackets\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_limits_of_numbers),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_nearest_choice_is_named),
        cmocka_unit_test(test_defaults_pass_their_checks),
        cmocka_unit_test(test_cures_of_wrong_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
