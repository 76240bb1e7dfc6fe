/* What can stand in a file's place, and what a person can get wrong about its keys. */
#include "config/config_file.h"

#include "tests/unit/config/workspace.h"

/* Loading @path must fail with one error that names @fragment. */
static void assert_unreadable(const char *path, const char *fragment) {
    _cleanup_problems_ Problems problems = {0};
    Config *config = NULL;
    assert_int_equal(config_load(path, &config, &problems), -EBADMSG);
    assert_null(config);
    assert_one_finding(&problems, PROBLEM_ERROR, fragment);
    assert_int_equal(problems.items[0].line, 0);
}

static void test_missing_file(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    assert_unreadable(workspace.path, "visor init --home");
    assert_unreadable(workspace.path, workspace.path);
    workspace_close(&workspace);
}

static void test_dangling_link(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    assert_int_equal(symlink("nowhere.toml", workspace.path), 0);
    assert_unreadable(workspace.path, "is a link to nowhere.toml, which does not exist");
    workspace_close(&workspace);
}

static void test_link_in_a_circle(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    assert_int_equal(symlink("config.toml", workspace.path), 0);
    assert_unreadable(workspace.path, "in a circle");
    workspace_close(&workspace);
}

static void test_folder_in_place_of_the_file(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    assert_int_equal(mkdir(workspace.path, 0755), 0);
    assert_unreadable(workspace.path, "is a folder");
    workspace_close(&workspace);
}

static void test_fifo_in_place_of_the_file(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    assert_int_equal(mkfifo(workspace.path, 0600), 0);
    assert_unreadable(workspace.path, "move it away");
    workspace_close(&workspace);
}

static void test_path_below_a_file(void **state) {
    (void)state;
    Workspace workspace;
    char below[PATH_MAX + 16];
    workspace_open(&workspace, "config.toml");
    workspace_write(&workspace, "x = 1\n", 6);
    (void)snprintf(below, sizeof below, "%s/config.toml", workspace.path);
    assert_unreadable(below, "a part of the path is no folder");
    workspace_close(&workspace);
}

static void test_file_nobody_may_read(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    workspace_write(&workspace, "x = 1\n", 6);
    assert_int_equal(chmod(workspace.path, 0), 0);
    if (access(workspace.path, R_OK) < 0) /* root reads it all the same */
        assert_unreadable(workspace.path, "let the user that runs Visor read it");
    workspace_close(&workspace);
}

static void test_hundred_megabytes(void **state) {
    (void)state;
    Workspace workspace;
    workspace_open(&workspace, "config.toml");
    workspace_write(&workspace, "x = 1\n", 6);
    assert_int_equal(truncate(workspace.path, (off_t)100 * 1024 * 1024), 0);
    assert_unreadable(workspace.path, "104857600 bytes");
    workspace_close(&workspace);
}

static void test_largest_file(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *text = malloc(CONFIG_FILE_MAX_BYTES);
    assert_non_null(text);
    memset(text, '#', CONFIG_FILE_MAX_BYTES);
    memcpy(text, "maxNumberOfRestarts = 1\n", 24);
    _cleanup_config_ Config *config = load_config_bytes(text, CONFIG_FILE_MAX_BYTES, &problems);
    assert_findings(&problems, "");
    assert_int_equal(config->max_restarts, 1);
}

static void test_files_without_settings(void **state) {
    (void)state;
    static const char EMPTY[] =
        "error 0:0 the file is empty; `visor init --home DIR` makes a home with one to start from\n";
    static const char COMMENTS[] =
        "error 0:0 the file holds no settings, only comments; `visor init --home DIR` "
        "makes a home with one to start from\n";
    assert_config_findings("", EMPTY);
    assert_config_findings(" \t\r\n\n", EMPTY);
    assert_config_findings("\xef\xbb\xbf", EMPTY);
    assert_config_findings("# maxNumberOfRestarts = 3\n", COMMENTS);
    assert_config_findings("\xef\xbb\xbf# nothing", COMMENTS);
}

static void test_byte_order_mark_and_windows_lines(void **state) {
    (void)state;
    assert_config_findings("\xef\xbb\xbfmaxNumberOfRestarts = 3\r\n\r\n[log]\r\nlevel = \"info\"\r\n", "");
}

static void test_other_formats(void **state) {
    (void)state;
    _cleanup_problems_ Problems json = {0}, html = {0}, binary = {0};
    config_free(load_config("{\n \"maxNumberOfRestarts\": 3\n}\n", &json));
    assert_one_finding(&json, PROBLEM_ERROR, "looks like JSON");
    config_free(load_config("\n<html><body>404</body></html>\n", &html));
    assert_one_finding(&html, PROBLEM_ERROR, "looks like HTML");
    config_free(load_config_bytes(
        "\x7f"
        "ELF\0\0\0",
        7, &binary));
    assert_one_finding(&binary, PROBLEM_ERROR, "NUL byte");
}

static void test_letter_case_of_keys(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config =
        load_config("maxnumberofrestarts = 9\n[RPC]\nTimeoutMilliseconds = 700\n", &problems);
    assert_findings(
        &problems,
        "warning 1:1 key 'maxnumberofrestarts' is understood as 'maxNumberOfRestarts'; write it so\n"
        "warning 2:2 key 'RPC' is understood as 'rpc'; write it so\n"
        "warning 3:1 key 'TimeoutMilliseconds' is understood as 'timeoutMilliseconds'; write it so\n");
    assert_int_equal(config->max_restarts, 9);
    assert_int_equal(config->rpc.timeout_ms, 700);
}

