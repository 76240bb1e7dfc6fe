#include "sim/reply.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <string.h>

void reply_free(Reply *reply) {
    free(reply->bytes);
    if (reply->has_file)
        (void)close_fd(reply->file_fd);
    *reply = (Reply){0};
}

int reply_plain(Reply *ret, const char *status, const char *type, const char *body) {
    char *bytes = string_format(
        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status, type, strlen(body), body);
    if (!bytes)
        return -ENOMEM;
    *ret = (Reply){.bytes = bytes, .length = strlen(bytes)};
    return 0;
}
