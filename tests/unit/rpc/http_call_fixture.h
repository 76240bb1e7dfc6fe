/* One HttpCall and one server, in one event loop. */
#pragma once

#include "rpc/http_call.h"
#include "tests/unit/rpc/server.h"

enum { BODY_LIMIT_BYTES = 64 * 1024, LONG_MS = 60 * 1000, SHORT_MS = 50 };

#define REQUEST "GET / HTTP/1.1\r\n\r\n"

typedef enum Then { THEN_NOTHING, THEN_FREE, THEN_CANCEL, THEN_CALL } Then;

/* What an exchange came to, and what the handler does then. */
typedef struct Fixture {
    Server server;
    HttpTarget target;
    HttpCall *call;
    size_t ended;
    unsigned status; /* 0: it failed */
    char body[128];
    Failure failure;
    Then then;
} Fixture;

static inline void on_end(const HttpResponse *response, const Failure *failure, void *userdata) {
    Fixture *fixture = userdata;
    assert_false(http_call_busy(fixture->call));
    fixture->ended++;
    fixture->status = response ? response->status : 0;
    fixture->failure = failure ? *failure : (Failure){0};
    assert_int_equal(!response, *fixture->failure.message != '\0');
    if (fixture->then == THEN_FREE)
        fixture->call = http_call_free(fixture->call);
    if (fixture->then == THEN_CANCEL)
        http_call_cancel(fixture->call);
    if (fixture->then == THEN_CALL) {
        fixture->then = THEN_NOTHING;
        assert_int_equal(http_call_begin(fixture->call, &fixture->target, REQUEST, LONG_MS), 0);
    }
    /* Both arguments outlive what the handler did. */
    if (response)
        (void)snprintf(fixture->body, sizeof fixture->body, "%.100s", http_response_body(response));
    if (failure)
        assert_string_equal(failure->message, fixture->failure.message);
}

static inline void set_up(Fixture *fixture, const Reply *replies) {
    *fixture = (Fixture){0};
    server_prepare(&fixture->server, replies);
    fixture->target = (HttpTarget){.name = fixture->server.path, .socket_path = fixture->server.path};
    assert_int_equal(http_call_new(fixture->server.event, BODY_LIMIT_BYTES, on_end, fixture, &fixture->call), 0);
}

static inline void set_up_listening(Fixture *fixture, const Reply *replies) {
    set_up(fixture, replies);
    server_listen_unix(&fixture->server);
}

static inline void tear_down(Fixture *fixture) {
    fixture->call = http_call_free(fixture->call);
    server_clear(&fixture->server);
}

static inline void begin(Fixture *fixture, uint64_t timeout_ms) {
    size_t ended = fixture->ended;
    assert_int_equal(http_call_begin(fixture->call, &fixture->target, REQUEST, timeout_ms), 0);
    assert_true(http_call_busy(fixture->call));
    assert_int_equal(fixture->ended, ended);
}

static inline void exchange(Fixture *fixture, uint64_t timeout_ms) {
    begin(fixture, timeout_ms);
    server_run_until(&fixture->server, &fixture->ended, fixture->ended + 1);
}

static inline void expect_failure(Fixture *fixture, uint64_t timeout_ms, const char *said) {
    exchange(fixture, timeout_ms);
    assert_int_equal(fixture->status, 0);
    if (!strstr(fixture->failure.message, said))
        fail_msg("\"%s\" is not in \"%s\"", said, fixture->failure.message);
    /* After a failure the connection is closed. */
    (void)server_run_dry(&fixture->server);
    assert_int_equal(server_open_connections(&fixture->server), 0);
}
