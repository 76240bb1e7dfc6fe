#include "home/release.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "home/binary.h"
#include "home/folder.h"
#include "home/inner.h"

#include <fcntl.h>
#include <string.h>

static char *run_config_path(const char *folder) {
    return string_format("%s/%s", folder, RUN_CONFIG_FILE);
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
        return problems_describe(&problems, path, r, failure);
    release->warnings = problems;
    problems = (Problems){0};
    return 0;
}

static int look_at_binary(const char *path, const Home *home, bool may_change, BinaryCheck *ret, Failure *failure) {
    return may_change ? binary_check(path, home->path, ret, failure) : binary_look(path, home->path, ret, failure);
}

static int
examine_binary(Release *release, const Home *home, ProcessName process, bool may_change, Failure *failure) {
    const RunBinary *binary = release_binary(release, process);
    BinaryCheck check = {0};
    Failure fault = {0};
    if (!binary)
        return 0;
    int r = look_at_binary(binary->full_path, home, may_change, &check, &fault);
    release->made_executable[process] = may_change && check.made_executable;
    release->binary_identities[process] = check.identity;
    release->binary_faults[process].result = r;
    if (r < 0 && !(release->binary_faults[process].text = strdup(fault.message)))
        return failure_set(failure, -ENOMEM, "cannot examine %s: out of memory", binary->full_path);
    return 0;
}

int release_examine(const Home *home, const char *folder, bool may_change, Release **ret, Failure *failure) {
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
        r = examine_binary(release, home, process, may_change, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(release);
    return 0;
}

int release_check_fit(const Release *release, Failure *failure) {
    for (ProcessName process = 0; process < PROCESS_COUNT; process++)
        if (release->binary_faults[process].result < 0)
            return failure_set(
                failure, release->binary_faults[process].result, "%s", release->binary_faults[process].text);
    return 0;
}

int release_load(const Home *home, const char *folder, Release **ret, Failure *failure) {
    _cleanup_release_ Release *release = NULL;
    int r = release_examine(home, folder, true, &release, failure);
    if (r >= 0)
        r = release_check_fit(release, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(release);
    return 0;
}

int release_missing_binary(int folder_fd, const char *folder, const char *path, char **ret_inner) {
    _cleanup_free_ char *inner = NULL;
    InnerState state;

    int r = inner_path(folder, path, &inner);
    if (r != 0)
        return r < 0 ? r : 2;
    r = inner_look(folder_fd, inner, &state);
    if (r < 0)
        return r;
    if (state != INNER_MISSING)
        return state == INNER_THERE ? 1 : 2;
    *ret_inner = TAKE_PTR(inner);
    return 0;
}

/* Returns 0 if it is there, 1 if it may be supplied, -ENOENT or -errno if that is the operator's matter. */
static int look_for_binary(int folder_fd, const char *folder, const RunBinary *binary) {
    _cleanup_free_ char *inner = NULL;
    struct stat status;
    int r = release_missing_binary(folder_fd, folder, binary->path, &inner);
    if (r <= 0)
        return r < 0 ? r : 1;
    return stat(binary->full_path, &status) < 0 ? negative_errno() : 0;
}

static ReleaseAbsence binaries_absence(int folder_fd, const char *folder) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *config = NULL;

    if (run_config_load(folder, &config, &problems) < 0)
        return RELEASE_NOTHING;
    int vega = look_for_binary(folder_fd, folder, &config->vega);
    int data_node = config->has_data_node ? look_for_binary(folder_fd, folder, &config->data_node) : 0;
    return vega >= 0 && data_node >= 0 && vega + data_node > 0 ? RELEASE_BINARY : RELEASE_NOTHING;
}

ReleaseAbsence release_absence(const Home *home, const char *folder) {
    struct stat status;
    _cleanup_fd_ int fd = -1;

    if (fstatat(home->fd, folder, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? RELEASE_WHOLE : RELEASE_NOTHING;
    fd = openat(home->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return RELEASE_NOTHING;
    if (folder_is_empty(fd) == 1) /* a link to an empty folder is the operator's, who means something by it */
        return S_ISDIR(status.st_mode) ? RELEASE_WHOLE : RELEASE_NOTHING;
    return binaries_absence(fd, folder);
}

void release_log_findings(const Release *release, const char *component) {
    _cleanup_free_ char *path = run_config_path(release->folder);
    if (path)
        problems_log(&release->warnings, component, path);
    for (ProcessName process = 0; process < PROCESS_COUNT; process++) {
        const RunBinary *binary = release_binary(release, process);
        if (binary && release->made_executable[process])
            log_info(component, "made the binary executable", field_string("path", binary->full_path));
        if (release->binary_faults[process].text)
            log_warning(
                component, "the node runs, but could not be started again",
                field_string("why", release->binary_faults[process].text));
    }
}

Release *release_free(Release *release) {
    if (!release)
        return NULL;
    free(release->folder);
    run_config_free(release->run_config);
    problems_clear(&release->warnings);
    for (ProcessName process = 0; process < PROCESS_COUNT; process++)
        free(release->binary_faults[process].text);
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
