#include "config/config.h"

#include "config/keys.h"
#include "tests/unit/config/workspace.h"

static void test_four_keys_are_enough(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = load_config(
        "maxNumberOfFirstConnectionRetries = 43200\nmaxNumberOfRestarts = 7\nrestartsDelaySeconds = 1\n"
        "stopSignalTimeoutSeconds = 30\n",
        &problems);
    assert_findings(&problems, "");
    assert_int_equal(config->max_first_connection_retries, 43200);
    assert_int_equal(config->max_restarts, 7);
    assert_int_equal(config->restarts_delay_seconds, 1);
    assert_int_equal(config->stop_signal_timeout_seconds, 30);
    assert_int_equal(config->max_restart_connection_retries, 10);
    assert_false(config->auto_install.enabled);
}

static void test_defaults(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = load_config("[rpc]\n", &problems);
    assert_findings(&problems, "");
    assert_int_equal(config->max_first_connection_retries, 175000);
    assert_int_equal(config->max_restart_connection_retries, 10);
    assert_int_equal(config->max_restarts, 3);
    assert_int_equal(config->restarts_delay_seconds, 5);
    assert_int_equal(config->restarts_budget_reset_seconds, 600);
    assert_int_equal(config->stop_delay_seconds, 0);
    assert_int_equal(config->stop_signal_timeout_seconds, 15);
    assert_int_equal(config->upgrade_folders.count, 0);
    assert_int_equal(config->rpc.poll_interval_ms, 2000);
    assert_int_equal(config->rpc.accepted_poll_interval_ms, 100);
    assert_int_equal(config->rpc.timeout_ms, 5000);
    assert_string_equal(config->web.listen, "");
    assert_int_equal(config->log.format, LOG_FORMAT_AUTO);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    assert_int_equal(config->hooks.timeout_seconds, 60);
    assert_null(config->hooks.accepted[0]);
    assert_null(config->hooks.failed[0]);
}

static void test_defaults_of_auto_install(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = load_config("[autoInstall]\n", &problems);
    assert_findings(&problems, "");
    assert_false(config->auto_install.enabled);
    assert_string_equal(config->auto_install.repository_owner, "vegaprotocol");
    assert_string_equal(config->auto_install.repository, "vega");
    assert_string_equal(config->auto_install.asset_name, DEFAULT_ASSET_NAME);
    assert_string_equal(config->auto_install.asset_binary_name, "");
    assert_string_equal(config->auto_install.asset_public_key, "");
    assert_string_equal(config->auto_install.api_url, "https://api.github.com");
    assert_string_equal(config->auto_install.download_url, "https://github.com");
    assert_string_equal(config->auto_install.token_file, "");
    assert_true(config->auto_install.prefetch);
    assert_int_equal(config->auto_install.prefetch_spread_seconds, 30);
    assert_int_equal(config->auto_install.verify, VERIFY_PREFER);
    assert_int_equal(config->auto_install.stall_timeout_seconds, 30);
    assert_int_equal(config->auto_install.max_asset_bytes, 2147483648);
    assert_int_equal(config->auto_install.max_unpacked_bytes, 8589934592);
    assert_int_equal(config->auto_install.keep_releases, 5);
}

/* The file that upstream's `init` writes. */
static void test_file_of_upstream(void **state) {
    (void)state;
    assert_config_findings(
        "maxNumberOfFirstConnectionRetries = 175000\nmaxNumberOfRestartConnectionRetries = 10\n"
        "maxNumberOfRestarts = 3\nrestartsDelaySeconds = 5\nstopDelaySeconds = 0\nstopSignalTimeoutSeconds = 15\n"
        "\n[upgradeFolders]\n  \"vX.X.X\" = \"vX.X.X\"\n\n[autoInstall]\n  enabled = true\n"
        "  repositoryOwner = \"vegaprotocol\"\n  repository = \"vega\"\n  [autoInstall.asset]\n"
        "    name = \"vega-linux-amd64.zip\"\n    binaryName = \"vega\"\n",
        "");
}

