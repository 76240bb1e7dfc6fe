#include "base/process_stat.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* The name in brackets may hold anything, brackets too: the fields are counted from the last one. */
static const char *find_field(const char *stat, int wanted) {
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < wanted; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at;
}

int process_stat(pid_t pid, ProcessStat *ret) {
    char text[1024], path[64] = "/proc/self/stat";

    *ret = (ProcessStat){0};
    if (pid > 0)
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return is_out_of_means(-errno) ? negative_errno() : -ESRCH;
    ssize_t length = read(fd, text, sizeof text - 1);
    if (length <= 0)
        return -ESRCH;
    text[length] = '\0';
    const char *state = find_field(text, 3), *parent = find_field(text, 4), *start = find_field(text, 22);
    if (!state || !parent || !start)
        return -ESRCH;
    ret->is_dead = *state == 'Z' || *state == 'X';
    ret->parent = (pid_t)strtol(parent, NULL, 10);
    ret->start_ticks = strtoull(start, NULL, 10);
    return 0;
}

char *process_executable(pid_t pid) {
    static const char DELETED[] = " (deleted)"; /* proc_pid_exe(5) */
    char path[64], target[PATH_MAX];
    (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    size_t mark = sizeof DELETED - 1;
    if ((size_t)length > mark && strcmp(target + length - mark, DELETED) == 0)
        target[(size_t)length - mark] = '\0';
    return strdup(target);
}
