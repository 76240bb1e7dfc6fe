#include "home/placement.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "home/folder.h"
#include "home/inner.h"
#include "home/marker.h"
#include "home/release.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { TRIES = 3 }; /* somebody else may be putting things there at the same time */

static int fail(const char *folder, int error, Failure *failure) {
    return failure_set(
        failure, error,
        error == -EXDEV ? "the release cannot be moved to %s, which lies on another file system than where it was "
                          "staged: was that mounted in between?"
        : error == -EBUSY
            ? "%s is in use, as a mount point is: unmount it, or name another folder in [upgradeFolders]"
            : "cannot put the release into %s: %s",
        folder, strerror(-error));
}

static int make_parents(const char *folder, Failure *failure) {
    _cleanup_free_ char *parent = folder_parent(folder);
    return parent ? folder_create(parent, 0755, failure) : fail(folder, -ENOMEM, failure);
}

/* Only what is marked as it is now: a release without its run-config must not get its name. */
static int check_complete(const Staged *staged, int staging_fd, Failure *failure) {
    uint64_t when_seconds;
    _cleanup_fd_ int release_fd = folder_open(staging_fd, STAGED_FOLDER);
    if (release_fd < 0)
        return failure_set(
            failure, release_fd, "cannot open the staged release %s: %s", staged->folder, strerror(-release_fd));
    int r = marker_check(release_fd, staged->folder, &when_seconds, failure);
    if (r == 1)
        return failure_set(failure, -EBADMSG, "the staged release %s is not complete", staged->folder);
    return r > 0 ? -EBADMSG : r;
}

/*
 * Needs no RENAME_NOREPLACE, which not every file system has: rename(2) puts a folder over nothing but an empty
 * folder, and the kernel looks and renames in one step. Returns 1 if something else is there.
 */
static int put_whole(const Staged *staged, const char *folder, Failure *failure) {
    const char *name;
    _cleanup_fd_ int staging_fd = folder_open(AT_FDCWD, staged->staging);
    _cleanup_fd_ int parent_fd = -1;

    if (staging_fd < 0)
        return failure_set(
            failure, staging_fd, "cannot open the staging folder %s: %s", staged->staging, strerror(-staging_fd));
    int r = check_complete(staged, staging_fd, failure);
    if (r >= 0)
        r = make_parents(folder, failure);
    if (r < 0)
        return r;
    parent_fd = folder_open_parent(folder, &name);
    if (parent_fd < 0)
        return fail(folder, parent_fd, failure);
    FAIL_POINT(PLACEMENT_CHECKED);
    if (renameat(staging_fd, STAGED_FOLDER, parent_fd, name) < 0)
        return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR ? 1
                                                                         : fail(folder, negative_errno(), failure);
    FAIL_POINT(RELEASE_RENAMED);
    if (fsync(parent_fd) < 0 || fsync(staging_fd) < 0)
        return fail(folder, negative_errno(), failure);
    FAIL_POINT(RELEASE_PLACED);
    return 0;
}

static int copy(int from_fd, int to_fd, mode_t mode) {
    for (;;) {
        ssize_t count = sendfile(to_fd, from_fd, NULL, 0x7ffff000); /* the most that one call takes */
        if (count == 0)
            break;
        if (count < 0 && errno != EINTR)
            return negative_errno();
    }
    if (fchmod(to_fd, mode & 0755) < 0 || fsync(to_fd) < 0)
        return negative_errno();
    return 0;
}

/* Under a name that is not there yet, or -EEXIST. Not every file system knows both ways. */
static int rename_new(int from_fd, const char *from, int to_fd, const char *to) {
    if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return negative_errno();
    if (linkat(from_fd, from, to_fd, to, 0) < 0)
        return negative_errno();
    return unlinkat(from_fd, from, 0) < 0 ? negative_errno() : 0;
}