static void test_all_keys(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = load_config(
        "[upgradeFolders]\n'v2.0.0' = '/srv/two'\n'v1.0.0' = 'one'\n"
        "[autoInstall]\nverify = 'require'\nprefetch = false\ntokenFile = '/etc/token'\n"
        "[autoInstall.asset]\nname = 'a.zip'\nbinaryName = 'bin/vega'\n"
        "publicKey = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3'\n"
        "[autoInstall.asset.sha256]\n"
        "'v2.0.0' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n"
        "[hooks]\nbeforeStop = []\n[log]\nformat = 'journal'\nlevel = 'debug'\n",
        &problems);
    assert_findings(&problems, "");
    assert_int_equal(config->upgrade_folders.count, 2);
    assert_string_equal(config->upgrade_folders.items[0].key, "v2.0.0");
    assert_string_equal(config_upgrade_folder(config, "v2.0.0"), "/srv/two");
    assert_string_equal(config_upgrade_folder(config, "v1.0.0"), "one");
    assert_string_equal(config_upgrade_folder(config, "v3.0.0"), "v3.0.0");
    assert_int_equal(config->auto_install.verify, VERIFY_REQUIRE);
    assert_false(config->auto_install.prefetch);
    assert_string_equal(config->auto_install.asset_binary_name, "bin/vega");
    assert_int_equal(config->auto_install.asset_sha256.count, 1);
    assert_int_equal(config->log.format, LOG_FORMAT_JOURNAL);
    assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
}

static void test_what_has_no_effect_yet(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = load_config(
        "[hooks]\nfailed = ['/bin/page', 'node down']\naccepted = []\n[web]\nlisten = '127.0.0.1:8430'\n",
        &problems);
    assert_findings(
        &problems,
        "warning 2:1 'hooks.failed' is checked but not yet effective in this version\n"
        "warning 5:1 'web.listen' is checked but not yet effective in this version\n");
    assert_string_equal(config->hooks.failed[1], "node down");
    assert_null(config->hooks.failed[2]);
    assert_string_equal(config->web.listen, "127.0.0.1:8430");
}

static void test_hook_without_program(void **state) {
    (void)state;
    assert_config_findings(
        "[hooks]\nfailed = ['']\n",
        "warning 2:1 'hooks.failed' is checked but not yet effective in this version\n"
        "error 2:11 word 1 of 'hooks.failed' is empty, but must name the program\n");
}

static void test_upgrade_folders(void **state) {
    (void)state;
    assert_config_findings(
        "[upgradeFolders]\n'../x' = 'v1'\n'v1.0.0' = 'current'\n'v2.0.0' = ''\n'v3.0.0' = 3\n",
        "warning 2:1 '../x' of 'upgradeFolders' never applies: a release tag is a plain version name such as "
        "v0.80.0\n"
        "error 3:1 'v1.0.0' of 'upgradeFolders' is \"current\", but must not be 'current' or '.visor': these are "
        "Visor's own\n"
        "error 4:1 'v2.0.0' of 'upgradeFolders' is \"\", but must name a folder\n"
        "error 5:1 'v3.0.0' of 'upgradeFolders' is a whole number, but must be a string; put it in quotes\n");
    assert_config_findings(
        "[upgradeFolders]\nv0.73.0 = 'v0.73.0'\n",
        "error 2:1 'upgradeFolders' has a table 'v0', but each entry must be \"tag\" = \"value\"; put a tag in "
        "quotes, it has dots in it\n");
    assert_config_findings(
        "[[upgradeFolders]]\n'v1.0.0' = 'v1'\n",
        "error 1:3 'upgradeFolders' is a list, but must be a table; write its name in single brackets\n");
}

static void test_pins(void **state) {
    (void)state;
    assert_config_findings(
        "[autoInstall.asset.sha256]\n'a/b' = 'x'\n",
        "error 2:1 'a/b' of 'autoInstall.asset.sha256' is \"x\", but must be a SHA-256 digest: 64 hexadecimal "
        "digits\n"
        "error 2:1 'a/b' of 'autoInstall.asset.sha256' must be a plain release tag such as v0.80.0\n");
}

static void test_empty_names_with_auto_install(void **state) {
    (void)state;
    static const char TEXT[] =
        "[autoInstall]\nenabled = %s\nrepositoryOwner = ''\nrepository = ''\n[autoInstall.asset]\nname = ''\n";
    _cleanup_free_ char *off = string_format(TEXT, "false");
    _cleanup_free_ char *on = string_format(TEXT, "true");
    assert_config_findings(off, "");
    assert_config_findings(
        on,
        "error 3:1 autoInstall is on but 'autoInstall.repositoryOwner' is empty\n"
        "error 4:1 autoInstall is on but 'autoInstall.repository' is empty\n"
        "error 6:1 autoInstall is on but names no asset: write name = \"" DEFAULT_ASSET_NAME
        "\" below [autoInstall.asset]\n");
}

