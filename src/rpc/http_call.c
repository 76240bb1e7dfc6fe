#include "rpc/http_call.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    READ_BYTES = 16 * 1024,   /* a callback, so that other events get their turn */
    DEADLINE_ACCURACY_MS = 1, /* of a timer that mostly never fires: it costs no wakeup */
};

struct HttpCall {
    sd_event *event;
    HttpCallHandler handler;
    void *userdata;

    int fd;              /* -1: not connected */
    sd_event_source *io; /* of fd; off between exchanges */
    bool used;           /* the connection has carried an exchange before this one */

    bool busy;
    sd_event_source *deadline; /* armed while busy */
    uint64_t timeout_ms;
    const HttpTarget *target;
    char *request;
    size_t request_bytes;
    size_t sent_bytes;
    HttpResponse response;
    bool failed; /* before the event loop had its turn; the deadline is now, and this is why: */
    Failure failure;
};

static void close_connection(HttpCall *call) {
    call->io = sd_event_source_disable_unref(call->io);
    call->fd = close_fd(call->fd);
    call->used = false;
}

/* Ends the exchange, whatever comes of it; nothing of it is left. */
static void end(HttpCall *call) {
    call->busy = false;
    call->failed = false;
    call->target = NULL;
    free(TAKE_PTR(call->request));
    http_response_clear(&call->response);
    if (call->io && sd_event_source_set_enabled(call->io, SD_EVENT_OFF) < 0)
        close_connection(call);
    if (call->deadline)
        (void)sd_event_source_set_enabled(call->deadline, SD_EVENT_OFF);
}

static void end_with_failure(HttpCall *call, const Failure *failure) {
    close_connection(call);
    end(call);
    call->handler(NULL, failure, call->userdata); /* `call` may be gone */
}

static void end_with_response(HttpCall *call, bool nothing_follows) {
    HttpResponse response = call->response;
    http_response_init(&call->response, response.body_limit_bytes);
    call->used = true;
    if (!response.keep_alive || !nothing_follows || call->sent_bytes < call->request_bytes)
        close_connection(call);
    end(call);
    call->handler(&response, NULL, call->userdata); /* `call` may be gone */
    http_response_clear(&response);
}

/* --- the connection --- */

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *userdata);

static int open_connection(HttpCall *call, Failure *failure) {
    int r = http_connect(call->target, &call->fd, failure);
    if (r < 0)
        return r;
    r = sd_event_add_io(call->event, &call->io, call->fd, EPOLLIN, on_ready, call);
    if (r < 0)
        return failure_set(failure, r, "cannot watch %s: %s", call->target->name, strerror(-r));
    return 0;
}

static int watch(HttpCall *call, uint32_t events, Failure *failure) {
    int r = sd_event_source_set_io_events(call->io, events);
    if (r >= 0)
        r = sd_event_source_set_enabled(call->io, SD_EVENT_ON);
    if (r < 0)
        return failure_set(failure, r, "cannot watch %s: %s", call->target->name, strerror(-r));
    return 0;
}

