#include "home/layout.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int open_private_folder(Home *home, Failure *failure) {
    bool made = mkdirat(home->fd, HOME_PRIVATE_FOLDER, 0700) == 0;
    if (!made && errno != EEXIST)
        return failure_set(failure, negative_errno(), "cannot create %s/%s: %m", home->path, HOME_PRIVATE_FOLDER);
    /* What is saved in it is no more durable than its own name. Also if it was there: whoever made it may have been
     * killed here, but then a disk that refuses is no reason not to supervise. */
    if (fsync(home->fd) < 0 && made)
        return failure_set(
            failure, negative_errno(), "cannot make %s/%s durable: %m", home->path, HOME_PRIVATE_FOLDER);
    home->private_fd = openat(home->fd, HOME_PRIVATE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (home->private_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s/%s: %m", home->path, HOME_PRIVATE_FOLDER);
    return 0;
}

static int open_folder(Home *home, const char *path, Failure *failure) {
    struct stat status;

    home->path = realpath(path, NULL);
    if (!home->path && errno == ENOENT)
        return failure_set(
            failure, -ENOENT, "cannot open the home folder %s: %m; `visor init --home %s` makes one", path, path);
    if (!home->path)
        return failure_set(failure, negative_errno(), "cannot open the home folder %s: %m", path);
    home->fd = open(home->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (home->fd < 0)
        return failure_set(failure, negative_errno(), "cannot open the home folder %s: %m", home->path);
    if (fstatat(home->fd, HOME_CONFIG_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    if (errno != ENOENT)
        return failure_set(
            failure, negative_errno(), "cannot enter the home folder %s: %m; run this as the user that runs visor",
            home->path);
    return failure_set(
        failure, -ENOENT,
        "%s is no home of visor, %s is missing there: run `visor init` on a new folder, or give the right --home",
        home->path, HOME_CONFIG_FILE);
}

static int take(Home *home, Home *ret) {
    *ret = *home;
    *home = (Home){.fd = -1, .private_fd = -1};
    return 0;
}

int home_open(const char *path, Home *ret, Failure *failure) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    int r = open_folder(&home, path, failure);
    if (r >= 0)
        r = open_private_folder(&home, failure);
    return r < 0 ? r : take(&home, ret);
}

int home_look(const char *path, Home *ret, Failure *failure) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    int r = open_folder(&home, path, failure);
    if (r < 0)
        return r;
    home.private_fd = openat(home.fd, HOME_PRIVATE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return take(&home, ret);
}

int home_keep_private(Home *home, Failure *failure) {
    struct stat named, opened;
    if (fstat(home->private_fd, &opened) == 0 &&
        fstatat(home->fd, HOME_PRIVATE_FOLDER, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == opened.st_dev &&
        named.st_ino == opened.st_ino)
        return 0;
    int old_fd = home->private_fd;
    int r = open_private_folder(home, failure);
    if (r < 0) {
        home->private_fd = old_fd;
        return r;
    }
    (void)close_fd(old_fd);
    return 1;
}

int home_identity(const Home *home, HomeIdentity *ret) {
    struct stat status;
    *ret = (HomeIdentity){0};
    if (fstat(home->fd, &status) < 0)
        return negative_errno();
    *ret = (HomeIdentity){.device = status.st_dev, .inode = status.st_ino};
    return 0;
}

bool home_identity_equal(const HomeIdentity *left, const HomeIdentity *right) {
    return left->inode != 0 && left->inode == right->inode && left->device == right->device;
}

void home_close(Home *home) {
    free(home->path);
    home->path = NULL;
    home->fd = close_fd(home->fd);
    home->private_fd = close_fd(home->private_fd);
}

char *home_path(const Home *home, const char *name) {
    return name[0] == '/' ? strdup(name) : string_format("%s/%s", home->path, name);
}

char *home_process_lock(const char *process_name) {
    return string_format("%s.lock", process_name);
}
