/*
 * A small HTTP server in the event loop of the test: it answers the n-th request with the n-th reply of a list and
 * counts what it sees. One test, one server.
 */
#pragma once

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-event.h>

enum { SERVER_CONNECTIONS_MAX = 16, SERVER_REPLY_BYTES = 4096, SERVER_WAIT_SECONDS = 60 };

typedef enum ReplyEnd {
    REPLY_KEEP,    /* the connection stays open */
    REPLY_CLOSE,   /* the connection is closed behind the bytes */
    REPLY_TRICKLE, /* a byte a millisecond, and blanks for ever behind them */
    REPLY_FLOOD,   /* "x" for ever behind the bytes */
} ReplyEnd;

typedef struct Reply {
    const char *bytes;
    ReplyEnd end;
    const char *json; /* instead of bytes: the body of a good answer */
} Reply;

typedef struct Server Server;

typedef struct Connection {
    Server *server;
    int fd;
    sd_event_source *io;
    sd_event_source *timer;
    char request[SERVER_REPLY_BYTES];
    size_t request_bytes;
    const Reply *reply;
    size_t sent_bytes;
} Connection;

struct Server {
    sd_event *event;
    int fd;
    sd_event_source *io;
    const Reply *replies;
    Connection connections[SERVER_CONNECTIONS_MAX];
    size_t accepted;
    size_t requests;
    size_t sent_bytes;
    char last_request[SERVER_REPLY_BYTES];
    char folder[64];
    char path[512];
    char url[128];
};

#define HTTP_OK(length) "HTTP/1.1 200 OK\r\nContent-Length: " #length "\r\n\r\n"

static inline void connection_close(Connection *connection) {
    connection->io = sd_event_source_disable_unref(connection->io);
    connection->timer = sd_event_source_disable_unref(connection->timer);
    connection->fd = close_fd(connection->fd);
}

static inline void server_close_connections(Server *server) {
    for (size_t i = 0; i < server->accepted; i++)
        connection_close(&server->connections[i]);
}

static inline size_t server_open_connections(const Server *server) {
    size_t open = 0;
    for (size_t i = 0; i < server->accepted; i++)
        open += server->connections[i].fd >= 0;
    return open;
}

static inline int connection_trickle(sd_event_source *source, uint64_t usec, void *userdata) {
    Connection *connection = userdata;
    size_t length = strlen(connection->reply->bytes);
    const char *byte = connection->sent_bytes < length ? connection->reply->bytes + connection->sent_bytes : " ";
    if (send(connection->fd, byte, 1, MSG_NOSIGNAL) == 1)
        connection->sent_bytes++;
    assert_true(sd_event_source_set_time(source, usec + USEC_PER_MSEC) >= 0);
    assert_true(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0);
    return 0;
}

static inline void connection_flood(Connection *connection) {
    char bytes[16 * 1024];
    (void)memset(bytes, 'x', sizeof bytes);
    ssize_t count = send(connection->fd, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN)
        connection_close(connection);
    else if (count > 0)
        connection->server->sent_bytes += (size_t)count;
}

static inline void connection_reply(Connection *connection) {
    Server *server = connection->server;
    const Reply *reply = &server->replies[server->requests++];
    connection->reply = reply;
    if (reply->end == REPLY_TRICKLE) {
        assert_true(
            sd_event_add_time(
                server->event, &connection->timer, CLOCK_MONOTONIC, 0, 1, connection_trickle, connection) >= 0);
        return;
    }
    char answer[SERVER_REPLY_BYTES];
    const char *bytes = reply->bytes;
    if (reply->json) {
        int length = snprintf(
            answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(reply->json),
            reply->json);
        assert_in_range(length, 1, sizeof answer - 1);
        bytes = answer;
    }
    if (*bytes)
        (void)send(connection->fd, bytes, strlen(bytes), MSG_NOSIGNAL);
    if (reply->end == REPLY_CLOSE)
        connection_close(connection);
    if (reply->end == REPLY_FLOOD)
        assert_true(sd_event_source_set_io_events(connection->io, EPOLLOUT) >= 0);
}