static void test_same_key_in_two_cases(void **state) {
    (void)state;
    assert_config_findings(
        "maxNumberOfRestarts = 1\nmaxnumberofrestarts = 2\n[log]\nlevel = 'info'\n[Log]\nformat = 'json'\n",
        "error 2:1 key 'maxnumberofrestarts' is there twice: line 1 has 'maxNumberOfRestarts', and letter case "
        "makes no difference; keep one\n"
        "error 5:2 key 'Log' is there twice: line 3 has 'log', and letter case makes no difference; keep one\n");
}

static void test_same_key_twice(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    config_free(load_config("maxNumberOfRestarts = 1\nmaxNumberOfRestarts = 2\n", &problems));
    assert_one_finding(&problems, PROBLEM_ERROR, "cannot redefine");
    assert_int_equal(problems.items[0].line, 2);
}

static void test_unknown_keys(void **state) {
    (void)state;
    assert_config_findings(
        "restartDelaySeconds = 3\nxyzzy = 1\n\"a\\nb\" = 2\n[autoinstal]\nenabled = true\nmore = 1\n[log]\nlevle = 'x'\n",
        "warning 1:1 unknown key 'restartDelaySeconds' is ignored; did you mean 'restartsDelaySeconds'?\n"
        "warning 2:1 unknown key 'xyzzy' is ignored\n"
        "warning 3:1 unknown key 'a?b' is ignored\n"
        "warning 4:2 unknown table 'autoinstal' is ignored; did you mean 'autoInstall'?\n"
        "warning 8:1 unknown key 'log.levle' is ignored; did you mean 'log.level'?\n");
}

static void test_keys_in_the_wrong_table(void **state) {
    (void)state;
    assert_config_findings(
        "level = 'info'\n[autoInstall]\nmaxNumberOfRestarts = 3\n[asset]\nname = 'x'\n[hooks]\nLISTEN = 'x'\n",
        "warning 1:1 unknown key 'level' is ignored; it belongs below [log]\n"
        "warning 3:1 unknown key 'autoInstall.maxNumberOfRestarts' is ignored; it belongs to the top of the file, "
        "above the first [table]\n"
        "warning 4:2 unknown table 'asset' is ignored; write it as [autoInstall.asset]\n"
        "warning 7:1 unknown key 'hooks.LISTEN' is ignored; it belongs below [web]\n");
}

static void test_all_errors_at_once_in_order(void **state) {
    (void)state;
    assert_config_findings(
        "maxNumberOfRestarts = -1\n[web]\nlisten = 'nowhere'\n[autoInstall]\nenabled = false\napiURL = 'ftp://x'\n"
        "bogus = 1\n[rpc]\ntimeoutMilliseconds = 99\npollIntervalMilliseconds = '2000'\n",
        "error 1:1 'maxNumberOfRestarts' is -1, but must be a whole number from 0 to 1000000\n"
        "error 3:1 'web.listen' is \"nowhere\", but must be \"host:port\", such as 127.0.0.1:8430 or [::1]:8430\n"
        "error 6:1 'autoInstall.apiURL' is \"ftp://x\", but must be a http://, https:// or file:/// URL without "
        "'?' and '#'\n"
        "warning 7:1 unknown key 'autoInstall.bogus' is ignored\n"
        "error 9:1 'rpc.timeoutMilliseconds' is 99, but must be a whole number from 100 to 600000\n"
        "error 10:1 'rpc.pollIntervalMilliseconds' is a string, but must be a whole number; write it without "
        "quotes\n");
}

static void test_escaped_nul_is_refused(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    config_free(load_config("[autoInstall]\ntokenFile = \"/etc\\u0000/x\"\n", &problems));
    assert_one_finding(&problems, PROBLEM_ERROR, "NUL character");
    assert_int_equal(problems.items[0].line, 2);
}

/* Findings of an earlier file in the same list do not count against this one. */
static void test_findings_are_added(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    Workspace workspace;
    _cleanup_config_ Config *config = NULL;
    problems_add(&problems, PROBLEM_ERROR, 0, 0, "of another file");
    workspace_open(&workspace, "config.toml");
    workspace_write(&workspace, "x = 1\n", 6);
    assert_int_equal(config_load(workspace.path, &config, &problems), 0);
    assert_non_null(config);
    workspace_close(&workspace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_dangling_link),
        cmocka_unit_test(test_link_in_a_circle),
        cmocka_unit_test(test_folder_in_place_of_the_file),
        cmocka_unit_test(test_fifo_in_place_of_the_file),
        cmocka_unit_test(test_path_below_a_file),
        cmocka_unit_test(test_file_nobody_may_read),
        cmocka_unit_test(test_hundred_megabytes),
        cmocka_unit_test(test_largest_file),
        cmocka_unit_test(test_files_without_settings),
        cmocka_unit_test(test_byte_order_mark_and_windows_lines),
        cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_letter_case_of_keys),
        cmocka_unit_test(test_same_key_in_two_cases),
        cmocka_unit_test(test_same_key_twice),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_keys_in_the_wrong_table),
        cmocka_unit_test(test_all_errors_at_once_in_order),
        cmocka_unit_test(test_escaped_nul_is_refused),
        cmocka_unit_test(test_findings_are_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
