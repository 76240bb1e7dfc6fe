/* A config.toml: refused with findings, or settings within their limits, and the same each time. */
#include "config/checks.h"
#include "config/config.h"
#include "config/keys.h"
#include "core/tag.h"
#include "tests/fuzz/settings.h"

static void no_change(const char *key, const char *from, const char *to, void *userdata) {
    (void)key;
    (void)from;
    (void)to;
    (void)userdata;
    abort();
}

static Config *load(int *ret_result) {
    _cleanup_problems_ Problems problems = {0};
    Config *config = NULL;
    *ret_result = config_load(input_path("config.toml"), &config, &problems);
    expect_findings(&problems, *ret_result);
    expect((config != NULL) == (*ret_result == 0));
    return config;
}

static void check(const Config *config) {
    expect_settings(&CONFIG_KEYS, config);
    expect(config->log.level < LOG_LEVEL_COUNT && config->auto_install.verify < VERIFY_MODE_COUNT);
    expect(!config->auto_install.enabled || *config->auto_install.repository);
    for (size_t i = 0; i < config->auto_install.asset_sha256.count; i++)
        expect(tag_is_plain(config->auto_install.asset_sha256.items[i].key));
    expect(*config_upgrade_folder(config, "v0.80.0"));
    expect(!check_release_folder(config_upgrade_folder(config, "v0.80.0")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int result, again;

    input_write("config.toml", data, size);
    _cleanup_config_ Config *config = load(&result);
    _cleanup_config_ Config *second = load(&again);
    expect(result == again);
    if (config) {
        check(config);
        config_compare(config, second, no_change, NULL);
    }
    return 0;
}
