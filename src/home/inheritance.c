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

static bool is_of(const Home *home, int home_fd, int lock_fd) {
    struct stat folder, lock;
    return fstat(home->fd, &folder) == 0 && fstatat(home->private_fd, HOME_LOCK_FILE, &lock, 0) == 0 &&
           is_same_file(home_fd, &folder) && is_same_file(lock_fd, &lock) && holds(home_fd) && holds(lock_fd);
}

Inheritance inheritance_receive(Home *home) {
    Inheritance inheritance = {.lock_fd = -1};
    const char *value = getenv(VARIABLE);
    int home_fd = -1, lock_fd = -1, token = 0, end = 0;

    bool told = value && sscanf(value, "%d:%d:%d%n", &home_fd, &lock_fd, &token, &end) == 3 && value[end] == '\0';
    (void)unsetenv(VARIABLE);
    if (!told || !is_of(home, home_fd, lock_fd))
        return inheritance;
    (void)set_inherited(home_fd, false);
    (void)set_inherited(lock_fd, false);
    (void)close(home->fd);
    home->fd = home_fd;
    return (Inheritance){.received = true, .lock_fd = lock_fd, .token = token};
}
