#include "home/retention.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "home/folder.h"
#include "home/inner.h"
#include "home/marker.h"
#include "home/staging.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A folder that Visor made, untouched. */
typedef struct Finished {
    char *path;
    ino_t inode;
    uint64_t when_seconds;
} Finished;

typedef struct Finding {
    const Home *home;
    const char *const *protected_folders;
    dev_t device; /* of the home: what lies elsewhere is not looked at */
    Finished *items;
    size_t count;
} Finding;

static void finding_clear(Finding *finding) {
    for (size_t i = 0; i < finding->count; i++)
        free(finding->items[i].path);
    free(finding->items);
}

static bool is_at(const char *path, int base_fd, const struct stat *status) {
    struct stat other;
    return fstatat(base_fd, path, &other, 0) == 0 && other.st_dev == status->st_dev &&
           other.st_ino == status->st_ino;
}

static bool is_protected(const Finding *finding, const struct stat *status) {
    int home_fd = finding->home->fd;
    if (is_at(HOME_CURRENT_LINK, home_fd, status) || is_at(HOME_GENESIS_FOLDER, home_fd, status))
        return true;
    for (const char *const *folder = finding->protected_folders; folder && *folder; folder++)
        if (is_at(*folder, home_fd, status))
            return true;
    return false;
}

static bool is_known(const Finding *finding, const struct stat *status) {
    for (size_t i = 0; i < finding->count; i++)
        if (finding->items[i].inode == status->st_ino)
            return true;
    return false;
}

static int add(Finding *finding, const char *path, ino_t inode, uint64_t when_seconds) {
    Finished *items = reallocarray(finding->items, finding->count + 1, sizeof *items);
    if (!items)
        return -ENOMEM;
    finding->items = items;
    char *copied = strdup(path);
    if (!copied)
        return -ENOMEM;
    items[finding->count++] = (Finished){.path = copied, .inode = inode, .when_seconds = when_seconds};
    return 0;
}

/* The folder @inner of the home, without a link on the way, if it is a finished release that may go. */
static int examine(Finding *finding, const char *inner) {
    const char *name;
    struct stat status;
    uint64_t when_seconds;
    _cleanup_free_ char *path = home_path(finding->home, inner);
    _cleanup_fd_ int parent_fd = inner_open_parent(finding->home->fd, inner, false, &name);
    _cleanup_fd_ int fd = parent_fd < 0 ? -1 : folder_open(parent_fd, name);

    if (!path)
        return -ENOMEM;
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_dev != finding->device || is_protected(finding, &status) ||
        is_known(finding, &status))
        return 0;
    int r = marker_check(fd, path, &when_seconds, NULL);
    return r == 0 ? add(finding, path, status.st_ino, when_seconds) : r == -ENOMEM ? r : 0;
}

static int examine_home(Finding *finding) {
    _cleanup_directory_ DIR *entries = NULL;
    int fd = openat(finding->home->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        (void)close_fd(fd);
        return negative_errno();
    }
    for (const struct dirent *entry; (entry = readdir(entries));) {
        int r = entry->d_name[0] == '.' ? 0 : examine(finding, entry->d_name);
        if (r < 0)
            return r;
    }
    return 0;
}

static int examine_upgrade_folders(Finding *finding, const Config *config) {
    for (size_t i = 0; i < config->upgrade_folders.count; i++) {
        _cleanup_free_ char *inner = NULL;
        int r = inner_path(finding->home->path, config->upgrade_folders.items[i].value, &inner);
        if (r == 0)
            r = examine(finding, inner);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The newest first; of one second, by name. */
static int compare(const void *left, const void *right) {
    const Finished *one = left, *other = right;
    if (one->when_seconds != other->when_seconds)
        return one->when_seconds > other->when_seconds ? -1 : 1;
    return strcmp(other->path, one->path);
}

static int choose(Finding *finding, uint64_t kept, char ***ret) {
    size_t first = kept < finding->count ? (size_t)kept : finding->count;
    size_t count = 0;
    char **list = calloc(finding->count - first + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    if (finding->count > 0)
        qsort(finding->items, finding->count, sizeof *finding->items, compare);
    for (size_t i = finding->count; i > first; i--)
        list[count++] = TAKE_PTR(finding->items[i - 1].path);
    *ret = list;
    return 0;
}

int retention_choose(
    const Home *home, const Config *config, const char *const *protected_folders, char ***ret, Failure *failure) {
    Finding finding = {.home = home, .protected_folders = protected_folders};
    struct stat status;

    int r = fstat(home->fd, &status) < 0 ? negative_errno() : 0;
    finding.device = status.st_dev;
    if (r >= 0)
        r = examine_home(&finding);
    if (r >= 0)
        r = examine_upgrade_folders(&finding, config);
    if (r >= 0)
        r = choose(&finding, config->auto_install.keep_releases, ret);
    finding_clear(&finding);
    return r < 0 ? failure_set(failure, r, "cannot look for old releases in %s: %s", home->path, strerror(-r)) : 0;
}

int retention_retire(const Home *home, const char *folder, Failure *failure) {
    Finding finding = {.home = home};
    struct stat status;
    const char *name;
    uint64_t when_seconds;
    _cleanup_fd_ int parent_fd = folder_open_parent(folder, &name);
    _cleanup_fd_ int fd = parent_fd < 0 ? -1 : folder_open(parent_fd, name);

    if (fd < 0 || fstat(fd, &status) < 0)
        return failure_set(failure, -ESTALE, "the old release %s is not there any more", folder);
    if (is_protected(&finding, &status))
        return failure_set(failure, -ESTALE, "%s is in use, so it stays", folder);
    int r = marker_check(fd, folder, &when_seconds, failure);
    if (r == 1)
        return failure_set(failure, -ESTALE, "%s was not made by Visor, so it stays", folder);
    if (r != 0)
        return r < 0 ? r : -ESTALE;
    r = staging_take_away(home, parent_fd, name);
    if (r == -EXDEV)
        return failure_set(
            failure, r,
            "%s lies on another file system than %s/" HOME_PRIVATE_FOLDER ", so it stays; remove it by hand",
            folder, home->path);
    return r < 0 ? failure_set(failure, r, "cannot remove the old release %s: %s", folder, strerror(-r)) : 0;
}
