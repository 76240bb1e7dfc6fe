#include "proc/stream.h"

#include "base/cleanup.h"

#include <fcntl.h>

int stream_open(
    sd_event *event, Stream *stream, size_t capacity_bytes, sd_event_io_handler_t handler, void *userdata,
    int *ret_write_fd) {
    int pipe_fds[2];

    *stream = (Stream){.fd = -1, .capacity_bytes = capacity_bytes};
    stream->text = malloc(capacity_bytes + 1);
    if (!stream->text)
        return -ENOMEM;
    stream->text[0] = '\0';
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return negative_errno();
    stream->fd = pipe_fds[0];
    *ret_write_fd = pipe_fds[1];
    if (fcntl(stream->fd, F_SETFL, O_NONBLOCK) < 0) /* only our end: a child expects to block */
        return negative_errno();
    return sd_event_add_io(event, &stream->source, stream->fd, EPOLLIN, handler, userdata);
}

int stream_read(Stream *stream) {
    while (stream->fd >= 0) {
        if (stream->length == stream->capacity_bytes)
            return -EFBIG;
        ssize_t count = read(stream->fd, stream->text + stream->length, stream->capacity_bytes - stream->length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN ? 0 : 1;
        if (count == 0)
            return 1;
        stream->length += (size_t)count;
        stream->text[stream->length] = '\0';
    }
    return 1;
}

void stream_close(Stream *stream) {
    stream->source = sd_event_source_disable_unref(stream->source);
    stream->fd = close_fd(stream->fd);
}

void stream_free(Stream *stream) {
    stream_close(stream);
    free(stream->text);
    stream->text = NULL;
}
