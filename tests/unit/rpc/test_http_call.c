/* What the peer does: keeps, closes, lies, hangs. */
#include "tests/unit/rpc/http_call_fixture.h"

/* --- the connection is kept --- */

static void test_keep_alive(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = HTTP_OK(1) "a"}, {.bytes = HTTP_OK(1) "b"}, {.bytes = HTTP_OK(1) "c"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    for (int i = 0; i < 3; i++) {
        exchange(&fixture, LONG_MS);
        assert_int_equal(fixture.status, 200);
        assert_int_equal(*fixture.body, 'a' + i);
    }
    assert_int_equal(fixture.server.accepted, 1);
    assert_int_equal(fixture.server.requests, 3);
    tear_down(&fixture);
}

static void test_connection_close(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"},
        {.bytes = "HTTP/1.0 200 OK\r\n\r\nto the end", .end = REPLY_CLOSE},
        {.bytes = HTTP_OK(1) "c and more than a byte"},
        {.bytes = HTTP_OK(1) "d"},
    };
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "a");
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "to the end");
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "c");
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "d");
    assert_int_equal(fixture.server.accepted, 4);
    tear_down(&fixture);
}

static void test_server_closes_between(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(1) "a"}, {.bytes = HTTP_OK(1) "b"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    server_close_connections(&fixture.server);
    assert_int_equal(server_run_dry(&fixture.server), 0); /* an idle connection wakes nobody up */
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "b");
    assert_int_equal(fixture.server.accepted, 2);
    tear_down(&fixture);
}

static void test_unsolicited_bytes(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(1) "a"}, {.bytes = HTTP_OK(1) "b"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    assert_int_equal(send(fixture.server.connections[0].fd, HTTP_OK(1) "x", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(server_run_dry(&fixture.server), 0);
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "b");
    assert_int_equal(fixture.server.accepted, 2);
    tear_down(&fixture);
}

/* The server closes a kept connection while the request is on its way: it is asked again, once. */
static void test_retry(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = HTTP_OK(1) "a"}, {.bytes = "", .end = REPLY_CLOSE}, {.bytes = HTTP_OK(1) "b"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "b");
    assert_int_equal(fixture.server.requests, 3);
    assert_int_equal(fixture.server.accepted, 2);
    tear_down(&fixture);
}

static void test_one_retry_only(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = HTTP_OK(1) "a"}, {.bytes = "", .end = REPLY_CLOSE}, {.bytes = "", .end = REPLY_CLOSE}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    expect_failure(&fixture, LONG_MS, "closed without an answer");
    assert_int_equal(fixture.server.requests, 3);
    tear_down(&fixture);
}

static void test_no_retry_after_a_byte(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(1) "a"}, {.bytes = "H", .end = REPLY_CLOSE}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    expect_failure(&fixture, LONG_MS, "closed in the middle of the answer");
    assert_int_equal(fixture.server.requests, 2);
    tear_down(&fixture);
}

static void test_no_retry_on_new_connection(void **state) {
    static const Reply REPLIES[] = {{.bytes = "", .end = REPLY_CLOSE}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    expect_failure(&fixture, LONG_MS, "closed without an answer");
    assert_int_equal(fixture.server.requests, 1);
    tear_down(&fixture);
}

/* The node is gone when it is asked again, and back for the next exchange. */
static void test_server_restarts(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(1) "a"}, {.bytes = HTTP_OK(1) "b"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    exchange(&fixture, LONG_MS);
    server_stop(&fixture.server);
    expect_failure(&fixture, LONG_MS, "nobody listens at /tmp/");
    assert_return_code(unlink(fixture.server.path), errno);
    server_listen_unix(&fixture.server);
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "b");
    tear_down(&fixture);
}

/* --- answers that are none --- */

static void test_half(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(10) "half", .end = REPLY_CLOSE}, {.bytes = HTTP_OK(1) "a"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    expect_failure(&fixture, LONG_MS, "closed in the middle of the answer");
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "a");
    tear_down(&fixture);
}

