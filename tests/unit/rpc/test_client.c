#include "rpc/client.h"

#include "tests/unit/rpc/server.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 50 };

#define READY(id)                                                                                                  \
    "{\"result\":{\"AcceptedReleaseInfo\":{\"VegaReleaseTag\":\"v0.80.0\",\"UpgradeBlockHeight\":1034000},"        \
    "\"ReadyToUpgrade\":true},\"error\":null,\"id\":" #id "}"

typedef struct Fixture {
    Server server;
    RpcClient *client;
    size_t ended;
    bool answered;
    UpgradeStatus status;
    Failure failure;
    enum { THEN_NOTHING, THEN_FREE, THEN_CANCEL, THEN_CALL, THEN_RETARGET } then;
} Fixture;

static void on_status(const UpgradeStatus *status, const Failure *failure, void *userdata) {
    Fixture *fixture = userdata;
    assert_false(rpc_client_busy(fixture->client));
    fixture->ended++;
    fixture->answered = status != NULL;
    if (fixture->then == THEN_FREE)
        fixture->client = rpc_client_free(fixture->client);
    if (fixture->then == THEN_CANCEL)
        rpc_client_cancel(fixture->client);
    if (fixture->then == THEN_CALL)
        assert_int_equal(rpc_client_call(fixture->client, LONG_MS), 0);
    if (fixture->then == THEN_RETARGET)
        assert_int_equal(rpc_client_set_target(fixture->client, "/nowhere", "/other"), 0);
    fixture->then = THEN_NOTHING;
    fixture->status = status ? *status : (UpgradeStatus){0}; /* outlives what the handler did */
    fixture->failure = failure ? *failure : (Failure){0};
    assert_int_equal(!status, *fixture->failure.message != '\0');
}

static void set_up(Fixture *fixture, const Reply *replies) {
    *fixture = (Fixture){0};
    server_prepare(&fixture->server, replies);
    server_listen_unix(&fixture->server);
    assert_int_equal(rpc_client_new(fixture->server.event, on_status, fixture, &fixture->client), 0);
    assert_int_equal(rpc_client_set_target(fixture->client, fixture->server.path, "/rpc"), 0);
}

static void tear_down(Fixture *fixture) {
    fixture->client = rpc_client_free(fixture->client);
    server_clear(&fixture->server);
}

static void call(Fixture *fixture, uint64_t timeout_ms) {
    size_t ended = fixture->ended;
    assert_int_equal(rpc_client_call(fixture->client, timeout_ms), 0);
    assert_int_equal(fixture->ended, ended);
    server_run_until(&fixture->server, &fixture->ended, ended + 1);
}

static void expect_status(Fixture *fixture) {
    call(fixture, LONG_MS);
    if (!fixture->answered)
        fail_msg("%s", fixture->failure.message);
    assert_true(fixture->status.has_release);
    assert_true(fixture->status.ready);
    assert_string_equal(fixture->status.tag, "v0.80.0");
    assert_int_equal(fixture->status.height_blocks, 1034000);
}

static void expect_failure(Fixture *fixture, uint64_t timeout_ms, const char *said) {
    call(fixture, timeout_ms);
    assert_false(fixture->answered);
    if (!strstr(fixture->failure.message, said))
        fail_msg("\"%s\" is not in \"%s\"", said, fixture->failure.message);
    (void)server_run_dry(&fixture->server);
    assert_int_equal(server_open_connections(&fixture->server), 0);
}

static void test_answers_over_one_connection(void **state) {
    static const Reply REPLIES[] = {{.json = READY(1)}, {.json = READY(2)}, {.json = READY(3)}};
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    for (int i = 0; i < 3; i++)
        expect_status(&fixture);
    assert_int_equal(fixture.server.accepted, 1);
    tear_down(&fixture);
}

