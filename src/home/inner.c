#include "home/inner.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "home/folder.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What follows @folder in the absolute @path, or NULL. */
static const char *below(const char *folder, const char *path) {
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    return strncmp(path, folder, length) == 0 && path[length] == '/' ? path + length : NULL;
}

/* The folder may be named through links in one place and without them in the other. */
static const char *relative_part(const char *folder, const char *path) {
    _cleanup_free_ char *resolved = NULL;
    if (path[0] != '/')
        return path;
    const char *rest = below(folder, path);
    if (rest)
        return rest;
    resolved = realpath(folder, NULL);
    return resolved ? below(resolved, path) : NULL;
}

int inner_path(const char *folder, const char *path, char **ret) {
    const char *rest = relative_part(folder, path);
    if (!rest)
        return 1;
    _cleanup_free_ char *inner = malloc(strlen(rest) + 1);
    if (!inner)
        return -ENOMEM;
    size_t used = 0;
    for (rest += strspn(rest, "/"); *rest; rest += strspn(rest, "/")) {
        size_t length = strcspn(rest, "/");
        if (length == 2 && memcmp(rest, "..", 2) == 0)
            return 1;
        if (length != 1 || *rest != '.') {
            if (used > 0)
                inner[used++] = '/';
            memcpy(inner + used, rest, length);
            used += length;
        }
        rest += length;
    }
    inner[used] = '\0';
    if (used == 0)
        return 1;
    *ret = TAKE_PTR(inner);
    return 0;
}

static int open_or_make(int parent_fd, const char *name, bool creates) {
    if (creates && mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
        return negative_errno();
    if (creates && fsync(parent_fd) < 0) /* also if it is there: an earlier try may have been killed here */
        return negative_errno();
    return folder_open(parent_fd, name);
}

int inner_open_parent(int folder_fd, const char *inner, bool creates, const char **ret_name) {
    _cleanup_fd_ int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    char name[NAME_MAX + 1];

    if (fd < 0)
        return negative_errno();
    for (const char *slash; (slash = strchr(inner, '/')); inner = slash + 1) {
        size_t length = (size_t)(slash - inner);
        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        (void)snprintf(name, sizeof name, "%.*s", (int)length, inner);
        int next_fd = open_or_make(fd, name, creates);
        if (next_fd < 0)
            return next_fd;
        (void)close_fd(fd);
        fd = next_fd;
    }
    *ret_name = inner;
    return TAKE_FD(fd);
}

int inner_look(int folder_fd, const char *inner, InnerState *ret) {
    const char *name;
    struct stat status;
    _cleanup_fd_ int fd = inner_open_parent(folder_fd, inner, false, &name);

    if (fd == -ENOTDIR) {
        *ret = INNER_OUTSIDE;
        return 0;
    }
    if (fd < 0 && fd != -ENOENT)
        return fd;
    if (fd >= 0 && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret = INNER_THERE;
        return 0;
    }
    if (fd >= 0 && errno != ENOENT)
        return negative_errno();
    *ret = INNER_MISSING;
    return 0;
}
