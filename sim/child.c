#include "sim/child.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * What we opened ourselves is all close-on-exec, and what we inherited cannot be: so the grandchild keeps exactly
 * what a program that was executed would, without any list to be kept right. The claim on the home above all has to
 * go.
 */
static void close_our_own_descriptors(void) {
    _cleanup_directory_ DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        int fd = atoi(entry->d_name);
        int flags = *entry->d_name == '.' || fd == dirfd(folder) ? -1 : fcntl(fd, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC))
            (void)close(fd);
    }
}

static void ignore_signals(void) {
    static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        (void)sigaction(SIGNALS[i], &ignored, NULL);
}

static void live(uint64_t life_usec) {
    uint64_t end_usec = usec_add(clock_monotonic_usec(), life_usec);
    struct timespec end = {
        .tv_sec = (time_t)(end_usec / USEC_PER_SEC),
        .tv_nsec = (long)(end_usec % USEC_PER_SEC * 1000),
    };
    while (life_usec == 0 || clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        if (life_usec == 0)
            (void)pause();
}

int child_fork(const Scenario *scenario, const EventLog *log) {
    bool own_session = scenario_boolean(scenario, "grandchild_setsid", false);
    if (!own_session && !scenario_boolean(scenario, "grandchild", false))
        return 0;

    pid_t pid = fork();
    if (pid < 0)
        return negative_errno();
    if (pid > 0)
        return 0;
    if (own_session)
        (void)setsid();
    ignore_signals();
    event_log_write(log, "grandchild", json_pack("{s:i, s:b}", "parent", (int)getppid(), "session", own_session));
    close_our_own_descriptors();
    live(scenario_usec(scenario, "grandchild_life_ms"));
    _exit(0);
}
