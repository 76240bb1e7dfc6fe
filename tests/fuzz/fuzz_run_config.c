/* A run-config.toml: refused with findings, or what is needed to run a node is there and absolute. */
#include "config/checks.h"
#include "config/keys.h"
#include "config/run_config.h"
#include "tests/fuzz/settings.h"

static void expect_binary(const RunBinary *binary) {
    expect(binary->path && *binary->path && binary->full_path && binary->full_path[0] == '/');
    expect(binary->arguments && binary->arguments[0]);
    const char *home = arguments_flag(binary->arguments, "--home");
    expect(!home || strlen(home) < 1 << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *config = NULL;

    input_write("run-config.toml", data, size);
    int r = run_config_load(input_folder(), &config, &problems);
    expect_findings(&problems, r);
    expect((config != NULL) == (r == 0));
    if (!config)
        return 0;
    expect_settings(&RUN_CONFIG_KEYS, config);
    expect_binary(&config->vega);
    expect(config->rpc_socket_path && config->rpc_socket_path[0] == '/');
    expect(config->rpc_http_path && !check_http_path(config->rpc_http_path));
    expect(!config->statistics_url || !check_local_url(config->statistics_url));
    if (config->has_data_node)
        expect_binary(&config->data_node);
    return 0;
}
