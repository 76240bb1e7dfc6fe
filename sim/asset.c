#include "sim/asset.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "sim/archive.h"
#include "sim/hash.h"
#include "sim/sha256.h"
#include "sim/stamp.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

enum { SUMS_LIMIT_BYTES = 1024 * 1024 };

#define SUMS_NAME "SHA256SUMS"

typedef void (*ArchiveWriter)(FILE *out, const Content *content);

static bool ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);
    return length >= suffix_length && streq(text + length - suffix_length, suffix);
}

static ArchiveWriter writer_of(const char *path) {
    if (ends_with(path, ".zip"))
        return archive_write_zip;
    if (ends_with(path, ".tar.gz") || ends_with(path, ".tgz"))
        return archive_write_tar_gz;
    return archive_write_bare;
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "FOLDER/" or "". */
static char *folder_of(const char *path) {
    return strndup(path, (size_t)(name_of(path) - path));
}

/* -- writing --------------------------------------------------------------------------------------------------- */

static int check(const AssetRequest *request, bool is_bare, Failure *failure) {
    size_t length = strlen(request->binary);
    if (!is_bare && (length == 0 || length > ARCHIVE_NAME_LIMIT_BYTES))
        return failure_set(
            failure, -EINVAL, "--binary: a name has 1 to %d characters here", ARCHIVE_NAME_LIMIT_BYTES);
    if (request->bytes >= UINT64_C(4000) * 1024 * 1024)
        return failure_set(failure, -EINVAL, "--bytes: archives of 4 GiB need zip64, which is not made here");
    return *name_of(request->path) ? 0 : failure_set(failure, -EINVAL, "%s is no file's name", request->path);
}

static int write_new(const char *path, ArchiveWriter write, const Content *content, mode_t mode, Failure *failure) {
    FILE *out = fopen(path, "w+e");
    if (!out)
        return failure_set(failure, negative_errno(), "cannot create %s: %m", path);
    write(out, content);
    bool failed = fflush(out) != 0 || ferror(out) || fchmod(fileno(out), mode) < 0;
    if (fclose(out) != 0 || failed)
        return failure_set(failure, -EIO, "cannot write %s: %m", path);
    return 0;
}

int asset_write(const AssetRequest *request, Failure *failure) {
    ArchiveWriter write = writer_of(request->path);
    bool is_bare = write == archive_write_bare;
    _cleanup_free_ char *program = NULL;
    _cleanup_free_ char *folder = folder_of(request->path);
    _cleanup_free_ char *temporary = folder ? string_format("%s.%s.new", folder, name_of(request->path)) : NULL;
    Content content = {.name = request->binary, .seed = hash_text(request->version)};

    if (!temporary)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = check(request, is_bare, failure);
    if (r >= 0)
        r = stamp_make(request->version, &program, &content.program_length, failure);
    if (r < 0)
        return r;
    content.program = program;
    if (request->bytes > content.program_length)
        content.filling_bytes = request->bytes - content.program_length;
    r = write_new(temporary, write, &content, is_bare ? 0755 : 0644, failure);
    if (r >= 0 && rename(temporary, request->path) < 0)
        r = failure_set(failure, negative_errno(), "cannot put %s in place: %m", request->path);
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

/* -- sums ------------------------------------------------------------------------------------------------------ */

static int compute(const char *path, char (*hex)[SHA256_HEX_BYTES], Failure *failure) {
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    Sha256 sha256;
    int r = fd < 0 ? negative_errno() : sha256_start(fd, &sha256);
    if (r >= 0) {
        while ((r = sha256_read(&sha256, hex)) == 0) {
            struct pollfd output = {.fd = sha256.output_fd, .events = POLLIN};
            (void)poll(&output, 1, -1);
        }
    }
    return r < 0 ? failure_set(failure, r, "cannot compute the SHA-256 of %s: %s", path, strerror(-r)) : 0;
}

/* The lines of @text but the one about @name, and then that one. */
static void put_sums(FILE *out, char *text, const char *name, const char *hex) {
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *space = strchr(line, ' ');
        if (space && !streq(space + 2, name))
            (void)fprintf(out, "%s\n", line);
    }
    (void)fprintf(out, "%s  %s\n", hex, name);
}

static int replace_sums(const char *path, int folder_fd, char *text, const char *hex, Failure *failure) {
    _cleanup_free_ char *sums = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&sums, &length);
    if (!out)
        return failure_set(failure, -ENOMEM, "out of memory");
    put_sums(out, text, name_of(path), hex);
    if (fclose(out) != 0)
        return failure_set(failure, -ENOMEM, "out of memory");
    return file_replace(folder_fd, SUMS_NAME, sums, length, 0644, failure);
}

int asset_write_sum(const char *path, Failure *failure) {
    _cleanup_free_ char *folder = folder_of(path);
    _cleanup_free_ char *sums_path = folder ? string_format("%s" SUMS_NAME, folder) : NULL;
    _cleanup_free_ char *text = NULL;
    _cleanup_fd_ int folder_fd = -1;
    char hex[SHA256_HEX_BYTES];
    size_t length;

    if (!sums_path)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = compute(path, &hex, failure);
    if (r < 0)
        return r;
    r = file_read(sums_path, SUMS_LIMIT_BYTES, &text, &length, failure);
    if (r == -ENOENT && !(text = strdup("")))
        return failure_set(failure, -ENOMEM, "out of memory");
    if (r < 0 && r != -ENOENT)
        return r;
    folder_fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return failure_set(failure, negative_errno(), "cannot open the folder %s: %m", folder);
    return replace_sums(path, folder_fd, text, hex, failure);
}
