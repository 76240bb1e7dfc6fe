#include "config/config.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "config/checks.h"
#include "config/config_file.h"
#include "config/keys.h"
#include "core/tag.h"

#include <string.h>

static const char MISSING_CURE[] = "`visor init --home DIR` makes a home with one to start from";

static void error_at(Problems *problems, const TomlNode *node, const char *text) {
    problems_add(problems, PROBLEM_ERROR, node->line, node->column, "%s", text);
}

/* The members of the table @path, in the order of the file. */
static const TomlNode *members_of(const TomlNode *root, const char *path) {
    const TomlNode *table = schema_find(root, path);
    return table && table->type == TOML_TABLE ? table->children : NULL;
}

static void check_upgrade_folders(const TomlNode *root, Problems *problems) {
    for (const TomlNode *node = members_of(root, "upgradeFolders"); node; node = node->next)
        if (node->type != TOML_TABLE && !tag_is_plain(node->key))
            problems_add(
                problems, PROBLEM_WARNING, node->line, node->column,
                "'%s' of 'upgradeFolders' never applies: a release tag is a plain version name such as v0.80.0",
                PRINTABLE(node->key));
}

static void check_pins(const TomlNode *root, Problems *problems) {
    for (const TomlNode *node = members_of(root, "autoInstall.asset.sha256"); node; node = node->next)
        if (node->type != TOML_TABLE && !tag_is_plain(node->key))
            problems_add(
                problems, PROBLEM_ERROR, node->line, node->column,
                "'%s' of 'autoInstall.asset.sha256' must be a plain release tag such as v0.80.0",
                PRINTABLE(node->key));
}

/* The retired table is harmless unless a release would have to be fetched by it. */
static void check_asset(const TomlNode *root, const Config *config, Problems *problems) {
    const TomlNode *retired = schema_find(root, "autoInstall.assets");
    const TomlNode *name = schema_find(root, "autoInstall.asset.name");
    bool has_name = name && (name->type != TOML_STRING || *name->string); /* a wrong type is reported already */

    if (retired && config->auto_install.enabled && !has_name)
        error_at(
            problems, retired,
            "[autoInstall.assets] was retired, and no usable asset remains; write [autoInstall.asset] with name "
            "and binaryName in its place");
    else if (retired)
        problems_add(
            problems, PROBLEM_WARNING, retired->line, retired->column,
            "[autoInstall.assets] was retired and is ignored; write [autoInstall.asset] with name and binaryName "
            "in its place");
    else if (config->auto_install.enabled && !has_name)
        error_at(
            problems, name ? name : schema_find(root, "autoInstall.enabled"),
            "autoInstall is on but names no asset: write name = \"" DEFAULT_ASSET_NAME
            "\" below [autoInstall.asset]");
}

static void check_auto_install(const TomlNode *root, const Config *config, Problems *problems) {
    static const char *const NAMES[] = {"autoInstall.repositoryOwner", "autoInstall.repository"};

    check_asset(root, config, problems);
    check_pins(root, problems);
    if (!config->auto_install.enabled)
        return;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const TomlNode *node = schema_find(root, NAMES[i]);
        if (node && node->type == TOML_STRING && !*node->string)
            problems_add(
                problems, PROBLEM_ERROR, node->line, node->column, "autoInstall is on but '%s' is empty", NAMES[i]);
    }
}

static void warn_not_effective(const TomlNode *node, const char *path, Problems *problems) {
    problems_add(
        problems, PROBLEM_WARNING, node->line, node->column,
        "'%s' is checked but not yet effective in this version", path);
}

static void check_hook(const SchemaKey *key, const TomlNode *root, Problems *problems) {
    const TomlNode *node = schema_find(root, key->path);
    if (!node || node->type != TOML_ARRAY || !node->children)
        return;
    const TomlNode *program = node->children;
    if (program->type == TOML_STRING && !*program->string)
        problems_add(
            problems, PROBLEM_ERROR, program->line, program->column,
            "word 1 of '%s' is empty, but must name the program", key->path);
    warn_not_effective(node, key->path, problems);
}

static void check_hooks(const TomlNode *root, Problems *problems) {
    for (size_t i = 0; i < CONFIG_KEYS.count; i++)
        if (CONFIG_KEYS.keys[i].type == SCHEMA_LIST)
            check_hook(&CONFIG_KEYS.keys[i], root, problems);
}

static void check_web(const TomlNode *root, const Config *config, Problems *problems) {
    const TomlNode *node = schema_find(root, "web.listen");
    if (node && *config->web.listen && !check_listen_address(config->web.listen))
        warn_not_effective(node, "web.listen", problems);
}

static int read_config(const char *path, Config *config, Problems *problems) {
    _cleanup_toml_ TomlNode *root = NULL;

    int r = schema_defaults(&CONFIG_KEYS, config);
    if (r < 0)
        return r;
    r = config_file_load(path, MISSING_CURE, &root, problems);
    if (r < 0)
        return r;
    r = schema_read(&CONFIG_KEYS, root, config, problems);
    if (r < 0)
        return r;
    check_upgrade_folders(root, problems);
    check_auto_install(root, config, problems);
    check_hooks(root, problems);
    check_web(root, config, problems);
    return 0;
}

int config_load(const char *path, Config **ret, Problems *problems) {
    _cleanup_config_ Config *config = NULL;
    size_t earlier_errors = problems->error_count;

    config = calloc(1, sizeof *config);
    if (!config)
        return -ENOMEM;
    int r = read_config(path, config, problems);
    problems_sort(problems);
    if (r < 0)
        return r;
    if (problems->error_count > earlier_errors)
        return -EBADMSG;
    *ret = TAKE_PTR(config);
    return 0;
}

void config_free(Config *config) {
    if (config)
        schema_free(&CONFIG_KEYS, config);
    free(config);
}

const char *config_upgrade_folder(const Config *config, const char *tag) {
    for (size_t i = 0; i < config->upgrade_folders.count; i++)
        if (streq(config->upgrade_folders.items[i].key, tag))
            return config->upgrade_folders.items[i].value;
    return tag;
}

void config_compare(const Config *from, const Config *to, ConfigChangeHandler handler, void *userdata) {
    for (size_t i = 0; i < CONFIG_KEYS.count; i++) {
        const SchemaKey *key = &CONFIG_KEYS.keys[i];
        _cleanup_free_ char *old = schema_print(key, from);
        _cleanup_free_ char *new = schema_print(key, to);
        if (!old || !new || !streq(old, new))
            handler(key->path, old ? old : "?", new ? new : "?", userdata);
    }
}
