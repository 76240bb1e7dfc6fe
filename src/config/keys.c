#include "config/keys.h"

#include "config/checks.h"
#include "config/config.h"
#include "config/run_config.h"

/* Limits against slips of the finger (seconds for milliseconds, a digit too many), not of what works. */
#define RETRIES_MAX UINT64_C(10000000)
#define RESTARTS_MAX UINT64_C(1000000)
#define YEAR_SECONDS UINT64_C(31536000)
#define DAY_SECONDS UINT64_C(86400)
#define HOUR_MS UINT64_C(3600000)
#define GIBIBYTE UINT64_C(1073741824)

static const char *const ON_VISOR_DEATH_NAMES[ON_VISOR_DEATH_COUNT] = {
    [ON_VISOR_DEATH_KEEP] = "keep",
    [ON_VISOR_DEATH_STOP] = "stop",
};

const char *const VERIFY_MODE_NAMES[VERIFY_MODE_COUNT] = {
    [VERIFY_PREFER] = "prefer",
    [VERIFY_REQUIRE] = "require",
    [VERIFY_OFF] = "off",
};

#define NUMBER(key_path, member, default_value, least, most)                                                       \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_NUMBER, .offset = SCHEMA_OFFSET(Config, member, uint64_t),              \
        .number = (default_value), .minimum = (least), .maximum = (most)                                           \
    }
#define BOOLEAN(key_path, member, default_value)                                                                   \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_BOOLEAN, .offset = SCHEMA_OFFSET(Config, member, bool),                 \
        .number = (default_value)                                                                                  \
    }
#define CHOICE(key_path, member, default_value, names)                                                             \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_CHOICE, .offset = SCHEMA_OFFSET(Config, member, unsigned),              \
        .number = (default_value), .choices = (names), .choice_count = sizeof(names) / sizeof((names)[0])          \
    }
#define STRING(key_path, member, default_value, checker)                                                           \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_STRING, .offset = SCHEMA_OFFSET(Config, member, char *),                \
        .string = (default_value), .check = (checker)                                                              \
    }
#define LIST(key_path, member)                                                                                     \
    { .path = (key_path), .type = SCHEMA_LIST, .offset = SCHEMA_OFFSET(Config, member, char **) }
#define PAIRS(key_path, member, checker)                                                                           \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_PAIRS, .offset = SCHEMA_OFFSET(Config, member, StringPairs),            \
        .check = (checker)                                                                                         \
    }

