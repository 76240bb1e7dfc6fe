#include "sim/http_server.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

enum {
    INPUT_LIMIT_BYTES = 2 * 1024 * 1024,
    PIECES_A_TURN = 16, /* sends before the loop may look at something else */
    FILE_PIECE_BYTES = 256 * 1024,
    ASK_AGAIN_USEC = 2000, /* a handler that cannot tell yet */
};

typedef struct Connection Connection;

struct HttpServer {
    Loop *loop;
    int listen_fd;
    Source *source;
    HttpHandler handler;
    void *userdata;
    Connection *connections;
};

struct Connection {
    HttpServer *server;
    Connection *next;
    Connection **previous_next; /* what points to us in the list */
    int fd;
    Source *source;
    Timer *pause; /* until the next bytes may go out, or the handler is asked again; NULL if there never was one */
    char *input;
    size_t input_length;
    bool replies; /* `reply` is being sent, or hangs */
    bool keep_alive;
    Reply reply;
    uint64_t sent_bytes;
};

static uint64_t reply_bytes(const Reply *reply) {
    uint64_t bytes;
    return __builtin_add_overflow(
               (uint64_t)reply->length, reply->has_file ? reply->file_bytes : reply->filling_bytes, &bytes)
               ? REPLY_ENDLESS
               : bytes;
}

/* The one place where a reply is given up: finished or not. */
static void end_reply(Connection *connection) {
    const Reply *reply = &connection->reply;
    if (reply->ended)
        reply->ended(connection->sent_bytes, connection->sent_bytes == reply_bytes(reply), reply->userdata);
    reply_free(&connection->reply);
    connection->sent_bytes = 0;
    connection->replies = false;
}

static void connection_free(Connection *connection) {
    if (connection->next)
        connection->next->previous_next = connection->previous_next;
    *connection->previous_next = connection->next;
    (void)timer_free(connection->pause);
    (void)source_free(connection->source);
    (void)close_fd(connection->fd);
    end_reply(connection);
    free(connection->input);
    free(connection);
}

/* -- sending --------------------------------------------------------------------------------------------------- */

static int handle_input(Connection *connection);

/* The next bytes to send, at most so many as are at hand in one piece. */
static size_t next_bytes(const Connection *connection, const char **ret) {
    const Reply *reply = &connection->reply;
    if (connection->sent_bytes < reply->length) {
        *ret = reply->bytes + connection->sent_bytes;
        return reply->length - (size_t)connection->sent_bytes;
    }
    uint64_t filled = connection->sent_bytes - reply->length;
    size_t unit = strlen(reply->filling);
    size_t offset = (size_t)(filled % unit);
    uint64_t left = reply->filling_bytes - filled;
    *ret = reply->filling + offset;
    return left < unit - offset ? (size_t)left : unit - offset;
}

static void on_pause_over(void *userdata) {
    Connection *connection = userdata;
    int r = connection->replies ? source_set_events(connection->source, EPOLLOUT) : handle_input(connection);
    if (r < 0)
        connection_free(connection);
}

/* While it rests only the peer's farewell is of interest: input that is there already would wake us for ever. */
static int rest(Connection *connection, uint64_t usec) {
    if (usec != USEC_NEVER && !connection->pause) {
        int r = timer_new(connection->server->loop, on_pause_over, connection, &connection->pause);
        if (r < 0)
            return r;
    }
    if (connection->pause)
        timer_set(connection->pause, usec_add(clock_monotonic_usec(), usec));
    return source_set_events(connection->source, EPOLLRDHUP);
}

/* Both send a piece and return its length, 0 when *@ret_pause_usec has to pass before; -1 with errno. */

static ssize_t send_bytes(const Connection *connection, uint64_t *ret_pause_usec) {
    const Reply *reply = &connection->reply;
    const char *bytes;
    size_t length = next_bytes(connection, &bytes);
    bool slow = reply->byte_pause_usec > 0;
    int more = !slow && reply->has_file && reply->file_bytes > 0 ? MSG_MORE : 0; /* head and file in one segment */
    *ret_pause_usec = reply->byte_pause_usec;
    return send(connection->fd, bytes, slow ? 1 : length, MSG_NOSIGNAL | MSG_DONTWAIT | more);
}

/* SIGPIPE has to be ignored: sendfile has no flag for it. */
static ssize_t send_file(const Connection *connection, uint64_t *ret_pause_usec) {
    const Reply *reply = &connection->reply;
    uint64_t done_bytes = connection->sent_bytes - reply->length;
    uint64_t left_bytes = reply->file_bytes - done_bytes;
    uint64_t allowed_bytes = left_bytes < FILE_PIECE_BYTES ? left_bytes : FILE_PIECE_BYTES;
    off_t offset = (off_t)(reply->file_offset_bytes + done_bytes);

    allowed_bytes = throttle_take(reply->throttle, allowed_bytes, clock_monotonic_usec(), ret_pause_usec);
    if (allowed_bytes == 0)
        return 0;
    ssize_t count = sendfile(connection->fd, reply->file_fd, &offset, (size_t)allowed_bytes);
    throttle_give_back(reply->throttle, allowed_bytes - (count > 0 ? (uint64_t)count : 0));
    if (count == 0) {
        errno = ENODATA; /* the file has become shorter */
        return -1;
    }
    return count;
}

