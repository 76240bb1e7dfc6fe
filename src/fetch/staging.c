#include "fetch/staging.h"

#include "base/cleanup.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/strings.h"
#include "fetch/discard.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { MARKER_BYTES_MAX = 256 * 1024 };

/* What a download leaves beside the release, the temporaries of file_replace() included. */
static const char *const REMAINS[] = {
    STAGING_PART,
    STAGING_PART_ABOUT,
    STAGING_API,
    STAGING_API_WAIT,
    "." STAGING_PART_ABOUT ".new",
    "." STAGING_API ".new",
    "." STAGING_API_WAIT ".new",
};

/* Whoever renamed or replaced the folder between our open and our lock holds nothing against us. */
static bool is_still_there(const char *path, int fd) {
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static void read_boot_id(char (*ret)[BOOT_ID_BYTES]) {
    _cleanup_fd_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, *ret, sizeof *ret - 1);
    (*ret)[length > 0 ? length : 0] = '\0';
    (*ret)[strcspn(*ret, "\n")] = '\0';
}

int staging_open(const char *path, Staging *ret, Failure *failure) {
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *ret = (Staging){.fd = -1};
    if (fd < 0)
        return failure_set(failure, negative_errno(), "the staging folder %s cannot be opened: %m", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return failure_set(failure, -EWOULDBLOCK, "another visor-fetch works in %s; wait for it or end it", path);
    if (!is_still_there(path, fd))
        return failure_set(
            failure, -EWOULDBLOCK, "%s was moved or cannot be locked; is another visor at work on it?", path);
    *ret = (Staging){.fd = TAKE_FD(fd), .path = path};
    read_boot_id(&ret->boot_id);
    return 0;
}

void staging_close(Staging *staging) {
    staging->fd = close_fd(staging->fd);
}

static int remove_file(const Staging *staging, const char *name, Failure *failure) {
    if (unlinkat(staging->fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EISDIR || errno == EPERM) /* nobody but us puts anything there, but a folder must not stop us */
        return discard_at(staging->fd, name, failure);
    return failure_set(failure, negative_errno(), "%s/%s cannot be removed: %m", staging->path, name);
}

static int make_durable(const Staging *staging, Failure *failure) {
    if (fsync(staging->fd) < 0)
        return failure_set(failure, negative_errno(), "%s cannot be made durable: %m", staging->path);
    return 0;
}

static int remove_remains(const Staging *staging, Failure *failure) {
    int r = 0;
    for (size_t i = 0; i < sizeof REMAINS / sizeof *REMAINS && r >= 0; i++)
        r = remove_file(staging, REMAINS[i], failure);
    return r;
}

/* The marker goes first, and durably: without it nobody takes the rest for a release. */
static int remove_unpacked(const Staging *staging, Failure *failure) {
    int r = remove_file(staging, STAGING_MARKER, failure);
    if (r >= 0)
        r = remove_file(staging, "." STAGING_MARKER ".new", failure);
    if (r >= 0)
        r = make_durable(staging, failure);
    if (r >= 0)
        r = discard_at(staging->fd, STAGING_UNPACKING, failure);
    return r < 0 ? r : discard_at(staging->fd, STAGING_RELEASE, failure);
}

static bool has_release(const Staging *staging) {
    struct stat status;
    return fstatat(staging->fd, STAGING_RELEASE, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/* Returns what fetched.json says, NULL if there is none or it is damaged. */
static json_t *load_marker(const Staging *staging) {
    _cleanup_free_ char *path = string_format("%s/" STAGING_MARKER, staging->path);
    _cleanup_free_ char *text = NULL;
    size_t length;
    if (!path || file_read(path, MARKER_BYTES_MAX, &text, &length, NULL) < 0)
        return NULL;
    return json_loadb(text, length, 0, NULL);
}

int staging_begin(const Staging *staging, const Request *request, json_t **ret_marker, Failure *failure) {
    _cleanup_json_ json_t *marker = load_marker(staging);
    bool is_ours = marker && json_equal(json_object_get(marker, "request"), request->json);

    *ret_marker = NULL;
    if (is_ours && has_release(staging)) {
        *ret_marker = TAKE_PTR(marker);
        int r = remove_remains(staging, failure); /* killed between the marker and this */
        return r < 0 ? r : 1;
    }
    int r = remove_unpacked(staging, failure);
    if (r >= 0 && marker)
        r = remove_remains(staging, failure);
    return r;
}

int staging_unpacking(const Staging *staging, Failure *failure) {
    int r = discard_at(staging->fd, STAGING_UNPACKING, failure);
    if (r < 0)
        return r;
    if (mkdirat(staging->fd, STAGING_UNPACKING, 0755) < 0)
        return failure_set(failure, negative_errno(), "%s/" STAGING_UNPACKING " cannot be made: %m", staging->path);
    int fd = openat(staging->fd, STAGING_UNPACKING, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return failure_set(
            failure, negative_errno(), "%s/" STAGING_UNPACKING " cannot be opened: %m", staging->path);
    if (fchmod(fd, 0755) < 0) { /* whatever the umask is: the folder becomes the release's */
        int error = negative_errno();
        (void)close_fd(fd);
        return failure_set(
            failure, error, "%s/" STAGING_UNPACKING " cannot be made: %s", staging->path, strerror(-error));
    }
    return fd;
}

void staging_drop_unpacking(const Staging *staging) {
    (void)!discard_at(staging->fd, STAGING_UNPACKING, NULL); /* the next run tries again, and tells */
}

int staging_commit(const Staging *staging, const json_t *marker, Failure *failure) {
    _cleanup_free_ char *text = json_dumps(marker, JSON_INDENT(2));
    if (!text)
        return failure_set(
            failure, -ENOMEM, "%s/" STAGING_MARKER " cannot be written: out of memory", staging->path);
    if (renameat(staging->fd, STAGING_UNPACKING, staging->fd, STAGING_RELEASE) < 0)
        return failure_set(failure, negative_errno(), "%s/" STAGING_RELEASE " cannot be made: %m", staging->path);
    int r = make_durable(staging, failure);
    FAIL_POINT(FETCH_COMMITTED);
    if (r >= 0)
        r = file_replace(staging->fd, STAGING_MARKER, text, strlen(text), 0600, failure);
    FAIL_POINT(FETCH_MARKED);
    return r < 0 ? r : remove_remains(staging, failure);
}
