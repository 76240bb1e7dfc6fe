#include "home/marker.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "core/tag.h"
#include "home/tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MARKER_FORMAT = 1,
    MARKER_BYTES_MAX = 4 * 1024 * 1024, /* TREE_ENTRIES_MAX entries of any usual length */
};

static bool append(json_t *list, json_t *value) {
    return value && json_array_append_new(list, value) == 0;
}

static json_t *verified_list(const char *const *verified) {
    _cleanup_json_ json_t *list = json_array();
    for (; verified && *verified; verified++)
        if (!append(list, json_string(*verified)))
            return NULL;
    return TAKE_PTR(list);
}

/* The two lists of what is there, the marker itself left out. */
static int list_entries(const Tree *tree, json_t *files, json_t *folders) {
    for (size_t i = 0; i < tree->count; i++) {
        const TreeEntry *entry = &tree->entries[i];
        bool good;
        if (streq(entry->path, MARKER_FILE))
            continue;
        if (S_ISDIR(entry->mode))
            good = append(folders, json_string(entry->path));
        else
            good = append(
                files, json_pack(
                           "{s:s, s:I, s:I}", "path", entry->path, "size", (json_int_t)entry->size_bytes,
                           "mtime_ns", (json_int_t)entry->mtime_nsec));
        if (!good)
            return -ENOMEM;
    }
    return 0;
}

static char *print(const MarkerOrigin *origin, const Tree *tree) {
    _cleanup_json_ json_t *files = json_array();
    _cleanup_json_ json_t *folders = json_array();
    _cleanup_json_ json_t *verified = verified_list(origin->verified);
    _cleanup_json_ json_t *root = NULL;

    if (!files || !folders || !verified || list_entries(tree, files, folders) < 0)
        return NULL;
    root = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:O, s:I, s:O, s:O}", "format", MARKER_FORMAT, "tag", origin->tag, "asset",
        origin->asset, "url", origin->url, "sha256", origin->sha256, "verified", verified, "when",
        (json_int_t)(clock_realtime_usec() / USEC_PER_SEC), "folders", folders, "files", files);
    return root ? json_print(root, JSON_INDENT(1)) : NULL;
}

int marker_write(int fd, const char *path, const MarkerOrigin *origin, Failure *failure) {
    _cleanup_tree_ Tree tree = {0};
    _cleanup_free_ char *text = NULL;

    /* What a killed try left of this very file is no part of the release. */
    if (unlinkat(fd, "." MARKER_FILE ".new", 0) < 0 && errno != ENOENT)
        return failure_set(failure, negative_errno(), "cannot remove %s/." MARKER_FILE ".new: %m", path);
    int r = tree_list(fd, path, &tree, failure);
    if (r != 0)
        return r < 0 ? r : -EBADMSG;
    text = print(origin, &tree);
    if (!text)
        return failure_set(
            failure, -ENOMEM, "cannot write %s/" MARKER_FILE ": out of memory, or a name in it is no UTF-8", path);
    if (strlen(text) > MARKER_BYTES_MAX)
        return failure_set(
            failure, -EBADMSG, "the names of the files in %s are too long to be listed in " MARKER_FILE, path);
    r = file_replace(fd, MARKER_FILE, text, strlen(text), 0600, failure);
    return r < 0 ? failure_prefix(failure, r, "in %s", path) : 0;
}

static int changed(const char *path, const char *what, const char *how, Failure *failure) {
    return failure_set(failure, 2, "%s is not as Visor made it: %s %s", path, what, how);
}

static int out_of_memory(const char *path, Failure *failure) {
    return failure_set(failure, -ENOMEM, "cannot examine %s: out of memory", path);
}

static int damaged(const char *path, Failure *failure) {
    return failure_set(failure, 2, "%s/" MARKER_FILE " is damaged, so the folder counts as the operator's", path);
}

