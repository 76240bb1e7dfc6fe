#include "home/current.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/folder.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_LINK ".current.new" /* beside `current`, because rename(2) stays within one file system */

/* Where the link @name points, as an absolute path; relative ones count from the home. */
static int read_target(const Home *home, const char *name, char **ret) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(home->fd, name, target, sizeof target - 1);
    if (length < 0)
        return negative_errno();
    target[length] = '\0';
    *ret = home_path(home, target);
    return *ret ? 0 : -ENOMEM;
}

static int refuse_what_is_no_link(const Home *home, Failure *failure) {
    struct stat status;
    if (fstatat(home->fd, HOME_CURRENT_LINK, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT
                   ? 1
                   : failure_set(
                         failure, negative_errno(), "cannot examine %s/%s: %m", home->path, HOME_CURRENT_LINK);
    if (S_ISLNK(status.st_mode))
        return 0;
    return failure_set(
        failure, -EEXIST,
        "%s/%s is a %s, not a link: visor does not touch it; move it to a folder named after its release and link "
        "`current` to that",
        home->path, HOME_CURRENT_LINK, S_ISDIR(status.st_mode) ? "real folder" : "file");
}

bool current_leads(const Home *home) {
    struct stat status;
    return fstatat(home->fd, HOME_CURRENT_LINK, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

bool current_leads_to(const Home *home, const char *folder) {
    return folder_is_same(home->fd, HOME_CURRENT_LINK, folder);
}

int current_read(const Home *home, char **ret, Failure *failure) {
    _cleanup_free_ char *target = NULL;
    _cleanup_free_ char *folder = NULL;
    struct stat status;

    int r = refuse_what_is_no_link(home, failure);
    if (r != 0)
        return r;
    r = read_target(home, HOME_CURRENT_LINK, &target);
    if (r < 0)
        return failure_set(
            failure, r, "cannot read the link %s/%s: %s", home->path, HOME_CURRENT_LINK, strerror(-r));
    folder = realpath(target, NULL);
    if (!folder && errno == ENOMEM)
        return failure_set(failure, -ENOMEM, "cannot follow %s/%s: %m", home->path, HOME_CURRENT_LINK);
    if (!folder)
        return failure_set(
            failure, errno == ENOENT ? 2 : -ENOTDIR,
            "%s/%s points to %s, which cannot be opened: %m; point it at the folder of the release "
            "that ran last",
            home->path, HOME_CURRENT_LINK, target);
    if (stat(folder, &status) < 0 || !S_ISDIR(status.st_mode))
        return failure_set(
            failure, -ENOTDIR,
            "%s/%s points to %s, which is no folder; point it at the folder of the release that "
            "ran last",
            home->path, HOME_CURRENT_LINK, target);
    *ret = TAKE_PTR(folder);
    return 0;
}

int current_check(const Home *home, Failure *failure) {
    int r = refuse_what_is_no_link(home, failure);
    return r < 0 ? r : 0;
}

int current_prepare(const Home *home, const char *folder, Failure *failure) {
    _cleanup_free_ char *prepared = NULL;
    struct stat status;

    int r = current_check(home, failure);
    if (r < 0)
        return r;
    if (read_target(home, NEW_LINK, &prepared) >= 0 && streq(prepared, folder))
        return 0;
    /* Whatever a crash or a person left under that name; only a link is ours to remove. */
    if (fstatat(home->fd, NEW_LINK, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
        (void)unlinkat(home->fd, NEW_LINK, 0);
    if (symlinkat(folder, home->fd, NEW_LINK) == 0) {
        FAIL_POINT(CURRENT_PREPARED);
        return 0;
    }
    if (errno == EEXIST)
        return failure_set(
            failure, -EEXIST,
            "%s/%s is in the way of the switch: it is no link, so visor leaves it alone; remove it", home->path,
            NEW_LINK);
    return failure_set(failure, negative_errno(), "cannot make the link %s/%s: %m", home->path, NEW_LINK);
}

int current_switch(const Home *home, const char *folder, Failure *failure) {
    int r = current_prepare(home, folder, failure);
    if (r < 0)
        return r;
    if (renameat(home->fd, NEW_LINK, home->fd, HOME_CURRENT_LINK) < 0)
        return failure_set(
            failure, negative_errno(), "cannot point %s/%s at %s: %m", home->path, HOME_CURRENT_LINK, folder);
    FAIL_POINT(CURRENT_RENAMED);
    if (fsync(home->fd) < 0)
        return failure_set(failure, negative_errno(), "cannot make the switch in %s durable: %m", home->path);
    FAIL_POINT(CURRENT_DURABLE);
    return 0;
}
