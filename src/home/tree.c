#include "home/tree.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "home/folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Walk {
    Tree *tree;
    const char *name; /* of the folder, for a person */
    dev_t device;
    Failure *failure;
} Walk;

void tree_clear(Tree *tree) {
    for (size_t i = 0; i < tree->count; i++)
        free(tree->entries[i].path);
    free(tree->entries);
    *tree = (Tree){0};
}

static int refuse(const Walk *walk, const char *path, const char *why) {
    return failure_set(walk->failure, 1, "%s/%s %s", walk->name, path, why);
}

static int fail(const Walk *walk, const char *path, int error) {
    return failure_set(walk->failure, error, "cannot examine %s/%s: %s", walk->name, path, strerror(-error));
}

static bool has_room(Tree *tree) {
    if (tree->count < tree->capacity)
        return true;
    size_t capacity = tree->capacity > 0 ? tree->capacity * 2 : 16;
    TreeEntry *entries = realloc(tree->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    tree->entries = entries;
    tree->capacity = capacity;
    return true;
}

/* Takes the path over if that succeeds. */
static int add(Walk *walk, char *path, const struct stat *status) {
    FileIdentity identity = file_identity(status);
    bool is_file = S_ISREG(status->st_mode);

    if (!is_file && !S_ISDIR(status->st_mode))
        return refuse(walk, path, "is neither a file nor a folder");
    if (status->st_dev != walk->device)
        return refuse(walk, path, "lies on another file system");
    if (walk->tree->count == TREE_ENTRIES_MAX)
        return refuse(walk, path, "is one file more than a release may have");
    if (!has_room(walk->tree))
        return fail(walk, path, -ENOMEM);
    walk->tree->entries[walk->tree->count++] = (TreeEntry){
        .path = path,
        .mode = status->st_mode,
        .size_bytes = is_file ? identity.size_bytes : 0,
        .mtime_nsec = is_file ? identity.mtime_nsec : 0,
    };
    return 0;
}

static int walk_folder(Walk *walk, int fd, const char *path, unsigned depth);

static int walk_entry(Walk *walk, int fd, const char *folder, const char *name, unsigned depth) {
    _cleanup_free_ char *path = *folder ? string_format("%s/%s", folder, name) : strdup(name);
    struct stat status;

    if (!path)
        return fail(walk, name, -ENOMEM);
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(walk, path, negative_errno());
    int r = add(walk, path, &status);
    if (r != 0)
        return r;
    const char *kept = TAKE_PTR(path);
    if (!S_ISDIR(status.st_mode))
        return 0;
    if (depth == TREE_DEPTH_MAX)
        return refuse(walk, kept, "lies too deep");
    int inner_fd = folder_open(fd, name);
    return inner_fd < 0 ? fail(walk, kept, inner_fd) : walk_folder(walk, inner_fd, kept, depth + 1);
}

/* Takes the descriptor over. The recursion is as deep as TREE_DEPTH_MAX. */
static int walk_folder(Walk *walk, int fd, const char *path, unsigned depth) {
    _cleanup_directory_ DIR *entries = fdopendir(fd);
    int r = 0;

    if (!entries) {
        r = negative_errno();
        (void)close(fd);
        return fail(walk, path, r);
    }
    for (const struct dirent *entry; errno = 0, (entry = readdir(entries));) {
        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
            continue;
        r = walk_entry(walk, dirfd(entries), path, entry->d_name, depth);
        if (r != 0)
            return r;
    }
    return errno == 0 ? 0 : fail(walk, path, negative_errno());
}

static int compare(const void *left, const void *right) {
    return strcmp(((const TreeEntry *)left)->path, ((const TreeEntry *)right)->path);
}

int tree_list(int fd, const char *name, Tree *ret, Failure *failure) {
    _cleanup_tree_ Tree tree = {0};
    Walk walk = {.tree = &tree, .name = name, .failure = failure};
    struct stat status;

    int again_fd = folder_open(fd, "."); /* a position of its own in the folder */
    if (again_fd < 0)
        return fail(&walk, "", again_fd);
    if (fstat(again_fd, &status) < 0) {
        int r = negative_errno();
        (void)close(again_fd);
        return fail(&walk, "", r);
    }
    walk.device = status.st_dev;
    int r = walk_folder(&walk, again_fd, "", 1);
    if (r != 0)
        return r;
    if (tree.count > 0)
        qsort(tree.entries, tree.count, sizeof *tree.entries, compare);
    *ret = tree;
    tree = (Tree){0};
    return 0;
}

static int compare_path(const void *path, const void *entry) {
    return strcmp(path, ((const TreeEntry *)entry)->path);
}

const TreeEntry *tree_find(const Tree *tree, const char *path) {
    return tree->count > 0 ? bsearch(path, tree->entries, tree->count, sizeof *tree->entries, compare_path) : NULL;
}