static void test_auto_install_without_asset(void **state) {
    (void)state;
    assert_config_findings(
        "[autoInstall]\nenabled = true\n",
        "error 2:1 autoInstall is on but names no asset: write name = \"" DEFAULT_ASSET_NAME
        "\" below [autoInstall.asset]\n");
}

#define RETIRED_TABLE "[autoInstall.assets]\n[autoInstall.assets.vega]\nasset_name = 'x'\n"

static void test_retired_assets_are_a_warning(void **state) {
    (void)state;
    assert_config_findings(
        "[autoInstall]\nenabled = false\n" RETIRED_TABLE,
        "warning 3:14 [autoInstall.assets] was retired and is ignored; write [autoInstall.asset] with name and "
        "binaryName in its place\n");
}

static void test_retired_assets_beside_an_asset(void **state) {
    (void)state;
    assert_config_findings(
        "[autoInstall]\nenabled = true\nasset.name = 'x.zip'\n" RETIRED_TABLE,
        "warning 4:14 [autoInstall.assets] was retired and is ignored; write [autoInstall.asset] with name and "
        "binaryName in its place\n");
}

static void test_retired_assets_alone_are_an_error(void **state) {
    (void)state;
    assert_config_findings(
        "[AutoInstall]\nEnabled = true\n[AutoInstall.Assets]\n",
        "warning 1:2 key 'AutoInstall' is understood as 'autoInstall'; write it so\n"
        "warning 2:1 key 'Enabled' is understood as 'enabled'; write it so\n"
        "warning 3:14 key 'Assets' is understood as 'assets'; write it so\n"
        "error 3:14 [autoInstall.assets] was retired, and no usable asset remains; write [autoInstall.asset] with "
        "name and binaryName in its place\n");
}

typedef struct Changes {
    char text[1024];
} Changes;

static void note_change(const char *key, const char *from, const char *to, void *userdata) {
    Changes *changes = userdata;
    size_t used = strlen(changes->text);
    (void)snprintf(changes->text + used, sizeof changes->text - used, "%s: %s => %s\n", key, from, to);
}

static void assert_changes(const char *old_text, const char *new_text, const char *expected) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *old = load_config(old_text, &problems);
    _cleanup_config_ Config *new = load_config(new_text, &problems);
    Changes changes = {""};
    config_compare(old, new, note_change, &changes);
    assert_string_equal(changes.text, expected);
}

static void test_compare(void **state) {
    (void)state;
    assert_changes("[log]\nlevel = 'info'\n", "maxNumberOfRestarts = 3\n", "");
    assert_changes(
        "maxNumberOfRestarts = 4\n[log]\nlevel = 'debug'\n",
        "maxNumberOfRestarts = 5\n[autoInstall]\nprefetch = false\ntokenFile = '/x'\n",
        "maxNumberOfRestarts: 4 => 5\nautoInstall.tokenFile:  => /x\nautoInstall.prefetch: true => false\n"
        "log.level: debug => info\n");
    assert_changes(
        "[upgradeFolders]\n'v1.0.0' = 'one'\n[hooks]\nfailed = ['a b', 'c']\n",
        "[upgradeFolders]\n'v1.0.0' = 'one'\n'v2.0.0' = 'the second'\n[hooks]\nfailed = ['a', 'b', 'c\"']\n",
        "upgradeFolders: v1.0.0 -> one => v1.0.0 -> one, v2.0.0 -> \"the second\"\n"
        "hooks.failed: \"a b\" c => a b \"c\\\"\"\n");
    assert_changes("[hooks]\nfailed = ['a', '']\n", "[hooks]\nfailed = ['a']\n", "hooks.failed: a \"\" => a\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_keys_are_enough),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_of_auto_install),
        cmocka_unit_test(test_file_of_upstream),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_what_has_no_effect_yet),
        cmocka_unit_test(test_hook_without_program),
        cmocka_unit_test(test_upgrade_folders),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_empty_names_with_auto_install),
        cmocka_unit_test(test_auto_install_without_asset),
        cmocka_unit_test(test_retired_assets_are_a_warning),
        cmocka_unit_test(test_retired_assets_beside_an_asset),
        cmocka_unit_test(test_retired_assets_alone_are_an_error),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
