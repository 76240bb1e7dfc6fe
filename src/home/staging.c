#include "home/staging.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/strings.h"
#include "core/tag.h"
#include "home/folder.h"
#include "home/lock.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_ROOT "staging"          /* in HOME/.visor */
#define OTHER_ROOT ".visor-staging" /* beside a release folder on another file system */
#define ROOT_LINK ".elsewhere-"     /* in the own root: a number and a link to another root */

enum {
    ROOTS_MAX = 64,
    DISCARDED_MAX = 10000, /* of one name, all still waiting */
    NAME_KEPT_BYTES = 200, /* of a folder's name in that of the discarded one: NAME_MAX less prefix and number */
};

/* A folder that holds staged releases. */
typedef struct Root {
    int fd;
    char *path;
} Root;

static void root_close(Root *root) {
    root->fd = close_fd(root->fd);
    free(root->path);
    root->path = NULL;
}
#define _cleanup_root_ __attribute__((__cleanup__(root_close)))

/* Who else could write there could put a link or another release in the place of ours. */
static int check_private(int fd, const char *path, Failure *failure) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure_set(
            failure, -EPERM,
            "%s belongs to another user or may be written to by others, so nothing is staged there: remove it",
            path);
    return 0;
}

static int open_private(int parent_fd, const char *name, const char *path, Failure *failure) {
    int fd = folder_open(parent_fd, name);
    if (fd < 0)
        return failure_set(
            failure, fd,
            fd == -ENOTDIR ? "%s is no folder of its own, but releases are staged there: remove it"
                           : "cannot open %s: %s",
            path, strerror(-fd));
    int r = check_private(fd, path, failure);
    if (r < 0) {
        (void)close_fd(fd);
        return r;
    }
    return fd;
}

static int make_private(int parent_fd, const char *name, const char *path, Failure *failure) {
    if (mkdirat(parent_fd, name, 0700) < 0 && errno != EEXIST)
        return failure_set(failure, negative_errno(), "cannot create the folder %s: %m", path);
    if (fsync(parent_fd) < 0)
        return failure_set(failure, negative_errno(), "cannot make the folder %s durable: %m", path);
    return open_private(parent_fd, name, path, failure);
}

static int open_own_root(const Home *home, Root *ret, Failure *failure) {
    ret->path = home_path(home, HOME_PRIVATE_FOLDER "/" OWN_ROOT);
    if (!ret->path)
        return failure_set(failure, -ENOMEM, "cannot open the staging folder: out of memory");
    ret->fd = make_private(home->private_fd, OWN_ROOT, ret->path, failure);
    return ret->fd < 0 ? ret->fd : 0;
}

