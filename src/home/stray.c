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
    uid_t owners[3];      /* who may have run a Visor of this home */
    ProcessRecord record;
    const char *doubt;
} Search;

static bool is_ours(uid_t owner, const Search *search) {
    return owner == search->owners[0] || owner == search->owners[1] || owner == search->owners[2];
}

static bool is_process_of_ours(int proc_fd, const char *pid, const Search *search) {
    struct stat status;
    return fstatat(proc_fd, pid, &status, 0) == 0 && is_ours(status.st_uid, search);
}

/*
 * Only a plain file on our own disks is opened, and that it is one is asked of what the kernel has in memory: a
 * stranger's may be on a server that is dead, and keep us for ever. To root every process of the machine shows what
 * it holds: a file of a stranger tells us nothing of a node to be waited for, or of a program to be run.
 */
static int open_lock(int proc_fd, const char *pid, const Search *search, struct stat *ret) {
    struct statx status;
    char path[64];

    (void)snprintf(path, sizeof path, "%.20s/fd/%s", pid, LOCK_NUMBER);
    if (statx(proc_fd, path, AT_STATX_DONT_SYNC, STATX_TYPE, &status) < 0)
        return negative_errno();
    dev_t device = makedev(status.stx_dev_major, status.stx_dev_minor);
    if (!S_ISREG(status.stx_mode) || (device != search->home.device && device != search->private_device))
        return -EXDEV;
    _cleanup_fd_ int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, ret) < 0)
        return negative_errno();
    return S_ISREG(ret->st_mode) && is_ours(ret->st_uid, search) ? TAKE_FD(fd) : -EPERM;
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
    struct stat file;

    int r = lock_is_held_through(proc_fd, pid, LOCK_NUMBER);
    if (r <= 0)
        return r;
    _cleanup_fd_ int fd = open_lock(proc_fd, pid, search, &file);
    if (fd < 0)
        return process_unseen(fd);
    r = read_record(fd, &record);
    if (r < 0 && r != -EPROTO)
        return process_unseen(r);
    if (record.name != search->name || !home_identity_equal(&record.home, &search->home))
        return 0;
    if (file.st_mode & S_IWOTH) {
        search->doubt = "and everybody may write to that file: stop that process";
        return is_process_of_ours(proc_fd, pid, search);
    }
    if (r == -EPROTO) {
        search->doubt = "and a newer visor started it: start that one, or stop it";
    } else if (is_itself(&record, (pid_t)strtol(pid, NULL, 10))) {
        process_record_clear(&search->record);
        search->record = record;
        record = (ProcessRecord){0};
    }
    return 1;
}

static int begin(Search *search, const Home *home, ProcessName name) {
    struct stat folder, private;
    *search = (Search){.name = name, .doubt = "which is not the process that was started: stop it"};
    if (fstat(home->fd, &folder) < 0 || fstat(home->private_fd, &private) < 0)
        return negative_errno();
    search->private_device = private.st_dev;
    search->owners[0] = geteuid();
    search->owners[1] = folder.st_uid;
    search->owners[2] = private.st_uid;
    return home_identity(home, &search->home);
}

int stray_find(const Home *home, ProcessName name, Stray *ret) {
    Search search;

    *ret = (Stray){0};
    int r = begin(&search, home, name);
    if (r >= 0)
        r = process_walk(look_for_home, &search, ret->holders, LOCK_HOLDERS_SHOWN);
    ret->record = search.record;
    ret->doubt = search.doubt;
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
