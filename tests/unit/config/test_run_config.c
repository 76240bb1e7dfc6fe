#include "config/run_config.h"

#include "tests/unit/config/workspace.h"

/* Reads @text as run-config.toml of a folder whose name goes to @folder (may be NULL). */
static RunConfig *load(const char *text, char *folder, Problems *problems) {
    Workspace workspace;
    RunConfig *config = NULL;
    workspace_open(&workspace, "run-config.toml");
    workspace_write(&workspace, text, strlen(text));
    int r = run_config_load(workspace.folder, &config, problems);
    workspace_close(&workspace);
    assert_int_equal(r, problems->error_count > 0 ? -EBADMSG : 0);
    assert_int_equal(config != NULL, r == 0);
    if (folder)
        (void)strcpy(folder, workspace.folder);
    return config;
}

static RunConfig *load_fine(const char *text, char *folder) {
    _cleanup_problems_ Problems problems = {0};
    RunConfig *config = load(text, folder, &problems);
    assert_findings(&problems, "");
    return config;
}

static void assert_run_findings(const char *text, const char *expected) {
    _cleanup_problems_ Problems problems = {0};
    run_config_free(load(text, NULL, &problems));
    assert_findings(&problems, expected);
}

#define RPC "[vega.rpc]\nsocketPath = '/run/vega.sock'\n"
#define START "name = 'v1.0.0'\n[vega.binary]\npath = 'vega'\nargs = ['start']\n" RPC

static void test_core_only(void **state) {
    (void)state;
    char folder[PATH_MAX], expected[PATH_MAX + 8];
    _cleanup_run_config_ RunConfig *config = load_fine(
        "name = \"v0.75.3\"\n\n[vega]\n  [vega.binary]\n    path = \"vega\"\n"
        "    args = [\"start\", \"--home\", \"/srv/vega home\"]\n  [vega.rpc]\n"
        "    socketPath = \"/tmp/vega.sock\"\n    httpPath = \"/rpc\"\n",
        folder);
    (void)snprintf(expected, sizeof expected, "%s/vega", folder);
    assert_string_equal(config->name, "v0.75.3");
    assert_string_equal(config->vega.path, "vega");
    assert_string_equal(config->vega.full_path, expected);
    assert_string_equal(config->vega.arguments[0], "start");
    assert_string_equal(config->vega.arguments[2], "/srv/vega home");
    assert_null(config->vega.arguments[3]);
    assert_string_equal(config->rpc_socket_path, "/tmp/vega.sock");
    assert_string_equal(config->rpc_http_path, "/rpc");
    assert_null(config->statistics_url);
    assert_false(config->has_data_node);
    assert_null(config->data_node.full_path);
}

static void test_data_node_and_absolute_paths(void **state) {
    (void)state;
    _cleanup_run_config_ RunConfig *config = load_fine(
        "name = 'v0.75.3'\n[data_node.binary]\nargs = ['datanode', 'start', '--home=/d', '']\npath = '/opt/data-node'\n"
        "[vega.statistics]\nurl = 'http://127.0.0.1:3003/statistics'\n"
        "[vega.rpc]\nhttpPath = '/other'\nsocketPath = '/run/vega.sock'\n"
        "[vega.binary]\nargs = ['node', '--home=/v']\npath = '/opt/vega'\n",
        NULL);
    assert_true(config->has_data_node);
    assert_string_equal(config->data_node.full_path, "/opt/data-node");
    assert_string_equal(config->data_node.arguments[3], "");
    assert_null(config->data_node.arguments[4]);
    assert_string_equal(config->vega.full_path, "/opt/vega");
    assert_string_equal(config->vega.arguments[0], "node");
    assert_string_equal(config->rpc_http_path, "/other");
    assert_string_equal(config->statistics_url, "http://127.0.0.1:3003/statistics");
}

static void test_missing_http_path_is_the_default(void **state) {
    (void)state;
    _cleanup_run_config_ RunConfig *config = load_fine(START, NULL);
    assert_string_equal(config->rpc_http_path, "/rpc");
}

static void test_relative_folder(void **state) {
    (void)state;
    Workspace workspace;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *config = NULL;
    char *working = getcwd(NULL, 0);
    assert_non_null(working);
    workspace_open(&workspace, "run-config.toml");
    workspace_write(&workspace, START, sizeof START - 1);
    char *slash = strrchr(workspace.folder, '/');
    *slash = '\0';
    assert_int_equal(chdir(workspace.folder), 0);
    _cleanup_free_ char *parent = getcwd(NULL, 0);
    _cleanup_free_ char *expected = string_format("%s/%s/vega", parent, slash + 1);
    int r = run_config_load(slash + 1, &config, &problems);
    *slash = '/';
    assert_int_equal(chdir(working), 0);
    free(working);
    workspace_close(&workspace);
    assert_int_equal(r, 0);
    assert_string_equal(config->vega.full_path, expected);
}

