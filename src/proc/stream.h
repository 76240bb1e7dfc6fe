/* What a child prints, collected from a pipe into a buffer of fixed size. */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <systemd/sd-event.h>

typedef struct Stream {
    int fd; /* the read end, non-blocking; -1 = closed */
    sd_event_source *source;
    char *text; /* NUL-terminated after each read */
    size_t length;
    size_t capacity_bytes;
} Stream;

/**
 * Opens a pipe that is read into a buffer of @capacity_bytes; @handler is called from @event when there is
 * something to read. @stream is freed by the caller (stream_free), whatever is returned.
 *
 * @ret_write_fd, for the child, is owned by the caller. Returns 0 or -errno.
 */
MUST_USE int stream_open(
    sd_event *event, Stream *stream, size_t capacity_bytes, sd_event_io_handler_t handler, void *userdata,
    int *ret_write_fd);

/** Reads what is there, without blocking. Returns 0; 1 at the end of the stream; -EFBIG when the buffer is full. */
MUST_USE int stream_read(Stream *stream);

/** Stops reading; the text stays. */
void stream_close(Stream *stream);

/** Stops reading and frees the text; a stream that was never opened is fine if its fd is -1. */
void stream_free(Stream *stream);
