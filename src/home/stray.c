#include "home/stray.h"

#include "base/cleanup.h"
#include "base/process_stat.h"
#include "base/process_walk.h"
#include "home/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Where a node finds its lock (proc/spawn.c). To look at all descriptors of all processes would take long. */
static const char LOCK_NUMBER[] = "3";

typedef struct Search {
    ProcessName name;
    HomeIdentity home;
    dev_t private_device; /* HOME/.visor may be another file system */
    uid_t owner;          /* of HOME/.visor */
    ProcessRecord record;
    bool is_newer;
} Search;

/*
 * To root every process of the machine shows what it holds: what a stranger could have written tells us nothing,
 * neither of a node to be waited for, nor of a program to be run.
 */
static bool is_ours(const struct stat *file, const Search *search) {
    return S_ISREG(file->st_mode) && !(file->st_mode & S_IWOTH) &&
           (file->st_uid == geteuid() || file->st_uid == search->owner);
}

/*
 * Only a plain file on our own disks is opened, and that it is one is asked of what the kernel has in memory: a
 * stranger's may be on a server that is dead, and keep us for ever.
 */
static int open_lock(int proc_fd, const char *pid, const Search *search) {
    struct statx status;
    struct stat opened;
    char path[64];

    (void)snprintf(path, sizeof path, "%.20s/fd/%s", pid, LOCK_NUMBER);
    if (statx(proc_fd, path, AT_STATX_DONT_SYNC, STATX_TYPE, &status) < 0)
        return negative_errno();
    dev_t device = makedev(status.stx_dev_major, status.stx_dev_minor);
    if (!S_ISREG(status.stx_mode) || (device != search->home.device && device != search->private_device))
        return -EXDEV;
    _cleanup_fd_ int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &opened) < 0)
        return negative_errno();
    return is_ours(&opened, search) ? TAKE_FD(fd) : -EPERM;
}

static int read_record(int fd, ProcessRecord *ret) {
    LockNote note;
    int r = lock_read_open(fd, &note);
    if (r >= 0)
        r = process_record_decode(note.text, strlen(note.text), ret);
    free(note.text);
    ret->pid = note.pid;
    ret->start_ticks = note.start_ticks;
    return r;
}

static bool is_itself(const ProcessRecord *record, pid_t pid) {
    ProcessStat stat;
    return record->pid == pid && record->start_ticks > 0 && process_stat(pid, &stat) == 0 &&
           stat.start_ticks == record->start_ticks && !stat.is_dead;
}

/* ProcessLook */
static int look_for_home(int proc_fd, const char *pid, void *userdata) {
    _cleanup_process_record_ ProcessRecord record = {0};
    Search *search = userdata;

    int r = lock_is_held_through(proc_fd, pid, LOCK_NUMBER);
    if (r <= 0)
        return r;
    _cleanup_fd_ int fd = open_lock(proc_fd, pid, search);
    if (fd < 0)
        return process_unseen(fd);
    r = read_record(fd, &record);
    if (r < 0 && r != -EPROTO)
        return process_unseen(r);
    if (record.name != search->name || !home_identity_equal(&record.home, &search->home))
        return 0;
    if (r == -EPROTO) {
        search->is_newer = true;
    } else if (is_itself(&record, (pid_t)strtol(pid, NULL, 10))) {
        process_record_clear(&search->record);
        search->record = record;
        record = (ProcessRecord){0};
    }
    return 1;
}

static int begin(Search *search, const Home *home, ProcessName name) {
    struct stat status;
    *search = (Search){.name = name};
    if (fstat(home->private_fd, &status) < 0)
        return negative_errno();
    search->private_device = status.st_dev;
    search->owner = status.st_uid;
    return home_identity(home, &search->home);
}

int stray_find(const Home *home, ProcessName name, Stray *ret) {
    Search search;

    *ret = (Stray){0};
    int r = begin(&search, home, name);
    if (r >= 0)
        r = process_walk(look_for_home, &search, ret->holders, LOCK_HOLDERS_SHOWN);
    ret->record = search.record;
    ret->is_newer = search.is_newer;
    ret->count = r < 0 ? 0 : (size_t)r;
    return r < 0 ? r : 0;
}

int stray_is_held_by(const Home *home, ProcessName name, pid_t pid) {
    Search search;
    int r = begin(&search, home, name);
    if (r >= 0)
        r = process_look_at(look_for_home, &search, pid);
    process_record_clear(&search.record);
    return r;
}

void stray_signal(const Home *home, ProcessName name, int signal_number) {
    Search search;
    if (begin(&search, home, name) >= 0)
        process_walk_signal(look_for_home, &search, signal_number);
    process_record_clear(&search.record);
}

void stray_clear(Stray *stray) {
    process_record_clear(&stray->record);
    *stray = (Stray){0};
}