/* Before the place is used: what a crash leaves there must be found again. */
static int remember_root(const Root *own, const char *path, Failure *failure) {
    char name[32], target[PATH_MAX];
    for (unsigned i = 1; i <= ROOTS_MAX; i++) {
        (void)snprintf(name, sizeof name, ROOT_LINK "%u", i);
        if (symlinkat(path, own->fd, name) == 0)
            return fsync(own->fd) < 0
                       ? failure_set(failure, negative_errno(), "cannot make %s/%s durable: %m", own->path, name)
                       : 0;
        if (errno != EEXIST)
            return failure_set(failure, negative_errno(), "cannot make the link %s/%s: %m", own->path, name);
        ssize_t length = readlinkat(own->fd, name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (streq(target, path))
            return 0;
    }
    return failure_set(
        failure, -EMLINK, "%s has links to more staging folders than there can be: remove those that are not used",
        own->path);
}

static int open_other_root(const Root *own, const char *release_folder, Root *ret, Failure *failure) {
    _cleanup_free_ char *parent = folder_parent(release_folder);
    _cleanup_fd_ int parent_fd = -1;

    ret->path = parent ? string_format("%s/" OTHER_ROOT, streq(parent, "/") ? "" : parent) : NULL;
    if (!ret->path)
        return failure_set(failure, -ENOMEM, "cannot open the staging folder: out of memory");
    int r = folder_create(parent, 0755, failure);
    if (r >= 0)
        r = remember_root(own, ret->path, failure);
    if (r < 0)
        return r;
    parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s: %m", parent);
    ret->fd = make_private(parent_fd, OTHER_ROOT, ret->path, failure);
    return ret->fd < 0 ? ret->fd : 0;
}

static int is_elsewhere(const Root *own, const char *release_folder, Failure *failure) {
    _cleanup_fd_ int nearest_fd = folder_open_nearest(release_folder);
    if (nearest_fd < 0)
        return failure_set(failure, nearest_fd, "cannot examine %s: %s", release_folder, strerror(-nearest_fd));
    return !folder_same_mount(own->fd, nearest_fd);
}

int staging_locate(const Home *home, const char *release_folder, const char *tag, char **ret, Failure *failure) {
    _cleanup_root_ Root own = {.fd = -1}, other = {.fd = -1};
    _cleanup_free_ char *path = NULL;
    _cleanup_fd_ int fd = -1;

    if (!tag_is_plain(tag) || release_folder[0] != '/')
        return failure_set(failure, -EINVAL, "'%s' in %s cannot be staged", tag, release_folder);
    int r = open_own_root(home, &own, failure);
    if (r >= 0)
        r = is_elsewhere(&own, release_folder, failure);
    if (r > 0)
        r = open_other_root(&own, release_folder, &other, failure);
    if (r < 0)
        return r;
    const Root *root = other.path ? &other : &own;
    path = string_format("%s/%s", root->path, tag);
    if (!path)
        return failure_set(failure, -ENOMEM, "cannot stage %s: out of memory", tag);
    fd = make_private(root->fd, tag, path, failure);
    if (fd < 0)
        return fd;
    FAIL_POINT(STAGING_MADE);
    *ret = TAKE_PTR(path);
    return 0;
}

static bool is_missing(int folder_fd, const char *name) {
    return faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

int staging_find(const Home *home, const char *release_folder, const char *tag, char **ret, Failure *failure) {
    _cleanup_root_ Root own = {.fd = -1};
    _cleanup_free_ char *parent = folder_parent(release_folder);
    _cleanup_free_ char *other = NULL;

    if (is_missing(home->private_fd, OWN_ROOT)) /* a place elsewhere has a link in it */
        return 1;
    int r = open_own_root(home, &own, failure);
    if (r >= 0)
        r = is_elsewhere(&own, release_folder, failure);
    if (r == 0 && is_missing(own.fd, tag))
        return 1;
    if (r > 0) {
        other = parent ? string_format("%s/" OTHER_ROOT "/%s", parent, tag) : NULL;
        if (!other)
            return failure_set(failure, -ENOMEM, "cannot look for %s: out of memory", tag);
        if (is_missing(AT_FDCWD, other))
            return 1;
    }
    return r < 0 ? r : staging_locate(home, release_folder, tag, ret, failure);
}

/* rename(2) of a folder replaces at most an empty folder, of which nobody misses anything. */
static int put_aside(int folder_fd, const char *name, int root_fd) {
    char discarded[NAME_MAX + 1];
    for (unsigned i = 1; i <= DISCARDED_MAX; i++) {
        (void)snprintf(discarded, sizeof discarded, STAGING_DISCARDED "%.*s-%u", NAME_KEPT_BYTES, name, i);
        if (renameat(folder_fd, name, root_fd, discarded) == 0) {
            FAIL_POINT(PUT_ASIDE);
            return fsync(root_fd) < 0 || fsync(folder_fd) < 0 ? negative_errno() : 0;
        }
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return negative_errno();
    }
    return -EEXIST;
}

int staging_take_away(const Home *home, int folder_fd, const char *name) {
    _cleanup_root_ Root own = {.fd = -1};
    int r = open_own_root(home, &own, NULL);
    return r < 0 ? r : put_aside(folder_fd, name, own.fd);
}

static int discard(const Root *root, const char *name, Failure *failure) {
    _cleanup_fd_ int fd = folder_open(root->fd, name);
    if (fd == -ENOENT)
        return 1;
    if (fd < 0)
        return failure_set(failure, fd, "cannot discard %s/%s: %s", root->path, name, strerror(-fd));
    int r = lock_folder(fd);
    if (r > 0)
        return failure_set(failure, -EBUSY, "%s/%s is being fetched into", root->path, name);
    if (r == 0)
        r = put_aside(root->fd, name, root->fd);
    return r < 0 ? failure_set(failure, r, "cannot discard %s/%s: %s", root->path, name, strerror(-r)) : 0;
}

static bool is_root_path(const char *path, const char *own) {
    const char *slash = strrchr(path, '/');
    return streq(path, own) || (slash && streq(slash + 1, OTHER_ROOT));
}

typedef int (*RootHandler)(const Root *root, void *userdata, Failure *failure);

/* The root behind link number @number. Returns 1 if there is none (any more), 2 if there is no such link. */
static int open_linked_root(const Root *own, unsigned number, Root *ret) {
    char name[32], target[PATH_MAX];
    (void)snprintf(name, sizeof name, ROOT_LINK "%u", number);
    ssize_t length = readlinkat(own->fd, name, target, sizeof target - 1);
    if (length < 0)
        return errno == ENOENT ? 2 : 1;
    target[length] = '\0';
    if (target[0] != '/' || !is_root_path(target, own->path))
        return 1;
    ret->path = strdup(target);
    if (!ret->path)
        return -ENOMEM;
    ret->fd = open_private(AT_FDCWD, target, target, NULL);
    return ret->fd < 0 ? 1 : 0;
}

/* Calls @handler for each root, none where nothing was ever staged; the first failure is the result, but ends
 * nothing.
 */
static int each_root(const Home *home, RootHandler handler, void *userdata, Failure *failure) {
    _cleanup_root_ Root own = {.fd = -1};
    int r;
    if (faccessat(home->private_fd, OWN_ROOT, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return 0;
    r = open_own_root(home, &own, failure);
    if (r < 0)
        return r;
    int result = handler(&own, userdata, failure);
    for (unsigned i = 1; i <= ROOTS_MAX; i++) {
        _cleanup_root_ Root root = {.fd = -1};
        r = open_linked_root(&own, i, &root);
        if (r == 2)
            break;
        if (r == 0)
            r = handler(&root, userdata, result < 0 ? NULL : failure);
        if (r < 0 && result >= 0)
            result = r;
    }
    return result;
}

static bool is_folder(int fd, const char *name) {
    struct stat status;
    return fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* The names of the folders in @root that begin with @prefix, or with no dot if that is NULL. */
static int list_folders(const Root *root, const char *prefix, char ***ret, Failure *failure) {
    _cleanup_string_list_ char **names = calloc(1, sizeof *names);
    _cleanup_directory_ DIR *entries = NULL;
    size_t count = 0;
    int fd = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        (void)close_fd(fd);
        return failure_set(failure, negative_errno(), "cannot read %s: %m", root->path);
    }
    for (const struct dirent *entry; names && (entry = readdir(entries));) {
        bool wanted = prefix ? string_after(entry->d_name, prefix) != NULL : entry->d_name[0] != '.';
        if (!wanted || !is_folder(root->fd, entry->d_name))
            continue;
        char **longer = reallocarray(names, count + 2, sizeof *names);
        if (!longer)
            return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", root->path);
        names = longer;
        names[count] = strdup(entry->d_name);
        names[count + 1] = NULL;
        if (!names[count++])
            return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", root->path);
    }
    if (!names)
        return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", root->path);
    *ret = TAKE_PTR(names);
    return 0;
}

int staging_discard(const Home *home, const char *path, Failure *failure) {
    _cleanup_root_ Root root = {.fd = -1};
    _cleanup_free_ char *own = home_path(home, HOME_PRIVATE_FOLDER "/" OWN_ROOT);
    const char *slash = strrchr(path, '/');
    root.path = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    if (!own || !root.path || !tag_is_plain(slash + 1) || !is_root_path(root.path, own))
        return failure_set(failure, -EINVAL, "%s is no staging folder", path);
    root.fd = folder_open(AT_FDCWD, root.path);
    if (root.fd == -ENOENT)
        return 1;
    if (root.fd < 0)
        return failure_set(failure, root.fd, "cannot open %s: %s", root.path, strerror(-root.fd));
    return discard(&root, slash + 1, failure);
}

static int clear_root(const Root *root, void *userdata, Failure *failure) {
    _cleanup_string_list_ char **names = NULL;
    const char *tag = userdata;
    int result = list_folders(root, NULL, &names, failure);
    for (size_t i = 0; names && names[i]; i++) {
        if (streq(names[i], tag))
            continue;
        int r = discard(root, names[i], result < 0 ? NULL : failure);
        if (r < 0 && r != -EBUSY && result >= 0)
            result = r;
    }
    return result;
}

int staging_clear_others(const Home *home, const char *tag, Failure *failure) {
    _cleanup_free_ char *kept = strdup(tag);
    return kept ? each_root(home, clear_root, kept, failure)
                : failure_set(failure, -ENOMEM, "cannot clear the staging folder: out of memory");
}

static int drop_from_root(const Root *root, void *userdata, Failure *failure) {
    int r = discard(root, userdata, failure);
    return r == -EBUSY ? 0 : r;
}

int staging_drop(const Home *home, const char *tag, Failure *failure) {
    _cleanup_free_ char *dropped = strdup(tag);
    int r = dropped ? each_root(home, drop_from_root, dropped, failure)
                    : failure_set(failure, -ENOMEM, "cannot clear the staging folder: out of memory");
    return r < 0 ? r : 0;
}

typedef struct PathList {
    char **items;
    size_t count;
} PathList;

static int list_discarded(const Root *root, void *userdata, Failure *failure) {
    _cleanup_string_list_ char **names = NULL;
    PathList *paths = userdata;
    int r = list_folders(root, STAGING_DISCARDED, &names, failure);
    if (r < 0)
        return r;
    char **longer = reallocarray(
        paths->items, paths->count + string_list_length((const char *const *)names) + 1, sizeof *longer);
    if (!longer)
        return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", root->path);
    paths->items = longer;
    for (size_t i = 0; names[i]; i++) {
        longer[paths->count] = string_format("%s/%s", root->path, names[i]);
        if (!longer[paths->count])
            return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", root->path);
        longer[++paths->count] = NULL;
    }
    longer[paths->count] = NULL;
    return 0;
}

int staging_discarded(const Home *home, char ***ret, Failure *failure) {
    PathList paths = {.items = calloc(1, sizeof *paths.items)};
    if (!paths.items)
        return failure_set(failure, -ENOMEM, "cannot look for what was discarded: out of memory");
    int r = each_root(home, list_discarded, &paths, failure);
    if (r < 0) {
        string_list_free(paths.items);
        return r;
    }
    *ret = paths.items;
    return 0;
}