static const SchemaKey CONFIG_TABLE[] = {
    NUMBER("maxNumberOfFirstConnectionRetries", max_first_connection_retries, 175000, 0, RETRIES_MAX),
    NUMBER("maxNumberOfRestartConnectionRetries", max_restart_connection_retries, 10, 0, RETRIES_MAX),
    NUMBER("maxNumberOfRestarts", max_restarts, 3, 0, RESTARTS_MAX),
    NUMBER("restartsDelaySeconds", restarts_delay_seconds, 5, 0, YEAR_SECONDS),
    NUMBER("restartsBudgetResetSeconds", restarts_budget_reset_seconds, 600, 0, YEAR_SECONDS),
    NUMBER("stopDelaySeconds", stop_delay_seconds, 0, 0, YEAR_SECONDS),
    NUMBER("stopSignalTimeoutSeconds", stop_signal_timeout_seconds, 15, 0, YEAR_SECONDS),
    CHOICE("onVisorDeath", on_visor_death, ON_VISOR_DEATH_KEEP, ON_VISOR_DEATH_NAMES),
    PAIRS("upgradeFolders", upgrade_folders, check_release_folder),

    NUMBER("rpc.pollIntervalMilliseconds", rpc.poll_interval_ms, 2000, 10, HOUR_MS),
    NUMBER("rpc.acceptedPollIntervalMilliseconds", rpc.accepted_poll_interval_ms, 100, 10, 60000),
    NUMBER("rpc.timeoutMilliseconds", rpc.timeout_ms, 5000, 100, 600000),

    BOOLEAN("autoInstall.enabled", auto_install.enabled, false),
    STRING("autoInstall.repositoryOwner", auto_install.repository_owner, "vegaprotocol", check_github_name),
    STRING("autoInstall.repository", auto_install.repository, "vega", check_github_name),
    STRING("autoInstall.apiURL", auto_install.api_url, "https://api.github.com", check_base_url),
    STRING("autoInstall.downloadURL", auto_install.download_url, "https://github.com", check_base_url),
    STRING("autoInstall.tokenFile", auto_install.token_file, "", check_absolute_path),
    BOOLEAN("autoInstall.prefetch", auto_install.prefetch, true),
    NUMBER("autoInstall.prefetchSpreadSeconds", auto_install.prefetch_spread_seconds, 30, 0, YEAR_SECONDS),
    CHOICE("autoInstall.verify", auto_install.verify, VERIFY_PREFER, VERIFY_MODE_NAMES),
    NUMBER("autoInstall.stallTimeoutSeconds", auto_install.stall_timeout_seconds, 30, 1, DAY_SECONDS),
    NUMBER("autoInstall.maxAssetBytes", auto_install.max_asset_bytes, 2 * GIBIBYTE, 1, 1024 * GIBIBYTE),
    NUMBER("autoInstall.maxUnpackedBytes", auto_install.max_unpacked_bytes, 8 * GIBIBYTE, 1, 1024 * GIBIBYTE),
    NUMBER("autoInstall.keepReleases", auto_install.keep_releases, 5, 0, 1000),
    STRING("autoInstall.asset.name", auto_install.asset_name, DEFAULT_ASSET_NAME, check_asset_name),
    STRING("autoInstall.asset.binaryName", auto_install.asset_binary_name, "", check_inner_path),
    STRING("autoInstall.asset.publicKey", auto_install.asset_public_key, "", check_minisign_key),
    PAIRS("autoInstall.asset.sha256", auto_install.asset_sha256, check_sha256),
    {.path = "autoInstall.assets", .type = SCHEMA_RETIRED},

    NUMBER("hooks.timeoutSeconds", hooks.timeout_seconds, 60, 1, DAY_SECONDS),
    LIST("hooks.accepted", hooks.accepted),
    LIST("hooks.prepared", hooks.prepared),
    LIST("hooks.beforeStop", hooks.before_stop),
    LIST("hooks.beforeStart", hooks.before_start),
    LIST("hooks.completed", hooks.completed),
    LIST("hooks.failed", hooks.failed),

    STRING("web.listen", web.listen, "", check_listen_address),

    CHOICE("log.format", log.format, LOG_FORMAT_AUTO, LOG_FORMAT_NAMES),
    CHOICE("log.level", log.level, LOG_LEVEL_INFO, LOG_LEVEL_NAMES),
};

const Schema CONFIG_KEYS = {
    .keys = CONFIG_TABLE,
    .count = sizeof CONFIG_TABLE / sizeof CONFIG_TABLE[0],
};

#define RUN_STRING(key_path, member, default_value, checker, table, missing)                                       \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_STRING, .offset = SCHEMA_OFFSET(RunConfig, member, char *),             \
        .string = (default_value), .check = (checker), .required_in = (table), .cure = (missing)                   \
    }
#define RUN_LIST(key_path, member, table, missing)                                                                 \
    {                                                                                                              \
        .path = (key_path), .type = SCHEMA_LIST, .offset = SCHEMA_OFFSET(RunConfig, member, char **),              \
        .minimum = 1, .check = check_filled_in, .required_in = (table), .cure = (missing)                          \
    }

static const char PATH_CURE[] = "write path = \"FILE\": the program, relative to this folder or absolute";
static const char VEGA_CURE[] = "write what follows the program, such as args = [\"start\", \"--home\", \"DIR\"]";
static const char DATA_NODE_CURE[] =
    "write what follows the program, such as args = [\"datanode\", \"start\", \"--home\", \"DIR\"]";
static const char SOCKET_CURE[] = "it is the SocketPath below [Admin.Server] in the core's own config.toml";

static const SchemaKey RUN_CONFIG_TABLE[] = {
    RUN_STRING("name", name, "", NULL, NULL, NULL),
    RUN_STRING("vega.binary.path", vega.path, "", check_path, "", PATH_CURE),
    RUN_LIST("vega.binary.args", vega.arguments, "", VEGA_CURE),
    RUN_STRING("vega.rpc.socketPath", rpc_socket_path, "", check_path, "", SOCKET_CURE),
    RUN_STRING("vega.rpc.httpPath", rpc_http_path, "/rpc", check_http_path, NULL, NULL),
    RUN_STRING("vega.statistics.url", statistics_url, NULL, check_local_url, NULL, NULL),
    RUN_STRING("data_node.binary.path", data_node.path, "", check_path, "data_node", PATH_CURE),
    RUN_LIST("data_node.binary.args", data_node.arguments, "data_node", DATA_NODE_CURE),
};

const Schema RUN_CONFIG_KEYS = {
    .keys = RUN_CONFIG_TABLE,
    .count = sizeof RUN_CONFIG_TABLE / sizeof RUN_CONFIG_TABLE[0],
};
