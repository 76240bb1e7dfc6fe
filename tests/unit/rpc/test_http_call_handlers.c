/* What the owner and its handler do: cancel, free, call again; and what a large request does. */
#include "tests/unit/rpc/http_call_fixture.h"

static void test_busy_and_cancel(void **state) {
    static const Reply REPLIES[] = {{.bytes = ""}, {.bytes = HTTP_OK(1) "a"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    begin(&fixture, LONG_MS);
    assert_int_equal(http_call_begin(fixture.call, &fixture.target, REQUEST, LONG_MS), -EBUSY);
    assert_int_equal(http_call_begin_failed(fixture.call, &fixture.failure), -EBUSY);
    server_run_until(&fixture.server, &fixture.server.requests, 1);
    http_call_cancel(fixture.call);
    assert_false(http_call_busy(fixture.call));
    (void)server_run_dry(&fixture.server);
    assert_int_equal(fixture.ended, 0);
    assert_int_equal(server_open_connections(&fixture.server), 0);
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "a");
    tear_down(&fixture);
}

static void test_cancel_of_failed(void **state) {
    Fixture fixture;
    (void)state;
    set_up(&fixture, NULL);
    begin(&fixture, LONG_MS); /* nobody listens, which is not told yet */
    http_call_cancel(fixture.call);
    assert_int_equal(server_run_dry(&fixture.server), 0);
    assert_int_equal(fixture.ended, 0);
    tear_down(&fixture);
}

static void test_begin_failed(void **state) {
    Failure failure = {.message = "wrong from the beginning"};
    Fixture fixture;
    (void)state;
    set_up(&fixture, NULL);
    assert_int_equal(http_call_begin_failed(fixture.call, &failure), 0);
    assert_int_equal(fixture.ended, 0);
    server_run_until(&fixture.server, &fixture.ended, 1);
    assert_string_equal(fixture.failure.message, failure.message);
    tear_down(&fixture);
}

static void check_handler(Then then, uint64_t timeout_ms, const Reply *replies, bool listening) {
    Fixture fixture;
    set_up(&fixture, replies);
    if (listening)
        server_listen_unix(&fixture.server);
    fixture.then = then;
    begin(&fixture, timeout_ms);
    server_run_until(&fixture.server, &fixture.ended, then == THEN_CALL ? 2 : 1);
    (void)server_run_dry(&fixture.server);
    tear_down(&fixture);
}

static void test_handlers(void **state) {
    static const Reply GOOD[] = {{.bytes = HTTP_OK(1) "a"}, {.bytes = HTTP_OK(1) "b"}};
    static const Reply BAD[] = {{.bytes = "nonsense\r\n"}, {.bytes = HTTP_OK(1) "b"}};
    static const Reply HANG[] = {{.bytes = ""}, {.bytes = HTTP_OK(1) "b"}};
    (void)state;
    for (Then then = THEN_NOTHING; then <= THEN_CALL; then++) {
        check_handler(then, LONG_MS, GOOD, true);
        check_handler(then, LONG_MS, BAD, true);
        check_handler(then, SHORT_MS, HANG, true);
        check_handler(then, LONG_MS, NULL, false);
    }
}

static void test_free_while_busy(void **state) {
    static const Reply REPLIES[] = {{.bytes = ""}};
    Fixture fixture;
    (void)state;
    assert_null(http_call_free(NULL));
    set_up_listening(&fixture, REPLIES);
    begin(&fixture, LONG_MS);
    fixture.call = http_call_free(fixture.call);
    (void)server_run_dry(&fixture.server);
    assert_int_equal(fixture.ended, 0);
    tear_down(&fixture);
}

/* A request that does not go into the socket at once; the server counts only its end. */
static void test_large_request(void **state) {
    enum { REQUEST_BYTES = 4 * 1024 * 1024 };
    _cleanup_free_ char *request = NULL;
    char sink[16 * 1024];
    size_t received = 0;
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, NULL);
    assert_true(sd_event_source_set_enabled(fixture.server.io, SD_EVENT_OFF) >= 0);
    request = malloc(REQUEST_BYTES + 1);
    assert_non_null(request);
    (void)memset(request, 'x', REQUEST_BYTES);
    request[REQUEST_BYTES] = '\0';
    assert_int_equal(http_call_begin(fixture.call, &fixture.target, request, LONG_MS), 0);
    int fd = accept4(fixture.server.fd, NULL, NULL, SOCK_CLOEXEC);
    while (received < REQUEST_BYTES) {
        ssize_t count = recv(fd, sink, sizeof sink, MSG_DONTWAIT);
        received += count > 0 ? (size_t)count : 0;
        assert_true(sd_event_run(fixture.server.event, 0) >= 0);
    }
    assert_int_equal(send(fd, HTTP_OK(1) "a", strlen(HTTP_OK(1) "a"), MSG_NOSIGNAL), strlen(HTTP_OK(1) "a"));
    server_run_until(&fixture.server, &fixture.ended, 1);
    assert_string_equal(fixture.body, "a");
    (void)close_fd(fd);
    tear_down(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy_and_cancel), cmocka_unit_test(test_cancel_of_failed),
        cmocka_unit_test(test_begin_failed),    cmocka_unit_test(test_handlers),
        cmocka_unit_test(test_free_while_busy), cmocka_unit_test(test_large_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
