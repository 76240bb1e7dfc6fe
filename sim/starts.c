#include "sim/starts.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static json_t *read_counts(int fd) {
    char content[64 * 1024];
    ssize_t length = pread(fd, content, sizeof content, 0);
    json_t *counts = length > 0 ? json_loadb(content, (size_t)length, 0, NULL) : NULL;
    if (json_is_object(counts))
        return counts;
    json_decref(counts);
    return json_object();
}

static int64_t count_up(json_t *counts, const char *key) {
    int64_t count = json_integer_value(json_object_get(counts, key)) + 1;
    (void)json_object_set_new(counts, key, json_integer(count));
    return count;
}

static int write_counts(int fd, const json_t *counts) {
    _cleanup_free_ char *content = json_dumps(counts, JSON_INDENT(4));
    if (!content)
        return -ENOMEM;
    return ftruncate(fd, 0) < 0 ? negative_errno() : write_all(fd, content, strlen(content));
}

int starts_count(int home_fd, const char *process, const char *version, Starts *ret, Failure *failure) {
    _cleanup_free_ char *name = NULL;
    _cleanup_json_ json_t *counts = NULL;
    _cleanup_fd_ int fd = -1;

    name = string_format("starts-%s.json", process);
    if (!name)
        return failure_set(failure, -ENOMEM, "out of memory");
    fd = openat(home_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s: %m", name);
    counts = read_counts(fd);
    *ret = (Starts){.total = count_up(counts, "total"), .of_version = count_up(counts, version)};
    int r = write_counts(fd, counts);
    return r < 0 ? failure_set(failure, r, "cannot write %s: %s", name, strerror(-r)) : 0;
}