static void test_no_http(void **state) {
    static const Reply REPLIES[] = {{.bytes = "220 mail\x80 ready\r\n"}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    expect_failure(&fixture, LONG_MS, "it begins with: \"220 mail? ready\"");
    tear_down(&fixture);
}

static void check_flood(const char *head) {
    const Reply replies[] = {{.bytes = head, .end = REPLY_FLOOD}};
    Fixture fixture;
    set_up_listening(&fixture, replies);
    expect_failure(&fixture, LONG_MS, "larger than");
    assert_true(fixture.server.sent_bytes < 1000 * 1000);
    tear_down(&fixture);
}

static void test_floods(void **state) {
    (void)state;
    check_flood("");
    check_flood("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    check_flood("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    check_flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3b9aca00\r\n");
    check_flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
}

/* --- deadlines --- */

/* On a machine too busy for the server to begin within the deadline, a longer one is tried: nothing depends on
 * time. */
static void check_timeout(Reply reply, const char *said) {
    static const Reply GOOD[] = {{.bytes = HTTP_OK(1) "a"}};
    const Reply replies[] = {reply, reply, reply, reply, reply, reply, reply, reply, reply, reply};
    uint64_t timeout_ms = SHORT_MS;
    Fixture fixture;
    set_up_listening(&fixture, replies);
    for (size_t i = 0; i < sizeof replies / sizeof *replies && !strstr(fixture.failure.message, said); i++) {
        uint64_t begin_usec = clock_monotonic_usec();
        expect_failure(&fixture, timeout_ms, "within");
        assert_true(clock_monotonic_usec() - begin_usec >= timeout_ms * USEC_PER_MSEC);
        timeout_ms *= 2;
    }
    assert_non_null(strstr(fixture.failure.message, said));
    fixture.server.replies = GOOD;
    fixture.server.requests = 0;
    exchange(&fixture, LONG_MS);
    assert_string_equal(fixture.body, "a");
    tear_down(&fixture);
}

static void test_deadlines(void **state) {
    (void)state;
    check_timeout((Reply){.bytes = ""}, "did not answer within 50 ms");
    check_timeout((Reply){.bytes = HTTP_OK(10) "half"}, "did not end its answer within");
    check_timeout((Reply){.bytes = HTTP_OK(60000), .end = REPLY_TRICKLE}, "did not end its answer within");
}

/* Somebody listens but never accepts: the request goes into the queue, the deadline ends it. */
static void test_never_accepted(void **state) {
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, NULL);
    assert_true(sd_event_source_set_enabled(fixture.server.io, SD_EVENT_OFF) >= 0);
    expect_failure(&fixture, SHORT_MS, "did not answer within 50 ms");
    tear_down(&fixture);
}

static void test_no_time_and_all_time(void **state) {
    static const Reply REPLIES[] = {{.bytes = HTTP_OK(1) "a"}};
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    expect_failure(&fixture, 0, "nobody listens");
    server_listen_unix(&fixture.server);
    exchange(&fixture, UINT64_MAX);
    assert_string_equal(fixture.body, "a");
    tear_down(&fixture);
}

static void test_waiting_does_not_spin(void **state) {
    static const Reply REPLIES[] = {{.bytes = ""}};
    Fixture fixture;
    (void)state;
    set_up_listening(&fixture, REPLIES);
    begin(&fixture, LONG_MS);
    server_run_until(&fixture.server, &fixture.server.requests, 1);
    assert_int_equal(server_run_dry(&fixture.server), 0);
    assert_true(http_call_busy(fixture.call));
    tear_down(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_connection_close),
        cmocka_unit_test(test_server_closes_between),
        cmocka_unit_test(test_unsolicited_bytes),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_one_retry_only),
        cmocka_unit_test(test_no_retry_after_a_byte),
        cmocka_unit_test(test_no_retry_on_new_connection),
        cmocka_unit_test(test_server_restarts),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_no_http),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_never_accepted),
        cmocka_unit_test(test_no_time_and_all_time),
        cmocka_unit_test(test_waiting_does_not_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
