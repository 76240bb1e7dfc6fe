#include "sim/self.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *link_target(const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return json_null();
    target[length] = '\0';
    json_t *text = json_string(target);
    return text ? text : json_null(); /* a name that is no UTF-8 */
}

/* -- descriptors ----------------------------------------------------------------------------------------------- */

/* Asked the way a stranger would: a lock counts if it keeps others out, whoever took it. */
static bool is_locked(int fd, const char *path) {
    _cleanup_fd_ int own_fd = -1;
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    own_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return own_fd >= 0 && flock(own_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static json_t *describe_descriptor(int fd) {
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    json_t *target = link_target(path);
    bool locked = json_is_string(target) && is_locked(fd, json_string_value(target));
    return json_pack("{s:i, s:o, s:b}", "fd", fd, "target", target, "locked", locked);
}

static json_t *describe_descriptors(void) {
    _cleanup_directory_ DIR *folder = opendir("/proc/self/fd");
    json_t *list = json_array();
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        int fd = atoi(entry->d_name);
        if (*entry->d_name != '.' && fd != dirfd(folder))
            (void)json_array_append_new(list, describe_descriptor(fd));
    }
    return list;
}

/* -- signals --------------------------------------------------------------------------------------------------- */

static json_t *signal_name(int number) {
    char name[32];
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation)
        (void)snprintf(name, sizeof name, "SIG%s", abbreviation);
    else if (number >= SIGRTMIN)
        (void)snprintf(name, sizeof name, "SIGRTMIN+%d", number - SIGRTMIN);
    else
        (void)snprintf(name, sizeof name, "%d", number);
    return json_string(name);
}

static json_t *blocked_signals(void) {
    json_t *list = json_array();
    sigset_t blocked;
    (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&blocked, number) == 1)
            (void)json_array_append_new(list, signal_name(number));
    return list;
}

static json_t *ignored_signals(void) {
    json_t *list = json_array();
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            (void)json_array_append_new(list, signal_name(number));
    }
    return list;
}

/* -- the rest -------------------------------------------------------------------------------------------------- */

static json_t *describe_environment(void) {
    static const char *const PREFIXES[] = {"VISOR_", "VEGA_SIM_", "NOTIFY_SOCKET", "LISTEN_"};
    json_t *members = json_object();
    for (char **variable = environ; *variable; variable++) {
        for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++) {
            const char *equals = strchr(*variable, '=');
            if (!equals || !string_after(*variable, PREFIXES[i]))
                continue;
            _cleanup_free_ char *name = strndup(*variable, (size_t)(equals - *variable));
            if (name)
                (void)json_object_set_new(members, name, json_string(equals + 1));
        }
    }
    return members;
}

static json_t *describe_arguments(const Program *program) {
    json_t *list = json_array();
    for (int i = 0; i < program->arguments.argc; i++)
        (void)json_array_append_new(list, json_string(program->arguments.argv[i]));
    return list;
}

json_t *self_describe(const Program *program) {
    return json_pack(
        "{s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "argv", describe_arguments(program), "cwd",
        link_target("/proc/self/cwd"), "ppid", (int)getppid(), "pgid", (int)getpgrp(), "sid", (int)getsid(0),
        "stdin", link_target("/proc/self/fd/0"), "fds", describe_descriptors(), "signals_blocked",
        blocked_signals(), "signals_ignored", ignored_signals(), "environment", describe_environment());
}
