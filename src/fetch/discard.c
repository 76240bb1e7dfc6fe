#include "fetch/discard.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder on the way down: on the way up ".." must lead to it again. */
typedef struct Level {
    dev_t device;
    ino_t inode;
} Level;

/* The way from the folder that goes to the one that is open; 16 bytes a level, so no depth is too deep. */
typedef struct Way {
    Level *levels;
    size_t depth;
    size_t capacity;
} Way;

static void cleanup_way(Way *way) {
    free(way->levels);
}

static int push(Way *way, const struct stat *status) {
    if (way->depth == way->capacity) {
        size_t capacity = way->capacity ? way->capacity * 2 : 64;
        Level *larger = realloc(way->levels, capacity * sizeof *larger);
        if (!larger)
            return -ENOMEM;
        way->levels = larger;
        way->capacity = capacity;
    }
    way->levels[way->depth++] = (Level){status->st_dev, status->st_ino};
    return 0;
}

/* Opens the folder @name below @parent_fd, even one whose mode keeps its owner out. Returns it or -errno. */
static int open_folder(int parent_fd, const char *name) {
    enum { FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    int fd = openat(parent_fd, name, FLAGS);
    if (fd < 0 && errno == EACCES && fchmodat(parent_fd, name, 0700, 0) == 0)
        fd = openat(parent_fd, name, FLAGS);
    return fd < 0 ? negative_errno() : fd;
}

/* Goes down into @name: remembers the folder in which it lies, and replaces @fd. */
static int descend(Way *way, int *fd, const char *name) {
    struct stat here, there;
    _cleanup_fd_ int child_fd = open_folder(*fd, name);

    if (child_fd < 0)
        return child_fd;
    if (fstat(*fd, &here) < 0 || fstat(child_fd, &there) < 0)
        return negative_errno();
    if (here.st_dev != there.st_dev)
        return -EXDEV;
    if ((there.st_mode & S_IRWXU) != S_IRWXU && fchmod(child_fd, 0700) < 0)
        return negative_errno();
    int r = push(way, &here);
    if (r < 0)
        return r;
    (void)close_fd(*fd);
    *fd = TAKE_FD(child_fd);
    return 0;
}

static int ascend(Way *way, int *fd) {
    struct stat status;
    _cleanup_fd_ int parent_fd = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const Level *expected = &way->levels[--way->depth];

    if (parent_fd < 0 || fstat(parent_fd, &status) < 0)
        return negative_errno();
    if (status.st_dev != expected->device || status.st_ino != expected->inode)
        return -ESTALE; /* somebody moves the folders about meanwhile */
    (void)close_fd(*fd);
    *fd = TAKE_FD(parent_fd);
    return 0;
}

/* Removes @name unless it is a folder with something in it. Returns 0; 1 if it is; -errno. */
static int remove_entry(int fd, const char *name) {
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return negative_errno();
    if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTDIR)
        return -EPERM; /* a file that may not be removed, not a folder */
    return errno == ENOTEMPTY || errno == EEXIST ? 1 : negative_errno();
}

/*
 * Empties the folder @fd up to its first folder that is not empty, whose name goes into @ret_name.
 * Returns 0 when it is empty; 1 if there is such a folder; -errno.
 */
static int empty(int fd, char (*ret_name)[NAME_MAX + 1]) {
    _cleanup_directory_ DIR *directory = NULL;
    _cleanup_fd_ int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    directory = own_fd < 0 ? NULL : fdopendir(own_fd);
    if (!directory)
        return negative_errno();
    (void)TAKE_FD(own_fd);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            return errno > 0 ? negative_errno() : 0;
        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
            continue;
        int r = remove_entry(fd, entry->d_name);
        if (r != 0) {
            memccpy(*ret_name, entry->d_name, '\0', sizeof *ret_name);
            return r;
        }
    }
}

/*
 * Removes all that is in the folder @name below @parent_fd. A folder that has become empty is removed when the one
 * it lies in is looked through again.
 */
static int empty_tree(int parent_fd, const char *name) {
    _cleanup_(cleanup_way) Way way = {0};
    _cleanup_fd_ int fd = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char child[NAME_MAX + 1];

    if (fd < 0)
        return negative_errno();
    int r = descend(&way, &fd, name);
    while (r >= 0) {
        r = empty(fd, &child);
        if (r == 1)
            r = descend(&way, &fd, child);
        else if (r == 0 && way.depth == 1)
            return 0;
        else if (r == 0)
            r = ascend(&way, &fd);
    }
    return r;
}

int discard_at(int parent_fd, const char *name, Failure *failure) {
    int r = remove_entry(parent_fd, name);
    if (r == 1)
        r = empty_tree(parent_fd, name);
    if (r == 0)
        r = remove_entry(parent_fd, name);
    if (r == 1)
        r = -ENOTEMPTY;
    if (r >= 0 && fsync(parent_fd) < 0)
        r = negative_errno();
    if (r >= 0)
        return 0;
    if (r == -EXDEV || r == -EBUSY)
        return failure_set(
            failure, -EXDEV, "cannot remove %s: a file system is mounted in it; unmount that first", name);
    return failure_set(failure, r, "cannot remove %s: %s", name, strerror(-r));
}

int discard(const char *path, Failure *failure) {
    _cleanup_free_ char *parent = NULL;
    _cleanup_fd_ int parent_fd = -1;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *rest = string_after(name, DISCARD_PREFIX);

    if (!rest || !*rest)
        return failure_set(
            failure, -EINVAL, "%s is not removed: only folders whose name begins with %s are", path,
            DISCARD_PREFIX);
    parent = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!parent)
        return failure_set(failure, -ENOMEM, "cannot remove %s: out of memory", path);
    parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent_fd < 0)
        return errno == ENOENT
                   ? 0
                   : failure_set(failure, negative_errno(), "cannot remove %s: opening %s: %m", path, parent);
    return discard_at(parent_fd, name, failure);
}
