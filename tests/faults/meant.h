/* Whether a preloaded library is in a program that it is meant for: children inherit LD_PRELOAD with all the rest.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Is the executable's name one of those in the environment variable @list, which blanks separate? */
static inline bool is_meant(const char *list) {
    char path[4096];
    const char *wanted = getenv(list);
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (!wanted || length <= 0)
        return false;
    path[length] = '\0';
    const char *name = strrchr(path, '/') + 1;
    for (size_t bytes; *wanted; wanted += bytes + strspn(wanted + bytes, " ")) {
        bytes = strcspn(wanted, " ");
        if (bytes == strlen(name) && strncmp(wanted, name, bytes) == 0)
            return true;
    }
    return false;
}