/* Returns 1 when all of the reply is sent, 0 when there is more to come, -errno when the peer is gone. */
static int send_some(Connection *connection) {
    const Reply *reply = &connection->reply;
    /* A reply of gigabytes must not keep the loop from the node's signals and timers. */
    for (int pieces = 0; connection->sent_bytes < reply_bytes(reply); pieces++) {
        uint64_t pause_usec = 0;
        if (pieces == PIECES_A_TURN)
            return source_set_events(connection->source, EPOLLOUT);
        ssize_t count = reply->has_file && connection->sent_bytes >= reply->length
                            ? send_file(connection, &pause_usec)
                            : send_bytes(connection, &pause_usec);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return source_set_events(connection->source, EPOLLOUT);
        if (count < 0)
            return negative_errno();
        connection->sent_bytes += (uint64_t)count;
        if (pause_usec > 0)
            return rest(connection, pause_usec);
    }
    if (reply->end == REPLY_HANG)
        return rest(connection, USEC_NEVER);
    return 1;
}

/* Returns 1 when the connection is ready for the next request, otherwise as send_some; -ECONNRESET closes it. */
static int go_on_sending(Connection *connection) {
    uint64_t delay_usec = connection->reply.delay_usec;
    connection->reply.delay_usec = 0;
    int r = delay_usec > 0 ? rest(connection, delay_usec) : send_some(connection);
    if (r <= 0)
        return r;
    bool keep = connection->reply.end == REPLY_KEEP && connection->keep_alive;
    end_reply(connection);
    return keep ? 1 : -ECONNRESET;
}

/* -- receiving ------------------------------------------------------------------------------------------------- */

/* Returns 1 when bytes arrived, 0 when there are none now, -errno when the peer is gone. */
static int receive_some(Connection *connection) {
    char bytes[16 * 1024];
    ssize_t count = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : negative_errno();
    size_t length = connection->input_length + (size_t)count;
    if (count == 0 || length > INPUT_LIMIT_BYTES)
        return -ECONNRESET;
    char *input = realloc(connection->input, length);
    if (!input)
        return -ENOMEM;
    memcpy(input + connection->input_length, bytes, (size_t)count);
    connection->input = input;
    connection->input_length = length;
    return 1;
}

/* Makes the replies to what has arrived. Returns 0, or -errno to close the connection. */
static int handle_input(Connection *connection) {
    const HttpServer *server = connection->server;
    int r = 1;

    while (r > 0 && !connection->replies) {
        HttpRequest request;
        r = http_request_parse(connection->input, connection->input_length, &request);
        if (r <= 0)
            return r < 0 ? r : source_set_events(connection->source, EPOLLIN);
        r = server->handler(&request, &connection->reply, server->userdata);
        if (r > 0)
            return rest(connection, ASK_AGAIN_USEC);
        connection->keep_alive = request.keep_alive;
        connection->replies = true;
        connection->input_length -= request.length;
        memmove(connection->input, connection->input + request.length, connection->input_length);
        if (r >= 0)
            r = go_on_sending(connection);
    }
    return r;
}

static void on_connection(uint32_t events, void *userdata) {
    Connection *connection = userdata;
    int r;

    if (!connection->replies) {
        r = receive_some(connection);
        if (r > 0)
            r = handle_input(connection);
    } else if (events & EPOLLOUT) {
        r = go_on_sending(connection);
        if (r > 0)
            r = handle_input(connection);
    } else {
        r = -ECONNRESET; /* it rests, and the peer is gone */
    }
    if (r < 0)
        connection_free(connection);
}

/* -- the server ------------------------------------------------------------------------------------------------ */

static void on_listener(uint32_t events, void *userdata) {
    HttpServer *server = userdata;
    (void)events;
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    Connection *connection = fd < 0 ? NULL : calloc(1, sizeof *connection);
    if (!connection) {
        (void)close_fd(fd);
        return;
    }
    connection->server = server;
    connection->fd = fd;
    connection->next = server->connections;
    connection->previous_next = &server->connections;
    if (connection->next)
        connection->next->previous_next = &connection->next;
    server->connections = connection;
    if (source_new(server->loop, fd, EPOLLIN, on_connection, connection, &connection->source) < 0)
        connection_free(connection);
}

int http_server_new(Loop *loop, int listen_fd, HttpHandler handler, void *userdata, HttpServer **ret) {
    HttpServer *server = calloc(1, sizeof *server);
    if (!server)
        return -ENOMEM;
    *server = (HttpServer){.loop = loop, .listen_fd = listen_fd, .handler = handler, .userdata = userdata};
    int r = source_new(loop, listen_fd, EPOLLIN, on_listener, server, &server->source);
    if (r < 0)
        free(server);
    else
        *ret = server;
    return r;
}

HttpServer *http_server_free(HttpServer *server) {
    if (!server)
        return NULL;
    while (server->connections)
        connection_free(server->connections);
    (void)source_free(server->source);
    (void)close_fd(server->listen_fd);
    free(server);
    return NULL;
}