static void test_relative_socket_path(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *working = getcwd(NULL, 0);
    _cleanup_free_ char *expected = string_format("%s/vega.sock", working);
    _cleanup_run_config_ RunConfig *config = load(
        "name = 'v1'\n[vega.binary]\npath = 'vega'\nargs = ['start']\n[vega.rpc]\nsocketPath = 'vega.sock'\n", NULL,
        &problems);
    assert_one_finding(&problems, PROBLEM_WARNING, "'vega.rpc.socketPath' is relative");
    assert_int_equal(problems.items[0].line, 6);
    assert_string_equal(config->rpc_socket_path, expected);
}

static void test_missing_name_is_a_warning(void **state) {
    (void)state;
    assert_run_findings(
        "[vega.binary]\npath = 'vega'\nargs = ['start']\n" RPC,
        "warning 0:0 'name' is missing; write name = \"TAG\", the release tag of this folder\n");
    assert_run_findings(
        "name = ''\n[vega.binary]\npath = 'vega'\nargs = ['start']\n" RPC,
        "warning 1:1 'name' is empty; write name = \"TAG\", the release tag of this folder\n");
    assert_run_findings(
        "name = 1.0\n[vega.binary]\npath = 'vega'\nargs = ['start']\n" RPC,
        "error 1:1 'name' is a number with a fraction, but must be a string; put it in quotes\n");
}

static void test_missing_keys_of_the_core(void **state) {
    (void)state;
    assert_run_findings(
        "name = 'v1'\n",
        "error 0:0 'vega.binary.path' is missing; write path = \"FILE\": the program, relative to this folder or "
        "absolute\n"
        "error 0:0 'vega.binary.args' is missing; write what follows the program, such as args = [\"start\", "
        "\"--home\", \"DIR\"]\n"
        "error 0:0 'vega.rpc.socketPath' is missing; it is the SocketPath below [Admin.Server] in the core's own "
        "config.toml\n");
    assert_run_findings(
        "name = 'v1'\n[vega]\n[vega.binary]\npath = 'vega'\nargs = ['start']\n[vega.rpc]\n",
        "error 6:7 'vega.rpc.socketPath' is missing; it is the SocketPath below [Admin.Server] in the core's own "
        "config.toml\n");
}

static void test_missing_keys_of_the_data_node(void **state) {
    (void)state;
    assert_run_findings(
        START "[data_node]\n",
        "error 7:2 'data_node.binary.path' is missing; write path = \"FILE\": the program, relative to this folder "
        "or absolute\n"
        "error 7:2 'data_node.binary.args' is missing; write what follows the program, such as args = "
        "[\"datanode\", \"start\", \"--home\", \"DIR\"]\n");
    assert_run_findings(
        START "[dataNode]\n", "warning 7:2 unknown table 'dataNode' is ignored; did you mean 'data_node'?\n");
}

/* A table of the wrong type is one finding, not also a list of all that is missing in it. */
static void test_value_in_place_of_a_table(void **state) {
    (void)state;
    assert_run_findings("name = 'v1'\nvega = 'vega'\n", "error 2:1 'vega' is a string, but must be a table\n");
    assert_run_findings("data_node = true\n" START, "error 1:1 'data_node' is true, but must be a table\n");
}

static void test_letter_case(void **state) {
    (void)state;
    assert_run_findings(
        "Name = 'v1'\n[vega.binary]\npath = 'vega'\nargs = ['start']\n[vega.rpc]\nsocketpath = '/s'\n",
        "warning 1:1 key 'Name' is understood as 'name'; write it so\n"
        "warning 6:1 key 'socketpath' is understood as 'socketPath'; write it so\n");
    assert_run_findings(
        START "[Data_Node.binary]\npath = 'vega'\nargs = ['datanode', 'start']\n",
        "warning 7:2 key 'Data_Node' is understood as 'data_node'; write it so\n");
}

static void test_arguments(void **state) {
    (void)state;
    assert_run_findings(
        "name = 'v1'\n[vega.binary]\npath = 'vega'\nargs = 'start --home /x'\n" RPC,
        "error 4:1 'vega.binary.args' is a string, but must be a list of strings; write [\"one\", \"string\", \"a "
        "word\"]\n");
    assert_run_findings(
        "name = 'v1'\n[vega.binary]\npath = 'vega'\nargs = []\n" RPC,
        "error 4:1 'vega.binary.args' is empty; write what follows the program, such as args = [\"start\", "
        "\"--home\", \"DIR\"]\n");
    assert_run_findings(
        "name = 'v1'\n[vega.binary]\npath = 'vega'\nargs = ['start', '--port',\n  3000, true]\n" RPC,
        "error 5:3 word 3 of 'vega.binary.args' is a whole number, but must be a string; put it in quotes\n"
        "error 5:9 word 4 of 'vega.binary.args' is true, but must be a string; put it in quotes\n");
}

