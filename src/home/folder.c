#include "home/folder.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

char *folder_trim(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

char *folder_parent(const char *path) {
    char *parent = folder_trim(path);
    char *slash = parent ? strrchr(parent, '/') : NULL;
    if (slash)
        slash[slash == parent] = '\0'; /* "/" is its own parent */
    return parent;
}

int folder_open_parent(const char *path, const char **ret_name) {
    _cleanup_free_ char *parent = folder_parent(path);
    if (!parent || *path != '/')
        return parent ? -EINVAL : -ENOMEM;
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return negative_errno();
    *ret_name = strrchr(path, '/') + 1;
    return fd;
}

int folder_open(int parent_fd, const char *name) {
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ELOOP ? -ENOTDIR : negative_errno();
    return fd;
}

static int make(const char *path, mode_t mode) {
    const char *name;
    _cleanup_fd_ int parent_fd = folder_open_parent(path, &name);
    if (parent_fd < 0)
        return parent_fd;
    if (mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST)
        return negative_errno();
    return fsync(parent_fd) < 0 ? negative_errno() : 0;
}

static int make_if_missing(const char *path, mode_t mode, Failure *failure) {
    struct stat status;
    int r = stat(path, &status) < 0 ? negative_errno() : 0;
    if (r == -ENOENT) {
        r = make(path, mode);
        if (r >= 0) /* again: what was made in between may be anything */
            r = stat(path, &status) < 0 ? negative_errno() : 0;
    }
    if (r < 0)
        return failure_set(failure, r, "cannot create the folder %s: %s", path, strerror(-r));
    if (!S_ISDIR(status.st_mode))
        return failure_set(failure, -ENOTDIR, "%s is no folder, but one is needed there: move it away", path);
    return 0;
}

/* One folder after the other, from the top: recursion would cost a stack as deep as the path. */
int folder_create(const char *path, mode_t mode, Failure *failure) {
    _cleanup_free_ char *head = strdup(path);
    if (!head)
        return failure_set(failure, -ENOMEM, "cannot create the folder %s: out of memory", path);
    for (char *end = head; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char kept = *end;
        *end = '\0';
        int r = make_if_missing(head, mode, failure);
        if (r < 0)
            return r;
        *end = kept;
    }
    return 0;
}

bool folder_is_same(int at_fd, const char *path, const char *other) {
    struct stat status, other_status;
    return fstatat(at_fd, path, &status, 0) == 0 && stat(other, &other_status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_dev == other_status.st_dev && status.st_ino == other_status.st_ino;
}

int folder_is_empty(int fd) {
    _cleanup_directory_ DIR *entries = NULL;
    int again_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closedir() closes it, not ours */
    if (again_fd < 0)
        return negative_errno();
    entries = fdopendir(again_fd);
    if (!entries) {
        int r = negative_errno();
        (void)close(again_fd);
        return r;
    }
    for (const struct dirent *entry; errno = 0, (entry = readdir(entries));)
        if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
            return 0;
    return errno == 0 ? 1 : negative_errno();
}

int folder_open_nearest(const char *path) {
    _cleanup_free_ char *head = strdup(path);
    while (head) {
        int fd = open(head, O_PATH | O_CLOEXEC);
        if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR))
            return fd < 0 ? negative_errno() : fd;
        if (streq(head, "/"))
            return -ENOENT;
        char *parent = folder_parent(head);
        free(head);
        head = parent;
    }
    return -ENOMEM;
}

bool folder_same_mount(int one_fd, int other_fd) {
    struct statx one, other;
    unsigned wanted = STATX_TYPE | STATX_MNT_ID;
    if (statx(one_fd, "", AT_EMPTY_PATH, wanted, &one) < 0 ||
        statx(other_fd, "", AT_EMPTY_PATH, wanted, &other) < 0)
        return false;
    if (one.stx_dev_major != other.stx_dev_major || one.stx_dev_minor != other.stx_dev_minor)
        return false;
    bool has_mounts = (one.stx_mask & other.stx_mask & STATX_MNT_ID) != 0;
    return !has_mounts || one.stx_mnt_id == other.stx_mnt_id;
}