/* Not closed by the server, and nothing came that nobody asked for. */
static bool is_quiet(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

/* --- the exchange --- */

/* Sends what the socket takes. A server that is gone may have answered before: reading decides. */
static int send_request(HttpCall *call, Failure *failure) {
    while (call->sent_bytes < call->request_bytes) {
        ssize_t count = send(
            call->fd, call->request + call->sent_bytes, call->request_bytes - call->sent_bytes,
            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0)
            call->sent_bytes += (size_t)count;
        else if (errno == EAGAIN)
            return watch(call, EPOLLOUT, failure);
        else if (errno == EPIPE || errno == ECONNRESET)
            break;
        else if (errno != EINTR)
            return http_connect_failure(call->target, negative_errno(), failure);
    }
    return watch(call, EPOLLIN, failure);
}

/* Begins over a new connection. */
static int start_afresh(HttpCall *call, Failure *failure) {
    close_connection(call);
    http_response_clear(&call->response);
    call->sent_bytes = 0;
    int r = open_connection(call, failure);
    return r < 0 ? r : send_request(call, failure);
}

static int start(HttpCall *call, Failure *failure) {
    if (call->fd < 0 || !is_quiet(call->fd))
        return start_afresh(call, failure);
    call->sent_bytes = 0;
    return send_request(call, failure);
}

/* The server closed. Returns 0 when it is asked again, 1 when that made the answer complete, or a failure. */
static int handle_close(HttpCall *call, Failure *failure) {
    if (call->used && !call->response.started)
        return start_afresh(call, failure);
    int r = http_response_end(&call->response, failure);
    return r < 0 ? failure_prefix(failure, r, "%s", call->target->name) : r;
}

/* Returns 0 when more must come, 1 when the answer is complete, or a failure. */
static int receive(HttpCall *call, bool *ret_nothing_follows, Failure *failure) {
    char bytes[READ_BYTES];
    size_t used;
    ssize_t count = recv(call->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (count == 0 || (count < 0 && (errno == ECONNRESET || errno == EPIPE)))
        return handle_close(call, failure);
    if (count < 0)
        return http_connect_failure(call->target, negative_errno(), failure);

    int r = http_response_feed(&call->response, bytes, (size_t)count, &used, failure);
    *ret_nothing_follows = used == (size_t)count;
    return r;
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    HttpCall *call = userdata;
    bool nothing_follows = true;
    Failure failure;
    (void)source;
    (void)fd;

    int r = events & EPOLLOUT ? send_request(call, &failure) : receive(call, &nothing_follows, &failure);
    if (r < 0)
        end_with_failure(call, &failure);
    else if (r > 0)
        end_with_response(call, nothing_follows);
    return 0;
}

/* --- the deadline --- */

static void describe_timeout(const HttpCall *call, Failure *failure) {
    (void)failure_set(
        failure, -ETIMEDOUT,
        call->response.started ? "%s did not end its answer within %llu ms" : "%s did not answer within %llu ms",
        call->target->name, (unsigned long long)call->timeout_ms);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
    HttpCall *call = userdata;
    Failure failure;
    (void)source;
    (void)usec;

    if (call->failed)
        failure = call->failure;
    else
        describe_timeout(call, &failure);
    end_with_failure(call, &failure);
    return 0;
}

static int arm_deadline(HttpCall *call, uint64_t timeout_ms) {
    uint64_t timeout_usec = timeout_ms < USEC_NEVER / USEC_PER_MSEC ? timeout_ms * USEC_PER_MSEC : USEC_NEVER;
    int r = sd_event_source_set_time(call->deadline, usec_add(clock_monotonic_usec(), timeout_usec));
    return r < 0 ? r : sd_event_source_set_enabled(call->deadline, SD_EVENT_ONESHOT);
}

/* --- public --- */

static void cleanup_http_call(HttpCall **call) {
    (void)http_call_free(*call);
}

int http_call_new(
    sd_event *event, size_t body_limit_bytes, HttpCallHandler handler, void *userdata, HttpCall **ret) {
    _cleanup_(cleanup_http_call) HttpCall *call = NULL;

    call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->event = sd_event_ref(event);
    call->handler = handler;
    call->userdata = userdata;
    call->fd = -1;
    http_response_init(&call->response, body_limit_bytes);

    int r = sd_event_add_time(
        event, &call->deadline, CLOCK_MONOTONIC, USEC_NEVER, DEADLINE_ACCURACY_MS * USEC_PER_MSEC, on_deadline,
        call);
    if (r >= 0)
        r = sd_event_source_set_enabled(call->deadline, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(call);
    return 0;
}

HttpCall *http_call_free(HttpCall *call) {
    if (!call)
        return NULL;
    http_call_cancel(call);
    (void)sd_event_source_disable_unref(call->deadline);
    (void)sd_event_unref(call->event);
    free(call);
    return NULL;
}

int http_call_begin(HttpCall *call, const HttpTarget *target, const char *request, uint64_t timeout_ms) {
    if (call->busy)
        return -EBUSY;
    call->request = strdup(request);
    if (!call->request)
        return -ENOMEM;
    call->request_bytes = strlen(request);
    call->target = target;
    call->timeout_ms = timeout_ms;
    call->busy = true;

    call->failed = start(call, &call->failure) < 0;
    if (call->failed)
        close_connection(call); /* or it would be heard before the deadline */
    int r = arm_deadline(call, call->failed ? 0 : timeout_ms);
    if (r < 0)
        http_call_cancel(call);
    return r;
}

int http_call_begin_failed(HttpCall *call, const Failure *failure) {
    if (call->busy)
        return -EBUSY;
    call->failure = *failure;
    call->busy = call->failed = true;
    int r = arm_deadline(call, 0);
    if (r < 0)
        http_call_cancel(call);
    return r;
}

bool http_call_busy(const HttpCall *call) {
    return call->busy;
}

void http_call_cancel(HttpCall *call) {
    close_connection(call);
    end(call);
}
