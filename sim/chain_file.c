#include "sim/chain_file.h"

#include "base/cleanup.h"
#include "base/json.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 80 }; /* always so many: a shorter height leaves nothing of a longer one behind */

static void read_chain(int fd, Chain *chain) {
    _cleanup_json_ json_t *content = NULL;
    char line[LINE_BYTES];
    ssize_t length = pread(fd, line, sizeof line, 0);

    if (length <= 0)
        return;
    content = json_loadb(line, (size_t)length, 0, NULL);
    const json_t *height = json_object_get(content, "height");
    const json_t *jump = json_object_get(content, "jump");
    if (!json_is_integer(height) || !json_is_integer(jump))
        return;
    chain->height = json_integer_value(height);
    chain->jump = json_integer_value(jump);
}

int chain_file_open(ChainFile *file, int home_fd, Chain *chain, Failure *failure) {
    int fd = openat(home_fd, "chain.json", O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return failure_set(failure, negative_errno(), "cannot open chain.json: %m");
    read_chain(fd, chain);
    file->fd = fd;
    return 0;
}

void chain_file_write(const ChainFile *file, const Chain *chain) {
    char object[LINE_BYTES];
    char line[LINE_BYTES + 1];

    if (file->fd < 0)
        return;
    (void)snprintf(
        object, sizeof object, "{\"height\":%" PRId64 ",\"jump\":%" PRId64 "}", chain->height, chain->jump);
    (void)snprintf(line, sizeof line, "%-*s\n", LINE_BYTES - 1, object);
    (void)!pwrite(file->fd, line, LINE_BYTES, 0);
}

void chain_file_close(ChainFile *file) {
    file->fd = close_fd(file->fd);
}