/* Each file of the list is there as it was. Ascending paths: none can be counted twice. */
static int check_files(const json_t *files, const Tree *tree, const char *path, Failure *failure) {
    const char *earlier = "";
    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *file;
        json_int_t size_bytes, mtime_nsec;
        int r = json_take(
            json_array_get(files, i), "{s:s, s:I, s:I}", "path", &file, "size", &size_bytes, "mtime_ns",
            &mtime_nsec);
        if (r == -ENOMEM)
            return out_of_memory(path, failure);
        if (r < 0 || strcmp(earlier, file) >= 0 || streq(file, MARKER_FILE))
            return damaged(path, failure);
        const TreeEntry *entry = tree_find(tree, file);
        if (!entry || !S_ISREG(entry->mode))
            return changed(path, file, "is missing", failure);
        if (entry->size_bytes != (uint64_t)size_bytes || entry->mtime_nsec != (uint64_t)mtime_nsec)
            return changed(path, file, "was changed", failure);
        earlier = file;
    }
    return 0;
}

static int check_folders(const json_t *folders, const Tree *tree, const char *path, Failure *failure) {
    const char *earlier = "";
    for (size_t i = 0; i < json_array_size(folders); i++) {
        const char *folder = json_string_value(json_array_get(folders, i));
        if (!folder || strcmp(earlier, folder) >= 0)
            return damaged(path, failure);
        const TreeEntry *entry = tree_find(tree, folder);
        if (!entry || !S_ISDIR(entry->mode))
            return changed(path, folder, "is missing", failure);
        earlier = folder;
    }
    return 0;
}

/* What the lists do not tell of. They were found complete before, so a name that they lack is one too many. */
static int
find_added(const json_t *files, const json_t *folders, const Tree *tree, const char *path, Failure *failure) {
    size_t listed = json_array_size(files) + json_array_size(folders);
    size_t file_index = 0, folder_index = 0;

    if (tree->count == listed + 1) /* the marker itself */
        return 0;
    for (size_t i = 0; i < tree->count; i++) {
        const TreeEntry *entry = &tree->entries[i];
        bool is_folder = S_ISDIR(entry->mode);
        const json_t *next = is_folder ? json_array_get(folders, folder_index)
                                       : json_object_get(json_array_get(files, file_index), "path");
        if (streq(entry->path, MARKER_FILE))
            continue;
        if (!next || !streq(json_string_value(next), entry->path))
            return changed(path, entry->path, "was added", failure);
        *(is_folder ? &folder_index : &file_index) += 1;
    }
    return damaged(path, failure); /* not reached: with more entries than names one has no name */
}

static int check(json_t *root, const Tree *tree, const char *path, uint64_t *ret_when_seconds, Failure *failure) {
    json_int_t format, when_seconds;
    json_t *files, *folders;
    const char *tag;

    int r = json_take(
        root, "{s:I, s:s, s:I, s:o, s:o}", "format", &format, "tag", &tag, "when", &when_seconds, "folders",
        &folders, "files", &files);
    if (r == -ENOMEM)
        return out_of_memory(path, failure);
    if (r < 0 || format != MARKER_FORMAT || !tag_is_plain(tag) || when_seconds < 0 || !json_is_array(files) ||
        !json_is_array(folders))
        return damaged(path, failure);
    r = check_files(files, tree, path, failure);
    if (r == 0)
        r = check_folders(folders, tree, path, failure);
    if (r == 0)
        r = find_added(files, folders, tree, path, failure);
    *ret_when_seconds = (uint64_t)when_seconds;
    return r;
}

int marker_check(int fd, const char *path, uint64_t *ret_when_seconds, Failure *failure) {
    _cleanup_tree_ Tree tree = {0};
    _cleanup_free_ char *file = string_format("%s/" MARKER_FILE, path);
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *root = NULL;
    struct stat status;
    size_t length = 0;

    if (!file)
        return out_of_memory(path, failure);
    if (fstatat(fd, MARKER_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 1 : failure_set(failure, negative_errno(), "cannot examine %s: %m", file);
    if (!S_ISREG(status.st_mode))
        return damaged(path, failure);
    int r = tree_list(fd, path, &tree, failure);
    if (r != 0)
        return r < 0 ? r : 2;
    r = file_read(file, MARKER_BYTES_MAX, &text, &length, failure);
    if (r == -EFBIG)
        return damaged(path, failure);
    if (r < 0)
        return r;
    if (json_parse(text, length, JSON_REJECT_DUPLICATES, &root, NULL) == -ENOMEM)
        return out_of_memory(path, failure);
    return check(root, &tree, path, ret_when_seconds, failure);
}
