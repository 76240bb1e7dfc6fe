#include "sim/release_files.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "sim/hash.h"

#include <fcntl.h>
#include <string.h>

/* GitHub's ids are numbers that fit in a double. */
static uint64_t make_id(const char *text) {
    return hash_text(text) & UINT64_C(0x7fffffff);
}

static uint64_t asset_id(const Route *route, const char *name) {
    _cleanup_free_ char *text = string_format("%s/%s/%s/%s", route->owner, route->repository, route->tag, name);
    return text ? make_id(text) : 0;
}

uint64_t release_files_id(const Route *route) {
    _cleanup_free_ char *text = string_format("%s/%s/%s", route->owner, route->repository, route->tag);
    return text ? make_id(text) : 0;
}

/* -- folders --------------------------------------------------------------------------------------------------- */

static int open_folder(int folder_fd, const char *path, DIR **ret) {
    int fd = openat(folder_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOTDIR ? -ENOENT : negative_errno();
    *ret = fdopendir(fd);
    if (!*ret) {
        int r = negative_errno();
        (void)close_fd(fd);
        return r;
    }
    return 0;
}

/* The next name that is for others to see; NULL at the end. */
static const char *next_name(DIR *folder) {
    const struct dirent *entry;
    while ((entry = readdir(folder)))
        if (*entry->d_name != '.' && strlen(entry->d_name) < ROUTE_NAME_BYTES)
            return entry->d_name;
    return NULL;
}

static char *tags_path(const Route *route) {
    return string_format("%s/%s/releases/download", route->owner, route->repository);
}

static char *release_path(const Route *route) {
    return string_format("%s/%s/releases/download/%s", route->owner, route->repository, route->tag);
}

/* -- assets ---------------------------------------------------------------------------------------------------- */

static int add(ReleaseFiles *files, const Route *route, const char *name, const struct stat *status) {
    ReleaseFile *list = reallocarray(files->list, files->count + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    files->list = list;
    list[files->count] = (ReleaseFile){.id = asset_id(route, name), .status = *status};
    strcpy(list[files->count++].name, name);
    return 0;
}

static int compare(const void *left, const void *right) {
    return strcmp(((const ReleaseFile *)left)->name, ((const ReleaseFile *)right)->name);
}

int release_files_read(int folder_fd, const Route *route, ReleaseFiles *ret) {
    _cleanup_free_ char *path = release_path(route);
    _cleanup_directory_ DIR *folder = NULL;
    ReleaseFiles files = {0};
    const char *name;

    int r = path ? open_folder(folder_fd, path, &folder) : -ENOMEM;
    while (r >= 0 && (name = next_name(folder))) {
        struct stat status;
        if (fstatat(dirfd(folder), name, &status, 0) >= 0 && S_ISREG(status.st_mode))
            r = add(&files, route, name, &status);
    }
    if (r < 0) {
        release_files_free(&files);
        return r;
    }
    if (files.count > 0)
        qsort(files.list, files.count, sizeof *files.list, compare);
    *ret = files;
    return 0;
}

void release_files_free(ReleaseFiles *files) {
    free(files->list);
    *files = (ReleaseFiles){0};
}

int release_files_open(int folder_fd, const Route *route, int *ret_fd, struct stat *ret_status) {
    _cleanup_free_ char *folder = release_path(route);
    _cleanup_free_ char *path = folder ? string_format("%s/%s", folder, route->asset) : NULL;
    _cleanup_fd_ int fd = -1;

    if (!path)
        return -ENOMEM;
    fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOTDIR ? -ENOENT : negative_errno();
    if (fstat(fd, ret_status) < 0)
        return negative_errno();
    if (!S_ISREG(ret_status->st_mode))
        return -ENOENT;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* -- searching ------------------------------------------------------------------------------------------------- */

/* Puts one tag of the repository after the other into @route, until @accept says 1. */
static int find_tag(int folder_fd, Route *route, int (*accept)(int folder_fd, Route *route)) {
    _cleanup_free_ char *path = tags_path(route);
    _cleanup_directory_ DIR *folder = NULL;
    const char *name;

    int r = path ? open_folder(folder_fd, path, &folder) : -ENOMEM;
    while (r == 0 && (name = next_name(folder))) {
        strcpy(route->tag, name);
        r = accept(folder_fd, route);
    }
    return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

static int is_release(int folder_fd, Route *route) {
    (void)folder_fd;
    return release_files_id(route) == route->id;
}

static int has_asset(int folder_fd, Route *route) {
    ReleaseFiles files;
    int r = release_files_read(folder_fd, route, &files);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    for (size_t i = 0; r == 0 && i < files.count; i++) {
        if (files.list[i].id != route->id)
            continue;
        strcpy(route->asset, files.list[i].name);
        r = 1;
    }
    release_files_free(&files);
    return r;
}

int release_files_find_release(int folder_fd, Route *route) {
    return find_tag(folder_fd, route, is_release);
}

int release_files_find_asset(int folder_fd, Route *route) {
    return find_tag(folder_fd, route, has_asset);
}

static int visit_repository(int folder_fd, Route *route, ReleaseVisitor visitor, void *userdata) {
    _cleanup_free_ char *path = tags_path(route);
    _cleanup_directory_ DIR *folder = NULL;
    const char *name;

    int r = path ? open_folder(folder_fd, path, &folder) : -ENOMEM;
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    while ((name = next_name(folder))) {
        strcpy(route->tag, name);
        visitor(route, userdata);
    }
    return 0;
}

static int visit_owner(int folder_fd, Route *route, ReleaseVisitor visitor, void *userdata) {
    _cleanup_directory_ DIR *folder = NULL;
    const char *name;

    int r = open_folder(folder_fd, route->owner, &folder);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    while (r >= 0 && (name = next_name(folder))) {
        strcpy(route->repository, name);
        r = visit_repository(folder_fd, route, visitor, userdata);
    }
    return r;
}

int release_files_visit(int folder_fd, ReleaseVisitor visitor, void *userdata) {
    _cleanup_directory_ DIR *folder = NULL;
    Route route = {0};
    const char *name;

    int r = open_folder(folder_fd, ".", &folder);
    while (r >= 0 && (name = next_name(folder))) {
        strcpy(route.owner, name);
        r = visit_owner(folder_fd, &route, visitor, userdata);
    }
    return r;
}
