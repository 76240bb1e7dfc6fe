#include "home/release.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "home/binary.h"

#include <string.h>

#define RUN_CONFIG_FILE "run-config.toml"

static char *run_config_path(const char *folder) {
    return string_format("%s/%s", folder, RUN_CONFIG_FILE);
}

/* One line for all errors of the file: this is what the operator sees hours before the block. */
static int describe_problems(const Problems *problems, const char *path, int code, Failure *failure) {
    static const char MORE[] = " and more";
    (void)failure_set(failure, code, "%s:", path);
    for (size_t i = 0; i < problems->count; i++) {
        const Problem *problem = &problems->items[i];
        if (problem->severity != PROBLEM_ERROR)
            continue;
        size_t used = strlen(failure->message);
        char place[32] = "";
        if (problem->line > 0)
            (void)snprintf(place, sizeof place, " %u:%u:", problem->line, problem->column);
        int length =
            snprintf(failure->message + used, sizeof failure->message - used, "%s %s;", place, problem->text);
        if (length > 0 && (size_t)length < sizeof failure->message - used - sizeof MORE)
            continue;
        (void)snprintf(failure->message + used, sizeof failure->message - used, "%s", MORE);
        break;
    }
    return code;
}

static int load_run_config(Release *release, Failure *failure) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *path = run_config_path(release->folder);
    struct stat status;

    if (!path)
        return failure_set(failure, -ENOMEM, "cannot read the run-config: out of memory");
    /* The identity first: a file that changes while it is read is then seen as changed, never as proven. */
    if (stat(path, &status) == 0)
        release->run_config_identity = file_identity(&status);
    int r = run_config_load(release->folder, &release->run_config, &problems);
    if (r < 0)
        return describe_problems(&problems, path, r, failure);
    release->warnings = problems;
    problems = (Problems){0};
    return 0;
}

static int check_binary(Release *release, const Home *home, ProcessName process, Failure *failure) {
    const RunBinary *binary = release_binary(release, process);
    BinaryCheck check;
    if (!binary)
        return 0;
    int r = binary_check(binary->full_path, home->path, &check, failure);
    if (r < 0)
        return r;
    release->made_executable[process] = check.made_executable;
    release->binary_identities[process] = check.identity;
    return 0;
}

int release_load(const Home *home, const char *folder, Release **ret, Failure *failure) {
    _cleanup_release_ Release *release = calloc(1, sizeof *release);
    struct stat status;
    int r;

    if (!release || !(release->folder = strdup(folder)))
        return failure_set(failure, -ENOMEM, "cannot examine %s: out of memory", folder);
    if (stat(folder, &status) < 0)
        return failure_set(
            failure, negative_errno(),
            errno == ENOENT
                ? "the folder %s is missing: make it, with a run-config.toml and the binaries of the release"
                : "cannot examine the folder %s: %m",
            folder);
    if (!S_ISDIR(status.st_mode))
        return failure_set(failure, -ENOTDIR, "%s is no folder", folder);
    r = load_run_config(release, failure);
    for (ProcessName process = 0; process < PROCESS_COUNT && r >= 0; process++)
        r = check_binary(release, home, process, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(release);
    return 0;
}

void release_log_findings(const Release *release, const char *component) {
    _cleanup_free_ char *path = run_config_path(release->folder);
    if (path)
        problems_log(&release->warnings, component, path);
    for (ProcessName process = 0; process < PROCESS_COUNT; process++) {
        const RunBinary *binary = release_binary(release, process);
        if (binary && release->made_executable[process])
            log_info(component, "made the binary executable", field_string("path", binary->full_path));
    }
}

Release *release_free(Release *release) {
    if (!release)
        return NULL;
    free(release->folder);
    run_config_free(release->run_config);
    problems_clear(&release->warnings);
    free(release);
    return NULL;
}

static bool is_unchanged(const char *path, const FileIdentity *identity) {
    struct stat status;
    if (!path || stat(path, &status) < 0)
        return false;
    FileIdentity now = file_identity(&status);
    return file_identity_equal(&now, identity);
}

bool release_unchanged(const Release *release) {
    _cleanup_free_ char *path = run_config_path(release->folder);
    if (!is_unchanged(path, &release->run_config_identity))
        return false;
    for (ProcessName process = 0; process < PROCESS_COUNT; process++) {
        const RunBinary *binary = release_binary(release, process);
        if (binary && !is_unchanged(binary->full_path, &release->binary_identities[process]))
            return false;
    }
    return true;
}

const RunBinary *release_binary(const Release *release, ProcessName process) {
    switch (process) {
    case PROCESS_VEGA:
        return &release->run_config->vega;
    case PROCESS_DATA_NODE:
        return release->run_config->has_data_node ? &release->run_config->data_node : NULL;
    case PROCESS_COUNT:
        break;
    }
    return NULL;
}

char *release_folder(const Home *home, const Config *config, const char *tag) {
    return home_path(home, config_upgrade_folder(config, tag));
}
