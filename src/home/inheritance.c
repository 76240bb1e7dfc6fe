#include "home/inheritance.h"

#include "base/cleanup.h"
#include "home/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#define VARIABLE "VISOR_HANDOVER"

void inheritance_clear(Inheritance *inheritance) {
    inheritance->lock_fd = close_fd(inheritance->lock_fd);
}

static int set_inherited(int fd, bool inherited) {
    return fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC) < 0 ? negative_errno() : 0;
}

int inheritance_leave(const Home *home, int lock_fd, int token) {
    char value[64];
    (void)snprintf(value, sizeof value, "%d:%d:%d", home->fd, lock_fd, token);
    int r = set_inherited(home->fd, true);
    if (r >= 0)
        r = set_inherited(lock_fd, true);
    if (r >= 0 && setenv(VARIABLE, value, 1) < 0)
        r = negative_errno();
    if (r < 0)
        inheritance_take_back(home, lock_fd);
    return r;
}

void inheritance_take_back(const Home *home, int lock_fd) {
    (void)unsetenv(VARIABLE);
    (void)set_inherited(home->fd, false);
    (void)set_inherited(lock_fd, false);
}

static bool is_same_file(int fd, const struct stat *wanted) {
    struct stat status;
    return fd > STDERR_FILENO && fstat(fd, &status) == 0 && status.st_dev == wanted->st_dev &&
           status.st_ino == wanted->st_ino;
}

/* flock(2): asking again through the descriptor that holds it succeeds; through any other of the file it does not.
 */
static bool holds(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool is_folder_of(const Home *home, int fd) {
    struct stat folder;
    return fstat(home->fd, &folder) == 0 && is_same_file(fd, &folder) && holds(fd);
}

static bool is_lock_of(const Home *home, int fd) {
    struct stat lock;
    return fstatat(home->private_fd, HOME_LOCK_FILE, &lock, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(fd, &lock) &&
           holds(fd);
}

/* Somebody has cleared HOME/.visor up: the folder is what is held, and the file is made anew. */
static int take_anew(const Home *home, int *ret_fd, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    pid_t holder = 0;
    int r = lock_take(home->private_fd, HOME_LOCK_FILE, &fd, &holder, failure);
    if (r > 0)
        return failure_set(
            failure, -EBUSY, "%s/" HOME_PRIVATE_FOLDER "/" HOME_LOCK_FILE " is held by pid %d", home->path,
            (int)holder);
    if (r >= 0)
        r = lock_sign(fd);
    if (r >= 0)
        *ret_fd = TAKE_FD(fd);
    return r;
}

int inheritance_keep(const Home *home, Inheritance *inheritance, Failure *failure) {
    int fd = -1;
    if (is_lock_of(home, inheritance->lock_fd))
        return 0;
    int r = take_anew(home, &fd, failure);
    if (r < 0)
        return r;
    (void)close_fd(inheritance->lock_fd);
    inheritance->lock_fd = fd;
    return 1;
}

Inheritance inheritance_receive(Home *home) {
    Inheritance inheritance = {.lock_fd = -1};
    const char *value = getenv(VARIABLE);
    int home_fd = -1, lock_fd = -1, token = 0, end = 0;

    bool told = value && sscanf(value, "%d:%d:%d%n", &home_fd, &lock_fd, &token, &end) == 3 && value[end] == '\0';
    (void)unsetenv(VARIABLE);
    if (!told || !is_folder_of(home, home_fd))
        return inheritance;
    (void)set_inherited(home_fd, false);
    (void)set_inherited(lock_fd, false);
    bool holds_file = is_lock_of(home, lock_fd) || take_anew(home, &lock_fd, NULL) >= 0;
    /* Whatever comes of the file: it is we who hold the folder, and that may not lock us out. */
    (void)close(home->fd);
    home->fd = home_fd;
    if (!holds_file)
        return inheritance;
    return (Inheritance){.received = true, .lock_fd = lock_fd, .token = token};
}
