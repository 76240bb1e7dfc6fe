#include "fetch/file_source.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_BYTES = 256 * 1024 };

/* Opens the file, or fills in the status of a refusal. */
static int open_file(const char *path, HttpResponse *response, struct stat *status) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        response->status = errno == ENOENT || errno == ENOTDIR ? 404 : 403;
        (void)snprintf(
            response->excerpt, sizeof response->excerpt, "{\"message\":\"%s%s\"}", strerror(errno),
            errno == EACCES ? "; make it readable for Visor, and see that no link leads out of the folder of "
                              "autoInstall.downloadURL"
                            : "");
        return -1;
    }
    if (fstat(fd, status) < 0 || !S_ISREG(status->st_mode)) {
        response->status = 403;
        (void)snprintf(response->excerpt, sizeof response->excerpt, "{\"message\":\"it is no regular file\"}");
        return close_fd(fd);
    }
    return fd;
}

/* Returns the offset to begin at. */
static uint64_t answer(const HttpRequest *request, const struct stat *status, HttpResponse *response) {
    uint64_t size_bytes = (uint64_t)status->st_size;
    (void)snprintf(
        response->last_modified, sizeof response->last_modified, "%lld.%09ld", (long long)status->st_mtim.tv_sec,
        status->st_mtim.tv_nsec);
    response->status = 200;
    response->end_is_told = true;
    response->length_bytes = size_bytes;
    if (!request->ranged || request->first_bytes >= size_bytes ||
        (request->if_range && !streq(request->if_range, response->last_modified)))
        return 0;
    response->status = 206;
    response->length_bytes = size_bytes - request->first_bytes;
    (void)snprintf(
        response->content_range, sizeof response->content_range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
        request->first_bytes, size_bytes - 1, size_bytes);
    return request->first_bytes;
}

static int copy(int fd, const HttpReceiver *receiver, const char *path, Failure *failure) {
    _cleanup_free_ char *chunk = malloc(CHUNK_BYTES);
    if (!chunk)
        return failure_set(failure, -ENOMEM, "%s cannot be read: out of memory", path);
    for (;;) {
        ssize_t count = read(fd, chunk, CHUNK_BYTES);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set(failure, negative_errno(), "%s cannot be read: %m", path);
        if (count == 0)
            return 0;
        int r = receiver->body(chunk, (size_t)count, receiver->userdata);
        if (r != 0)
            return r == HTTP_ENOUGH ? 0 : r;
    }
}

int file_source_get(const Url *url, const HttpRequest *request, HttpResponse *ret, Failure *failure) {
    _cleanup_free_ char *path = NULL;
    _cleanup_fd_ int fd = -1;
    struct stat status;

    int r = url_file_path(url, &path);
    if (r < 0)
        return failure_set(failure, r, "%s is no good file:// URL", request->url);
    fd = open_file(path, ret, &status);
    if (fd < 0)
        return 0;
    uint64_t first_bytes = answer(request, &status, ret);
    r = request->receiver.begin ? request->receiver.begin(ret, request->receiver.userdata) : 0;
    if (r != 0)
        return r == HTTP_ENOUGH ? 0 : r;
    if (lseek(fd, (off_t)first_bytes, SEEK_SET) < 0)
        return failure_set(failure, negative_errno(), "%s cannot be read: %m", path);
    return copy(fd, &request->receiver, path, failure);
}
