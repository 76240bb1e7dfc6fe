#include "remains.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

enum { DESCRIPTORS_MAX = 1024 };

static pid_t started;
static bool inherited[DESCRIPTORS_MAX];

/* Those of valgrind itself are not seen from within. */
static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

__attribute__((__constructor__)) static void begin(void) {
    if (!RUNNING_ON_VALGRIND)
        return;
    started = getpid();
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        inherited[fd] = is_open(fd);
}

/* Visor's log opens a pipe once more, for as long as the process lives. */
static bool is_of_the_log(int fd) {
    struct stat opened, standard_error;
    return fstat(fd, &opened) == 0 && fstat(STDERR_FILENO, &standard_error) == 0 &&
           opened.st_dev == standard_error.st_dev && opened.st_ino == standard_error.st_ino;
}

static bool is_forked(void) {
    return !RUNNING_ON_VALGRIND || started != getpid();
}

/* By hand, not by valgrind at the end of each process: one that was forked to become another loses everything. */
void remains_report_memory(void) {
    if (!is_forked())
        VALGRIND_DO_LEAK_CHECK;
}

/* By hand as well: valgrind does not know the descriptors that native calls have made. */
static void report_descriptors(void) {
    char link[32], target[256];
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        if (inherited[fd] || !is_open(fd) || is_of_the_log(fd))
            continue;
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        (void)VALGRIND_PRINTF("descriptor %d is left open: %s\n", fd, target);
    }
}

__attribute__((__destructor__)) static void end(void) {
    if (is_forked())
        return;
    if (!getenv("MEMCHECK_KEEPS_DESCRIPTORS")) /* a fuzz target makes some once, for all of its runs */
        report_descriptors();
    remains_report_memory();
}
