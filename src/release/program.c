#include "release/program.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static bool is_program(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

int visor_fetch_path_beside(const char *visor_folder, char **ret, Failure *failure) {
    static const char *const PLACES[] = {
        "../libexec/visor/visor-fetch", /* installed */
        "../fetch/visor-fetch",         /* built: src/cli/visor, src/fetch/visor-fetch */
    };
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        _cleanup_free_ char *path = string_format("%s/%s", visor_folder, PLACES[i]);
        if (!path)
            return failure_set(failure, -ENOMEM, "cannot find visor-fetch: out of memory");
        if (!is_program(path))
            continue;
        *ret = realpath(path, NULL);
        return *ret ? 0 : failure_set(failure, negative_errno(), "cannot find %s: %m", path);
    }
    return failure_set(
        failure, -ENOENT,
        "visor-fetch is missing: it belongs to %s/../libexec/visor beside visor; install Visor as a whole",
        visor_folder);
}

int visor_fetch_path(char **ret, Failure *failure) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return failure_set(failure, negative_errno(), "cannot find visor-fetch: /proc/self/exe: %m");
    path[length] = '\0';
    /* A visor that was replaced while it runs reads as "PATH (deleted)": the folder is still right. */
    char *slash = strrchr(path, '/');
    if (!slash)
        return failure_set(failure, -ENOENT, "cannot find visor-fetch: visor itself has no folder");
    *slash = '\0';
    return visor_fetch_path_beside(path, ret, failure);
}