static void test_template_that_was_not_filled_in(void **state) {
    (void)state;
    assert_run_findings(
        "name = 'v1'\n[vega.binary]\npath = '<PATH>/vega'\nargs = ['start', '--home', '<VEGA_HOME>']\n"
        "[vega.rpc]\nsocketPath = '<SOCKET>'\n",
        "error 3:1 'vega.binary.path' is \"<PATH>/vega\", but must not be a placeholder; put in what it stands for\n"
        "error 4:28 word 3 of 'vega.binary.args' is \"<VEGA_HOME>\", but must not be a placeholder; put in what it "
        "stands for\n"
        "error 6:1 'vega.rpc.socketPath' is \"<SOCKET>\", but must not be a placeholder; put in what it stands for\n");
}

static void test_bad_values(void **state) {
    (void)state;
    assert_run_findings(
        "name = 'v1'\n[vega]\nbinary = { path = '', args = ['start'] }\n"
        "rpc = { socketPath = '', httpPath = 'rpc' }\nstatistics = { url = 'https://x/' }\n",
        "error 3:12 'vega.binary.path' is \"\", but must name a file\n"
        "error 4:9 'vega.rpc.socketPath' is \"\", but must name a file\n"
        "error 4:26 'vega.rpc.httpPath' is \"rpc\", but must begin with '/' and have no blanks, such as \"/rpc\"\n"
        "error 5:16 'vega.statistics.url' is \"https://x/\", but must be a http:// URL whose host is localhost or "
        "an address in figures, such as http://127.0.0.1:3003/statistics\n");
}

static void test_misplaced_tables(void **state) {
    (void)state;
    assert_run_findings(
        START "[rpc]\nsocketPath = '/s'\n[statistics]\n",
        "warning 7:2 unknown table 'rpc' is ignored; write it as [vega.rpc]\n"
        "warning 9:2 unknown table 'statistics' is ignored; write it as [vega.statistics]\n");
}

static void test_missing_file(void **state) {
    (void)state;
    Workspace workspace;
    _cleanup_problems_ Problems problems = {0};
    RunConfig *config = NULL;
    workspace_open(&workspace, "run-config.toml");
    assert_int_equal(run_config_load(workspace.folder, &config, &problems), -EBADMSG);
    assert_one_finding(&problems, PROBLEM_ERROR, "write one like that of the release before");
    workspace_close(&workspace);
}

static const char *flag(const char *name, const char *const *words) {
    char *arguments[8] = {NULL};
    for (size_t i = 0; words[i]; i++)
        arguments[i] = (char *)(uintptr_t)words[i];
    return arguments_flag(arguments, name);
}
#define FLAG(...) flag("--home", (const char *const[]){__VA_ARGS__, NULL})

static void test_flags(void **state) {
    (void)state;
    assert_null(FLAG("start"));
    assert_null(flag("--home", (const char *const[]){NULL}));
    assert_string_equal(FLAG("start", "--home", "/x", "--extra"), "/x");
    assert_string_equal(FLAG("start", "--home=/x", "--extra"), "/x");
    assert_string_equal(FLAG("--home=/x"), "/x");
    assert_string_equal(FLAG("--home="), "");
    assert_string_equal(FLAG("start", "--home"), "");
    assert_string_equal(FLAG("--home=a=b"), "a=b");
    assert_string_equal(FLAG("--home", "/x", "--home=/y"), "/y");
    assert_string_equal(FLAG("--home=/y", "--home", "/x"), "/x");
    assert_string_equal(FLAG("--home", "--extra"), "--extra");
    assert_string_equal(FLAG("--home", "--"), "--");
    assert_null(FLAG("--", "--home", "/x"));
    assert_string_equal(FLAG("--home", "/x", "--", "--home", "/y"), "/x");
    assert_null(FLAG("--homes", "/x"));
    assert_null(FLAG("--home-dir=/x"));
    assert_null(FLAG("-home", "/x"));
    assert_null(FLAG("x--home", "/x"));
    assert_string_equal(FLAG("--home=/x", "--home"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_core_only),
        cmocka_unit_test(test_data_node_and_absolute_paths),
        cmocka_unit_test(test_missing_http_path_is_the_default),
        cmocka_unit_test(test_relative_folder),
        cmocka_unit_test(test_relative_socket_path),
        cmocka_unit_test(test_missing_name_is_a_warning),
        cmocka_unit_test(test_missing_keys_of_the_core),
        cmocka_unit_test(test_missing_keys_of_the_data_node),
        cmocka_unit_test(test_value_in_place_of_a_table),
        cmocka_unit_test(test_letter_case),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_template_that_was_not_filled_in),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_misplaced_tables),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
