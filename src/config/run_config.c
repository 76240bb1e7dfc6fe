#include "config/run_config.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "config/checks.h"
#include "config/config_file.h"
#include "config/keys.h"

#include <string.h>

static const char FILE_NAME[] = "run-config.toml";
static const char MISSING_CURE[] =
    "write one like that of the release before, or like genesis/run-config.toml of "
    "`visor init --home DIR`";

/* @path below @folder, or below the working directory if @folder is NULL; neither has to exist. */
static int absolute_path(const char *folder, const char *path, char **ret) {
    _cleanup_free_ char *working = NULL;
    char *joined;

    if (*path == '/') {
        joined = strdup(path);
    } else if (folder && *folder == '/') {
        joined = string_format("%s/%s", folder, path);
    } else {
        working = getcwd(NULL, 0);
        if (!working)
            return negative_errno();
        joined = folder ? string_format("%s/%s/%s", working, folder, path) : string_format("%s/%s", working, path);
    }
    *ret = joined;
    return joined ? 0 : -ENOMEM;
}

/* The working directory is gone or closed to us: then nothing relative can be found. */
static int absolute_path_or_problem(const char *folder, const char *path, char **ret, Problems *problems) {
    int r = absolute_path(folder, path, ret);
    if (r >= 0 || r == -ENOMEM)
        return r;
    problems_add(
        problems, PROBLEM_ERROR, 0, 0, "the working directory cannot be named (%s); write absolute paths",
        strerror(-r));
    return 0;
}

static int resolve_socket_path(const TomlNode *root, RunConfig *config, Problems *problems) {
    const TomlNode *node = schema_find(root, "vega.rpc.socketPath");
    _cleanup_free_ char *absolute = NULL;

    if (*config->rpc_socket_path == '/' || check_path(config->rpc_socket_path))
        return 0;
    problems_add(
        problems, PROBLEM_WARNING, node->line, node->column,
        "'vega.rpc.socketPath' is relative to the directory Visor is started in; write the absolute path");
    int r = absolute_path_or_problem(NULL, config->rpc_socket_path, &absolute, problems);
    if (r < 0 || !absolute)
        return r;
    free(config->rpc_socket_path);
    config->rpc_socket_path = TAKE_PTR(absolute);
    return 0;
}

static int resolve_paths(const char *folder, const TomlNode *root, RunConfig *config, Problems *problems) {
    int r = absolute_path_or_problem(folder, config->vega.path, &config->vega.full_path, problems);
    if (r < 0)
        return r;
    if (config->has_data_node) {
        r = absolute_path_or_problem(folder, config->data_node.path, &config->data_node.full_path, problems);
        if (r < 0)
            return r;
    }
    return resolve_socket_path(root, config, problems);
}

static void check_name(const TomlNode *root, Problems *problems) {
    const TomlNode *node = schema_find(root, "name");
    if (!node || (node->type == TOML_STRING && !*node->string))
        problems_add(
            problems, PROBLEM_WARNING, node ? node->line : 0, node ? node->column : 0,
            "'name' is %s; write name = \"TAG\", the release tag of this folder", node ? "empty" : "missing");
}

static int read_run_config(const char *folder, RunConfig *config, Problems *problems) {
    _cleanup_toml_ TomlNode *root = NULL;
    _cleanup_free_ char *path = NULL;

    path = string_format("%s/%s", folder, FILE_NAME);
    if (!path)
        return -ENOMEM;
    int r = schema_defaults(&RUN_CONFIG_KEYS, config);
    if (r < 0)
        return r;
    r = config_file_load(path, MISSING_CURE, &root, problems);
    if (r < 0)
        return r;
    r = schema_read(&RUN_CONFIG_KEYS, root, config, problems);
    if (r < 0)
        return r;
    check_name(root, problems);
    config->has_data_node = schema_find(root, "data_node");
    return resolve_paths(folder, root, config, problems);
}

int run_config_load(const char *folder, RunConfig **ret, Problems *problems) {
    _cleanup_run_config_ RunConfig *config = NULL;
    size_t earlier_errors = problems->error_count;

    config = calloc(1, sizeof *config);
    if (!config)
        return -ENOMEM;
    int r = read_run_config(folder, config, problems);
    problems_sort(problems);
    if (r < 0)
        return r;
    if (problems->error_count > earlier_errors)
        return -EBADMSG;
    *ret = TAKE_PTR(config);
    return 0;
}

void run_config_free(RunConfig *config) {
    if (!config)
        return;
    schema_free(&RUN_CONFIG_KEYS, config);
    free(config->vega.full_path);
    free(config->data_node.full_path);
    free(config);
}

const char *arguments_flag(char *const *arguments, const char *name) {
    const char *value = NULL;
    for (; *arguments && !streq(*arguments, "--"); arguments++) {
        const char *rest = string_after(*arguments, name);
        if (rest && *rest == '=')
            value = rest + 1;
        if (!rest || *rest != '\0')
            continue;
        if (!arguments[1])
            return "";
        value = *++arguments;
    }
    return value;
}
