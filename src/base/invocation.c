#include "base/invocation.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_what_runs(const char *path) {
    struct stat own, named;
    return stat("/proc/self/exe", &own) == 0 && stat(path, &named) == 0 && own.st_dev == named.st_dev &&
           own.st_ino == named.st_ino;
}

static bool is_program(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The first program of that name, as execvp(3) takes it: one behind it is not what was started. */
static char *search(const char *name, const char *folders) {
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        _cleanup_free_ char *path = folders[0] == '/' ? string_format("%.*s/%s", (int)length, folders, name) : NULL;
        if (path && is_program(path))
            return TAKE_PTR(path);
        folders += length + (folders[length] == ':');
    }
    return NULL;
}

char *invocation_path(const char *name, const char *search_path) {
    _cleanup_free_ char *path = NULL;
    if (!name || !*name)
        return NULL;
    if (name[0] == '/')
        path = strdup(name);
    else if (!strchr(name, '/'))
        path = search(name, search_path);
    return path && is_what_runs(path) ? TAKE_PTR(path) : NULL;
}
