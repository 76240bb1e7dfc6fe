#include "home/staged.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/strings.h"
#include "config/config_file.h"
#include "config/run_config_derive.h"
#include "home/folder.h"
#include "home/inner.h"
#include "home/lock.h"
#include "home/marker.h"
#include "home/release.h"
#include "home/tree.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    STAGED_FORMAT = 1,
    STAGED_BYTES_MAX = 256 * 1024,
    VERIFIED_MAX = 32,
    TEXT_BYTES_MAX = 8 * 1024, /* of a URL or of what was verified */
};

Staged *staged_free(Staged *staged) {
    if (!staged)
        return NULL;
    staged->lock_fd = close_fd(staged->lock_fd);
    free(staged->staging);
    free(staged->folder);
    free(staged->binary);
    free(staged->asset);
    free(staged->url);
    string_list_free(staged->verified);
    free(staged);
    return NULL;
}

static int cannot_be(const char *staging, const char *why, Failure *failure) {
    return failure_set(
        failure, -EBADMSG, "%s is no release that was fetched: %s; it must be fetched anew", staging, why);
}

static int out_of_memory(const char *staging, Failure *failure) {
    return failure_set(failure, -ENOMEM, "cannot examine %s: out of memory", staging);
}

/* fetched.json as a tree. Returns 1 if there is none. */
static int load(int fd, const char *staging, json_t **ret, Failure *failure) {
    _cleanup_free_ char *path = string_format("%s/" STAGED_FILE, staging);
    _cleanup_free_ char *text = NULL;
    struct stat status;
    size_t length = 0;

    if (!path)
        return out_of_memory(staging, failure);
    if (fstatat(fd, STAGED_FILE, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? failure_set(failure, 1, "nothing complete is staged in %s", staging)
                               : failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (!S_ISREG(status.st_mode))
        return cannot_be(staging, STAGED_FILE " is no file", failure);
    int r = file_read(path, STAGED_BYTES_MAX, &text, &length, failure);
    if (r == -EFBIG)
        return cannot_be(staging, STAGED_FILE " is too long", failure);
    if (r < 0)
        return r;
    *ret = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    return *ret ? 0 : cannot_be(staging, STAGED_FILE " is damaged", failure);
}

static bool is_digest(const char *text) {
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool is_short_text(const json_t *value) {
    return json_is_string(value) && json_string_length(value) <= TEXT_BYTES_MAX;
}

/* Copies the list; NULL if it is none or memory is out. */
static char **read_verified(const json_t *list) {
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > VERIFIED_MAX)
        return NULL;
    _cleanup_string_list_ char **verified = calloc(count + 1, sizeof *verified);
    for (size_t i = 0; verified && i < count; i++) {
        const json_t *item = json_array_get(list, i);
        verified[i] = is_short_text(item) ? strdup(json_string_value(item)) : NULL;
        if (!verified[i])
            return NULL;
    }
    return TAKE_PTR(verified);
}

/* Whether it is a release for the request: 0, 1, or -errno. */
static int decode(json_t *root, const json_t *request, Staged *staged, Failure *failure) {
    const char *asset, *sha256, *binary = json_string_value(json_object_get(request, "binary"));
    json_int_t format, bytes, files, unpacked_bytes;
    json_t *fetched_for, *url, *verified;

    if (json_unpack_ex(
            root, NULL, 0, "{s:I, s:o, s:s, s:o, s:s, s:I, s:o, s:I, s:I}", "format", &format, "request",
            &fetched_for, "asset", &asset, "url", &url, "sha256", &sha256, "bytes", &bytes, "verified", &verified,
            "files", &files, "unpackedBytes", &unpacked_bytes) < 0 ||
        format != STAGED_FORMAT)
        return cannot_be(staged->staging, STAGED_FILE " is damaged", failure);
    if (!json_equal(fetched_for, request))
        return failure_set(failure, 1, "what is staged in %s was fetched for other settings", staged->staging);
    if (!is_short_text(url) || !is_digest(sha256) || bytes < 0 || files < 1 || unpacked_bytes < 0)
        return cannot_be(staged->staging, STAGED_FILE " is damaged", failure);
    /* A bare binary has the name of the asset. */
    int r = inner_path("/", binary && *binary ? binary : asset, &staged->binary);
    if (r < 0)
        return out_of_memory(staged->staging, failure);
    if (r > 0)
        return cannot_be(staged->staging, "its binary leads outside", failure);
    (void)memcpy(staged->sha256, sha256, sizeof staged->sha256);
    staged->bytes = (uint64_t)bytes;
    staged->asset = strdup(asset);
    staged->url = strdup(json_string_value(url));
    staged->verified = read_verified(verified);
    if (!staged->asset || !staged->url)
        return out_of_memory(staged->staging, failure);
    return staged->verified ? 0 : cannot_be(staged->staging, "what it was verified against is unreadable", failure);
}

/* The archive decided about names and modes, the helper only sanitized them. */
static int check_tree(const Staged *staged, const Tree *tree, Failure *failure) {
    for (size_t i = 0; i < tree->count; i++) {
        const TreeEntry *entry = &tree->entries[i];
        mode_t forbidden = S_ISDIR(entry->mode) ? S_IWOTH : S_IWOTH | S_ISUID | S_ISGID;
        if (entry->mode & forbidden)
            return cannot_be(staged->staging, "a file in it has rights that none may have", failure);
        for (const char *at = entry->path; *at; at += utf8_sequence_length(at))
            if (utf8_sequence_length(at) == 0)
                return cannot_be(staged->staging, "the name of a file in it is no UTF-8", failure);
    }
    const TreeEntry *binary = tree_find(tree, staged->binary);
    if (!binary || !S_ISREG(binary->mode) || binary->size_bytes == 0)
        return cannot_be(staged->staging, "its binary is missing", failure);
    if (!(binary->mode & S_IXUSR))
        return cannot_be(staged->staging, "its binary is not executable", failure);
    return 0;
}

static int check_release(int fd, const Staged *staged, Failure *failure) {
    _cleanup_tree_ Tree tree = {0};
    _cleanup_fd_ int release_fd = folder_open(fd, STAGED_FOLDER);

    if (release_fd == -ENOENT || release_fd == -ENOTDIR)
        return cannot_be(staged->staging, "the folder " STAGED_FOLDER " is missing", failure);
    if (release_fd < 0)
        return failure_set(failure, release_fd, "cannot open %s: %s", staged->folder, strerror(-release_fd));
    int r = tree_list(release_fd, staged->folder, &tree, failure);
    if (r > 0)
        return -EBADMSG;
    return r < 0 ? r : check_tree(staged, &tree, failure);
}

/* Locked under the name it was opened by: it may have been discarded in between. */
static int lock_staging(int fd, const char *staging, Failure *failure) {
    struct stat named, opened;
    int r = lock_folder(fd);
    if (r > 0)
        return failure_set(failure, -EBUSY, "somebody else is at work in %s", staging);
    if (r < 0)
        return failure_set(failure, r, "cannot lock %s: %s", staging, strerror(-r));
    if (fstat(fd, &opened) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", staging);
    bool same = lstat(staging, &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
    return same ? 0 : failure_set(failure, 1, "nothing is staged in %s any more", staging);
}

int staging_read(const char *staging, const json_t *request, Staged **ret, Failure *failure) {
    _cleanup_staged_ Staged *staged = calloc(1, sizeof *staged);
    _cleanup_json_ json_t *root = NULL;
    int fd;

    if (!staged)
        return out_of_memory(staging, failure);
    staged->lock_fd = -1;
    if (!(staged->staging = strdup(staging)) || !(staged->folder = string_format("%s/" STAGED_FOLDER, staging)))
        return out_of_memory(staging, failure);
    fd = folder_open(AT_FDCWD, staging);
    if (fd == -ENOENT)
        return failure_set(failure, 1, "nothing is staged in %s", staging);
    if (fd < 0)
        return failure_set(failure, fd, "cannot open %s: %s", staging, strerror(-fd));
    staged->lock_fd = fd;
    int r = lock_staging(fd, staging, failure);
    if (r == 0)
        r = load(fd, staging, &root, failure);
    if (r == 0)
        r = decode(root, request, staged, failure);
    if (r == 0)
        r = check_release(fd, staged, failure);
    if (r != 0)
        return r;
    *ret = TAKE_PTR(staged);
    return 0;
}

static int
write_run_config(int release_fd, const Staged *staged, const char *source_path, const char *tag, Failure *failure) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *source = NULL, *derived = NULL;
    size_t length = 0;

    int r = file_read(source_path, CONFIG_FILE_MAX_BYTES, &source, &length, failure);
    if (r < 0)
        return failure_prefix(failure, r, "cannot take over the run-config of the current release");
    r = run_config_derive(source, length, tag, staged->binary, &derived, &problems);
    if (r < 0)
        return r == -ENOMEM ? out_of_memory(source_path, failure)
                            : problems_describe(&problems, source_path, r, failure);
    r = file_replace(release_fd, RUN_CONFIG_FILE, derived, strlen(derived), 0600, failure);
    return r < 0 ? failure_prefix(failure, r, "in %s", staged->folder) : 0;
}

int staging_compose(const Staged *staged, const char *run_config_path, const char *tag, Failure *failure) {
    MarkerOrigin origin = {
        .tag = tag,
        .asset = staged->asset,
        .url = staged->url,
        .sha256 = staged->sha256,
        .verified = (const char *const *)staged->verified,
    };
    _cleanup_fd_ int release_fd = folder_open(AT_FDCWD, staged->folder);
    if (release_fd < 0)
        return failure_set(failure, release_fd, "cannot open %s: %s", staged->folder, strerror(-release_fd));
    int r = write_run_config(release_fd, staged, run_config_path, tag, failure);
    FAIL_POINT(RUN_CONFIG_DERIVED);
    if (r >= 0)
        r = marker_write(release_fd, staged->folder, &origin, failure);
    FAIL_POINT(RELEASE_MARKED);
    return r;
}
