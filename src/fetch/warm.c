#include "fetch/warm.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 1024 * 1024 };

int warm(const char *path, Failure *failure) {
    _cleanup_fd_ int fd = -1;
    _cleanup_free_ char *piece = NULL;
    struct stat status;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s: %m", path);
    if (fstat(fd, &status) < 0)
        return failure_set(failure, negative_errno(), "cannot examine %s: %m", path);
    if (!S_ISREG(status.st_mode))
        return failure_set(failure, -EINVAL, "%s is no regular file", path);
    piece = malloc(PIECE_BYTES);
    if (!piece)
        return failure_set(failure, -ENOMEM, "cannot read %s: out of memory", path);

    /* Advice only: the reading below is what counts. */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    for (;;) {
        ssize_t count = read(fd, piece, PIECE_BYTES);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failure_set(failure, negative_errno(), "cannot read %s: %m", path);
        if (count == 0)
            return 0;
    }
}
