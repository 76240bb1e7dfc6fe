#include "sim/stamp.h"

#include "base/cleanup.h"
#include "base/files.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { EXECUTABLE_LIMIT_BYTES = 256 * 1024 * 1024 };

/* The marker is looked for by its own bytes, so that it stands in the executable only once. */
typedef struct Stamp {
    char marker[32];
    char version[STAMP_VERSION_BYTES];
} Stamp;

/* volatile: the compiler must read what stands in the file by then, not what it compiled. */
static const volatile Stamp STAMP = {
    .marker = "\x7fvega-sim release stamp\x7f",
    .version = "v0.0.0-unstamped",
};

static void copy_volatile(char *target, const volatile char *source, size_t length) {
    for (size_t i = 0; i < length; i++)
        target[i] = source[i];
}

Version stamp_read(void) {
    Version version;
    copy_volatile(version.text, STAMP.version, sizeof version.text);
    version.text[sizeof version.text - 1] = '\0';
    return version;
}

static int check_version(const char *version, Failure *failure) {
    size_t length = strlen(version);
    if (length == 0)
        return failure_set(failure, -EINVAL, "the version is empty");
    if (length >= STAMP_VERSION_BYTES)
        return failure_set(
            failure, -EINVAL, "the version has %zu characters, at most %d fit", length, STAMP_VERSION_BYTES - 1);
    for (const char *at = version; *at; at++)
        if (*at < ' ' || *at > '~')
            return failure_set(failure, -EINVAL, "the version contains a character that is no printable ASCII");
    return 0;
}

static int patch(char *executable, size_t length, const char *version, Failure *failure) {
    char marker[sizeof STAMP.marker];
    copy_volatile(marker, STAMP.marker, sizeof marker);

    char *found = memmem(executable, length, marker, sizeof marker);
    if (!found || length - (size_t)(found - executable) < sizeof(Stamp))
        return failure_set(failure, -ENOENT, "this executable has no version field: it is not a whole vega-sim");
    const char *after = found + sizeof marker;
    if (memmem(after, length - (size_t)(after - executable), marker, sizeof marker))
        return failure_set(failure, -ENOTUNIQ, "this executable has more than one version field");
    (void)strncpy(found + offsetof(Stamp, version), version, STAMP_VERSION_BYTES); /* pads with NUL */
    return 0;
}

int stamp_make(const char *version, char **ret, size_t *ret_length, Failure *failure) {
    _cleanup_free_ char *executable = NULL;
    size_t length = 0;

    int r = check_version(version, failure);
    if (r >= 0)
        r = file_read("/proc/self/exe", EXECUTABLE_LIMIT_BYTES, &executable, &length, failure);
    if (r >= 0)
        r = patch(executable, length, version, failure);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(executable);
    *ret_length = length;
    return 0;
}

int stamp_write(const char *path, const char *version, Failure *failure) {
    _cleanup_free_ char *executable = NULL;
    _cleanup_free_ char *folder = NULL;
    _cleanup_fd_ int folder_fd = -1;
    size_t length = 0;

    int r = stamp_make(version, &executable, &length, failure);
    if (r < 0)
        return r;

    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return failure_set(failure, -ENOMEM, "cannot write %s: out of memory", path);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open the folder %s: %m", folder);

    mode_t earlier_umask = umask(0); /* the copy is for everybody, as a release is, whatever the caller's umask */
    r = file_replace(folder_fd, name, executable, length, 0755, failure);
    (void)umask(earlier_umask);
    return r;
}
