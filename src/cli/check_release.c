#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "core/process.h"

#include <sys/stat.h>

static bool check_folder(Check *check, const char *folder) {
    struct stat status;
    if (stat(folder, &status) < 0)
        check_problem(
            check, CHECK_FOLDER, folder, "make it, with a run-config.toml and the binaries of the release",
            errno == ENOENT ? "is missing" : "cannot be examined: %m");
    else if (!S_ISDIR(status.st_mode))
        check_problem(check, CHECK_FOLDER, folder, "move it away and make a folder there", "is no folder");
    else
        return true;
    return false;
}

static bool check_run_config(Check *check, ReleaseCheck *release) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *path = string_format("%s/run-config.toml", release->folder);

    int r = path ? run_config_load(release->folder, &release->run_config, &problems) : -ENOMEM;
    if (r == -ENOMEM) {
        check_problem(check, CHECK_RUN_CONFIG, release->folder, NULL, "cannot be read: out of memory");
        return false;
    }
    check_problems(check, CHECK_RUN_CONFIG, path, &problems);
    if (r >= 0)
        check_ok(
            check, CHECK_RUN_CONFIG, path, "can be used%s",
            release->run_config->has_data_node ? ": a core node and a data node" : ": a core node");
    return r >= 0;
}

void check_release(Check *check, ReleaseCheck *release) {
    if (!check_folder(check, release->folder) || !check_run_config(check, release))
        return;
    const RunConfig *config = release->run_config;
    release->complete = check_binary(check, release, &config->vega, true);
    /* Core and data node are usually one file. */
    if (config->has_data_node && !streq(config->data_node.full_path, config->vega.full_path) &&
        !check_binary(check, release, &config->data_node, false))
        release->complete = false;
}