/* The file becomes visible under its name when all of it is on the disk. */
static int copy_new(int from_folder_fd, const char *from, int to_folder_fd, const char *to, mode_t mode) {
    char temporary[NAME_MAX + 1];
    _cleanup_fd_ int from_fd = openat(from_folder_fd, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_fd_ int to_fd = -1;

    if (from_fd < 0)
        return negative_errno();
    (void)snprintf(temporary, sizeof temporary, ".%.200s.visor-new", to);
    if (unlinkat(to_folder_fd, temporary, 0) < 0 && errno != ENOENT)
        return negative_errno();
    to_fd = openat(to_folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0700);
    if (to_fd < 0)
        return negative_errno();
    int r = copy(from_fd, to_fd, mode);
    if (r >= 0)
        r = rename_new(to_folder_fd, temporary, to_folder_fd, to);
    if (r < 0)
        (void)unlinkat(to_folder_fd, temporary, 0);
    return r;
}

static bool cannot_link(int error) {
    return error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP;
}

/*
 * Puts the staged binary to @inner of the folder. That something is there by now is fine: it is the operator's. It
 * is moved, unless it is needed once more: a second name, when that goes with the staging folder, would change the
 * ctime of what was proven by then, and an upgrade that has begun would be broken off for it.
 */
static int supply(const Staged *staged, int folder_fd, const char *inner, bool once_more) {
    const char *from, *to;
    struct stat status;
    _cleanup_fd_ int release_fd = folder_open(AT_FDCWD, staged->folder);
    _cleanup_fd_ int from_fd = -1, to_fd = -1;

    if (release_fd < 0)
        return release_fd;
    from_fd = inner_open_parent(release_fd, staged->binary, false, &from);
    if (from_fd < 0)
        return from_fd;
    if (fstatat(from_fd, from, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return negative_errno();
    if (!S_ISREG(status.st_mode))
        return -EBADMSG;
    to_fd = inner_open_parent(folder_fd, inner, true, &to);
    if (to_fd < 0)
        return to_fd;
    int r = !once_more                                ? rename_new(from_fd, from, to_fd, to)
            : linkat(from_fd, from, to_fd, to, 0) < 0 ? negative_errno()
                                                      : 0;
    if (r < 0 && cannot_link(-r))
        r = copy_new(from_fd, from, to_fd, to, status.st_mode);
    if (r < 0 && r != -EEXIST)
        return r;
    FAIL_POINT(BINARY_LINKED);
    return fsync(to_fd) < 0 ? negative_errno() : 0;
}

/* Where in the folder a binary is missing that may be supplied; NULL if it is not. */
static int find_missing(int folder_fd, const char *folder, const RunBinary *binary, char **ret_inner) {
    int r = release_missing_binary(folder_fd, folder, binary->path, ret_inner);
    return r < 0 ? r : 0;
}

static int supply_missing(const Staged *staged, int folder_fd, const char *folder, const RunConfig *config) {
    _cleanup_free_ char *vega = NULL, *data_node = NULL;

    int r = find_missing(folder_fd, folder, &config->vega, &vega);
    if (r >= 0 && config->has_data_node)
        r = find_missing(folder_fd, folder, &config->data_node, &data_node);
    bool both = vega && data_node && !streq(vega, data_node);
    if (r >= 0 && vega)
        r = supply(staged, folder_fd, vega, both);
    if (r >= 0 && data_node && (both || !vega))
        r = supply(staged, folder_fd, data_node, false);
    return r;
}

static int put_binary(const Staged *staged, const char *folder, Failure *failure) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *config = NULL;
    _cleanup_fd_ int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder_fd < 0)
        return fail(folder, negative_errno(), failure);
    int r = run_config_load(folder, &config, &problems);
    if (r < 0)
        return problems_describe(&problems, folder, r, failure);
    r = supply_missing(staged, folder_fd, folder, config);
    if (r < 0)
        return failure_set(failure, r, "cannot put the binary into %s: %s", folder, strerror(-r));
    return 0;
}

static int check_there(const Home *home, const char *folder, Failure *failure) {
    _cleanup_release_ Release *release = NULL;
    return release_load(home, folder, &release, failure);
}

int placement_put(const Home *home, const Staged *staged, const char *folder, Failure *failure) {
    _cleanup_free_ char *trimmed = folder_trim(folder);
    if (!trimmed)
        return fail(folder, -ENOMEM, failure);
    for (int i = 0; i < TRIES; i++) {
        int r = 1;
        switch (release_absence(home, trimmed)) {
        case RELEASE_WHOLE:
            r = put_whole(staged, trimmed, failure);
            break;
        case RELEASE_BINARY:
            return put_binary(staged, trimmed, failure);
        case RELEASE_NOTHING:
            return check_there(home, trimmed, failure);
        }
        if (r <= 0)
            return r;
    }
    return failure_set(failure, -EEXIST, "%s is changed by somebody else all the time", trimmed);
}
