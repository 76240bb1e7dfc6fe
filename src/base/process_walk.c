#include "base/process_walk.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

static pid_t pid_of(const struct dirent *entry) {
    return isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
}

int process_walk(ProcessLook *look, void *userdata, pid_t *found, size_t capacity) {
    _cleanup_directory_ DIR *processes = opendir("/proc");
    int count = 0;

    if (!processes)
        return negative_errno();
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(processes)); errno = 0) {
        pid_t pid = pid_of(entry);
        int r = pid > 0 ? look(dirfd(processes), entry->d_name, userdata) : 0;
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        if ((size_t)count < capacity)
            found[count] = pid;
        count++;
    }
    return errno != 0 ? negative_errno() : count;
}

int process_look_at(ProcessLook *look, void *userdata, pid_t pid) {
    char name[16];
    _cleanup_fd_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0)
        return negative_errno();
    (void)snprintf(name, sizeof name, "%d", (int)pid);
    return look(proc_fd, name, userdata);
}

/* The pidfd first, the look that counts after it: then what is signalled is the process that was looked at. */
static void signal_meant(ProcessLook *look, void *userdata, int proc_fd, const char *pid, int signal_number) {
    _cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, (pid_t)strtol(pid, NULL, 10), 0);
    if (pid_fd >= 0 && look(proc_fd, pid, userdata) > 0)
        (void)syscall(SYS_pidfd_send_signal, pid_fd, signal_number, NULL, 0);
}

void process_walk_signal(ProcessLook *look, void *userdata, int signal_number) {
    _cleanup_directory_ DIR *processes = opendir("/proc");
    for (const struct dirent *entry; processes && (entry = readdir(processes));) {
        pid_t pid = pid_of(entry);
        if (pid > 0 && pid != getpid() && look(dirfd(processes), entry->d_name, userdata) > 0)
            signal_meant(look, userdata, dirfd(processes), entry->d_name, signal_number);
    }
}

int process_unseen(int r) {
    return is_out_of_means(r) ? r : 0;
}