/* Is the request whole? Its body is counted. */
static inline bool connection_has_request(const Connection *connection) {
    const char *body = strstr(connection->request, "\r\n\r\n");
    const char *length = strstr(connection->request, "Content-Length: ");
    size_t body_bytes = length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;
    return body && strlen(body + 4) >= body_bytes;
}

static inline int connection_on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Connection *connection = userdata;
    size_t room = sizeof connection->request - 1 - connection->request_bytes;
    (void)source;
    if (events & EPOLLOUT) {
        connection_flood(connection);
        return 0;
    }
    ssize_t count = recv(fd, connection->request + connection->request_bytes, room, MSG_DONTWAIT);
    if (count <= 0) {
        connection_close(connection);
        return 0;
    }
    connection->request_bytes += (size_t)count;
    connection->request[connection->request_bytes] = '\0';
    if (connection_has_request(connection)) {
        memcpy(connection->server->last_request, connection->request, connection->request_bytes + 1);
        connection->request_bytes = 0;
        connection_reply(connection);
    }
    return 0;
}

static inline int server_on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Server *server = userdata;
    (void)source;
    (void)events;
    assert_true(server->accepted < SERVER_CONNECTIONS_MAX);
    Connection *connection = &server->connections[server->accepted++];
    *connection = (Connection){.server = server};
    connection->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(connection->fd >= 0);
    assert_true(
        sd_event_add_io(server->event, &connection->io, connection->fd, EPOLLIN, connection_on_io, connection) >=
        0);
    return 0;
}

static inline void server_listen(Server *server, const struct sockaddr *address, socklen_t address_bytes) {
    server->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(server->fd >= 0);
    assert_return_code(bind(server->fd, address, address_bytes), errno);
    assert_return_code(listen(server->fd, 16), errno);
    assert_true(
        sd_event_add_io(server->event, &server->io, server->fd, EPOLLIN, server_on_connection, server) >= 0);
}

/* An event loop, a folder for sockets, a path for one; nobody listens yet. */
static inline void server_prepare(Server *server, const Reply *replies) {
    *server = (Server){.fd = -1, .replies = replies, .folder = "/tmp/visor-rpc-XXXXXX"};
    assert_true(sd_event_new(&server->event) >= 0);
    assert_non_null(mkdtemp(server->folder));
    (void)snprintf(server->path, sizeof server->path, "%s/admin.sock", server->folder);
}

static inline void server_listen_unix(Server *server) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(server->path) < sizeof address.sun_path);
    memcpy(address.sun_path, server->path, strlen(server->path) + 1);
    server_listen(server, (const struct sockaddr *)&address, sizeof address);
}

static inline void server_listen_tcp(Server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_bytes = sizeof address;
    server_listen(server, (const struct sockaddr *)&address, sizeof address);
    assert_return_code(getsockname(server->fd, (struct sockaddr *)&address, &address_bytes), errno);
    (void)snprintf(
        server->url, sizeof server->url, "http://127.0.0.1:%u/statistics", (unsigned)ntohs(address.sin_port));
}

static inline void server_stop(Server *server) {
    server_close_connections(server);
    server->io = sd_event_source_disable_unref(server->io);
    server->fd = close_fd(server->fd);
}

static inline void server_clear(Server *server) {
    server_stop(server);
    (void)unlink(server->path);
    assert_return_code(rmdir(server->folder), errno);
    server->event = sd_event_unref(server->event);
}

/* Turns the loop until @counter is @value: the test waits for events, never for a time. */
static inline void server_run_until(Server *server, const size_t *counter, size_t value) {
    uint64_t end_usec = clock_monotonic_usec() + SERVER_WAIT_SECONDS * USEC_PER_SEC;
    while (*counter != value) {
        assert_true(clock_monotonic_usec() < end_usec);
        assert_true(sd_event_run(server->event, USEC_PER_SEC) >= 0);
    }
}

/* Turns the loop until nothing is pending any more. Returns how many events there were. */
static inline size_t server_run_dry(Server *server) {
    size_t events = 0;
    while (sd_event_run(server->event, 0) > 0)
        events++;
    return events;
}
