#include "sim/claim.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static pid_t read_holder(int fd) {
    char text[16] = "";
    (void)!pread(fd, text, sizeof text - 1, 0);
    return (pid_t)strtol(text, NULL, 10);
}

static int write_holder(int fd) {
    char text[16];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return negative_errno();
    return 0;
}

int claim_home(int home_fd, const char *process, int *ret_fd, pid_t *ret_holder, Failure *failure) {
    _cleanup_free_ char *name = NULL;
    _cleanup_fd_ int fd = -1;

    name = string_format("vega-sim-%s.lock", process);
    if (!name)
        return failure_set(failure, -ENOMEM, "out of memory");
    fd = openat(home_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open %s: %m", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return failure_set(failure, negative_errno(), "cannot lock %s: %m", name);
        *ret_holder = read_holder(fd);
        return 1;
    }
    if (write_holder(fd) < 0)
        return failure_set(failure, negative_errno(), "cannot write %s: %m", name);
    *ret_fd = TAKE_FD(fd);
    return 0;
}
