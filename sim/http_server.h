/*
 * A small HTTP/1.1 server on the loop, made to misbehave on demand: it sends whatever bytes a Reply holds, at the
 * pace that it says. Connections are kept open, as the real node does.
 */
#pragma once

#include "sim/http_request.h"
#include "sim/loop.h"
#include "sim/reply.h"

typedef struct HttpServer HttpServer;

/**
 * Makes the reply to a request; @ret is empty. Returns 0; 1 when it cannot tell yet and wants to be asked again
 * soon; or -errno, which closes the connection.
 */
typedef int (*HttpHandler)(const HttpRequest *request, Reply *ret, void *userdata);

/** Serves on the listening socket @listen_fd, which is taken over. Returns 0 or -errno; then it is still the
 * caller's. */
MUST_USE int http_server_new(Loop *loop, int listen_fd, HttpHandler handler, void *userdata, HttpServer **ret);

/** Closes the listening socket and all connections. Returns NULL; NULL is fine. */
HttpServer *http_server_free(HttpServer *server);
