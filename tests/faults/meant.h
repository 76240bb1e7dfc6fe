/* Whether a preloaded library is in a program that it is meant for: children inherit LD_PRELOAD with all the rest.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Is the name of the file @path one of those in @list, which blanks separate? */
static inline bool is_listed(const char *list, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t bytes; *list; list += bytes + strspn(list + bytes, " ")) {
        bytes = strcspn(list, " ");
        if (bytes == strlen(name) && strncmp(list, name, bytes) == 0)
            return true;
    }
    return false;
}

/** Is the executable one of those in the environment variable @list? */
static inline bool is_meant(const char *list) {
    char path[4096];
    const char *wanted = getenv(list);
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (!wanted || length <= 0)
        return false;
    path[length] = '\0';
    return is_listed(wanted, path);
}