static void test_request(void **state) {
    static const Reply REPLIES[] = {{.json = READY(1)}};
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    expect_status(&fixture);
    const char *request = fixture.server.last_request;
    static const char BODY[] = "{\"method\":\"protocolupgrade.UpgradeStatus\",\"params\":[null],\"id\":1}";
    char length[64];
    (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", strlen(BODY));
    assert_ptr_equal(strstr(request, "POST /rpc HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, "\r\nHost: localhost\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(request, length));
    assert_string_equal(strstr(request, "\r\n\r\n") + 4, BODY);
    tear_down(&fixture);
}

static void check_path(const char *path, const char *expected) {
    static const Reply REPLIES[] = {{.json = READY(1)}};
    Fixture fixture;
    set_up(&fixture, REPLIES);
    assert_int_equal(rpc_client_set_target(fixture.client, fixture.server.path, path), 0);
    expect_status(&fixture);
    assert_ptr_equal(strstr(fixture.server.last_request, expected), fixture.server.last_request);
    tear_down(&fixture);
}

static void test_paths(void **state) {
    (void)state;
    check_path("/", "POST / HTTP/1.1\r\n");
    check_path("", "POST / HTTP/1.1\r\n");
    check_path("rpc/v1?x=%20", "POST /rpc/v1?x=%20 HTTP/1.1\r\n");
    check_path("/a b\r\nX: \xc3\xa4#", "POST /a%20b%0D%0AX:%20%C3%A4%23 HTTP/1.1\r\n");
}

static void test_http_statuses(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n\r\n"
                  "404 page not found\n"},
        {.bytes = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"},
        {.bytes =
             "HTTP/1.1 415 X\r\nContent-Type: text/plain\r\nContent-Length: 22\r\n\r\n\r\nrpc: \x1b[0mwhat\nis that"},
        {.bytes = "HTTP/1.1 500 X\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
    };
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    expect_failure(
        &fixture, LONG_MS,
        "HTTP 404 (\"404 page not found\"): is httpPath in run-config.toml right? it is \"/rpc\"");
    expect_failure(&fixture, LONG_MS, "HTTP 404: is httpPath");
    expect_failure(&fixture, LONG_MS, "HTTP 415 (\"rpc: ?[0mwhat\")");
    expect_failure(&fixture, LONG_MS, "HTTP 500");
    expect_failure(&fixture, LONG_MS, "HTTP 204");
    tear_down(&fixture);
}

static void test_bad_answers(void **state) {
    static const Reply REPLIES[] = {
        {.json = READY(99)},
        {.json = "<html></html>"},
        {.json = "{\"result\":null,\"error\":\"not now\",\"id\":3}"},
        {.bytes = HTTP_OK(10) "{\"result\":", .end = REPLY_CLOSE},
        {.bytes = HTTP_OK(20) "{\"result\":", .end = REPLY_CLOSE},
        {.bytes = HTTP_OK(60000) "{\"result\":", .end = REPLY_TRICKLE},
        {.bytes = ""},
        {.bytes = HTTP_OK(1000000000), .end = REPLY_FLOOD},
        {.json = READY(9)},
    };
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    expect_failure(&fixture, LONG_MS, "its id is 99, 1 was asked");
    expect_failure(&fixture, LONG_MS, "\"<html></html>\"");
    expect_failure(&fixture, LONG_MS, "error: \"not now\"");
    expect_failure(&fixture, LONG_MS, "no JSON");
    expect_failure(&fixture, LONG_MS, "in the middle of the answer");
    expect_failure(&fixture, SHORT_MS, "within 50 ms");
    expect_failure(&fixture, SHORT_MS, "did not answer within 50 ms");
    expect_failure(&fixture, LONG_MS, "larger than the 65536 bytes");
    expect_status(&fixture);
    tear_down(&fixture);
}

static void test_targets(void **state) {
    static const Reply REPLIES[] = {{.bytes = ""}, {.json = READY(3)}};
    Fixture fixture;
    RpcClient *client = NULL;
    (void)state;
    set_up(&fixture, REPLIES);
    assert_int_equal(rpc_client_new(fixture.server.event, on_status, &fixture, &client), 0);
    assert_int_equal(rpc_client_call(client, LONG_MS), -EDESTADDRREQ);
    assert_null(rpc_client_free(client));
    assert_null(rpc_client_free(NULL));

    assert_int_equal(rpc_client_call(fixture.client, LONG_MS), 0);
    assert_int_equal(rpc_client_call(fixture.client, LONG_MS), -EBUSY);
    assert_true(rpc_client_busy(fixture.client));
    server_run_until(&fixture.server, &fixture.server.requests, 1);
    assert_int_equal(rpc_client_set_target(fixture.client, "/nowhere/admin.sock", "/rpc"), 0);
    assert_false(rpc_client_busy(fixture.client));
    expect_failure(&fixture, LONG_MS, "nobody listens at /nowhere/admin.sock");
    assert_int_equal(fixture.ended, 1);
    assert_int_equal(rpc_client_set_target(fixture.client, fixture.server.path, "/rpc"), 0);
    expect_status(&fixture);
    tear_down(&fixture);
}

static void test_handlers(void **state) {
    static const Reply GOOD[] = {{.json = READY(1)}, {.json = READY(2)}};
    static const Reply BAD[] = {{.json = READY(99)}, {.json = READY(2)}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int then = THEN_FREE; then <= THEN_RETARGET; then++) {
            Fixture fixture;
            set_up(&fixture, i == 0 ? GOOD : BAD);
            fixture.then = (typeof(fixture.then))then;
            assert_int_equal(rpc_client_call(fixture.client, LONG_MS), 0);
            server_run_until(&fixture.server, &fixture.ended, then == THEN_CALL ? 2 : 1);
            assert_int_equal(fixture.answered, then == THEN_CALL || i == 0);
            tear_down(&fixture);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_over_one_connection),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_http_statuses),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
