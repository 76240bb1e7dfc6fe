#include "rpc/statistics.h"

#include "tests/unit/rpc/server.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 50 };

#define HEIGHT(digit) "{\"statistics\":{\"blockHeight\":\"" #digit "\"}}"

static void test_parse(void **state) {
    static const struct {
        const char *body;
        int result;
        uint64_t height_blocks;
    } SAMPLES[] = {
        {"{\"statistics\":{\"blockHeight\":\"123\",\"status\":\"CONNECTED\"}}", 0, 123},
        {"{\"statistics\":{\"blockHeight\":123}}", 0, 123},
        {"{\"statistics\":{\"blockHeight\":\"0\"}}", 0, 0},
        {"{\"statistics\":{\"blockHeight\":\"9223372036854775807\"}}", 0, INT64_MAX},
        {"{\"statistics\":{\"blockHeight\":\"9223372036854775808\"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":9223372036854775808}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":\"99999999999999999999\"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":\"\"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":\"-1\"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":\"+1\"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":\"1 \"}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":-1}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":1.0}}", -EBADMSG, 0},
        {"{\"statistics\":{\"blockHeight\":null}}", -EBADMSG, 0},
        {"{\"statistics\":{}}", -EBADMSG, 0},
        {"{\"statistics\":[]}", -EBADMSG, 0},
        {"{\"blockHeight\":\"1\"}", -EBADMSG, 0},
        {"[]", -EBADMSG, 0},
        {"<html>", -EBADMSG, 0},
        {"", -EBADMSG, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof SAMPLES / sizeof *SAMPLES; i++) {
        uint64_t height_blocks = 0;
        Failure failure = {0};
        int r = statistics_parse(SAMPLES[i].body, strlen(SAMPLES[i].body), &height_blocks, &failure);
        if (r != SAMPLES[i].result)
            fail_msg("%d instead of %d for %s", r, SAMPLES[i].result, SAMPLES[i].body);
        assert_int_equal(r < 0, *failure.message != '\0');
        if (r == 0)
            assert_int_equal(height_blocks, SAMPLES[i].height_blocks);
    }
}

typedef struct Fixture {
    Server server;
    StatisticsClient *client;
    size_t ended;
    bool answered;
    bool free_in_handler;
    uint64_t height_blocks;
    Failure failure;
} Fixture;

static void on_height(const uint64_t *height_blocks, const Failure *failure, void *userdata) {
    Fixture *fixture = userdata;
    assert_false(statistics_client_busy(fixture->client));
    if (fixture->free_in_handler)
        fixture->client = statistics_client_free(fixture->client);
    fixture->ended++;
    fixture->answered = height_blocks != NULL;
    fixture->height_blocks = height_blocks ? *height_blocks : 0;
    fixture->failure = failure ? *failure : (Failure){0};
    assert_int_equal(!height_blocks, *fixture->failure.message != '\0');
}

static void set_up(Fixture *fixture, const Reply *replies) {
    *fixture = (Fixture){0};
    server_prepare(&fixture->server, replies);
    server_listen_tcp(&fixture->server);
    assert_int_equal(statistics_client_new(fixture->server.event, on_height, fixture, &fixture->client), 0);
}

static void tear_down(Fixture *fixture) {
    fixture->client = statistics_client_free(fixture->client);
    server_clear(&fixture->server);
}

static void call(Fixture *fixture, const char *url, uint64_t timeout_ms) {
    assert_int_equal(statistics_client_call(fixture->client, url, timeout_ms), 0);
    assert_true(statistics_client_busy(fixture->client));
    assert_int_equal(statistics_client_call(fixture->client, url, timeout_ms), -EBUSY);
    server_run_until(&fixture->server, &fixture->ended, fixture->ended + 1);
}

static void expect_failure(Fixture *fixture, const char *url, uint64_t timeout_ms, const char *said) {
    call(fixture, url, timeout_ms);
    assert_false(fixture->answered);
    if (!strstr(fixture->failure.message, said))
        fail_msg("\"%s\" is not in \"%s\"", said, fixture->failure.message);
}

static void test_heights(void **state) {
    static const Reply REPLIES[] = {{.json = HEIGHT(1)}, {.json = HEIGHT(2)}, {.json = HEIGHT(3)}};
    char localhost[256];
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    for (unsigned i = 1; i <= 2; i++) {
        call(&fixture, fixture.server.url, LONG_MS);
        assert_true(fixture.answered);
        assert_int_equal(fixture.height_blocks, i);
    }
    assert_int_equal(fixture.server.accepted, 1);
    assert_ptr_equal(
        strstr(fixture.server.last_request, "GET /statistics HTTP/1.1\r\nHost: 127.0.0.1:"),
        fixture.server.last_request);

    (void)snprintf(localhost, sizeof localhost, "http://localhost%s", strrchr(fixture.server.url, ':'));
    call(&fixture, localhost, LONG_MS);
    assert_int_equal(fixture.height_blocks, 3);
    assert_int_equal(fixture.server.accepted, 2); /* another URL, another connection */
    tear_down(&fixture);
}

static void test_failures(void **state) {
    static const Reply REPLIES[] = {
        {.bytes = "HTTP/1.1 503 X\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy"},
        {.bytes = HTTP_OK(2) "{}"},
        {.bytes = ""},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .end = REPLY_FLOOD},
        {.json = HEIGHT(7)},
    };
    Fixture fixture;
    (void)state;
    set_up(&fixture, REPLIES);
    expect_failure(&fixture, fixture.server.url, LONG_MS, "/statistics answers HTTP 503 (\"busy\")");
    expect_failure(
        &fixture, fixture.server.url, LONG_MS, "blockHeight should be a block height, but it is missing");
    expect_failure(&fixture, fixture.server.url, SHORT_MS, "did not answer within 50 ms");
    expect_failure(&fixture, fixture.server.url, LONG_MS, "larger than the 262144 bytes");
    expect_failure(&fixture, "https://example.org", LONG_MS, "cannot be asked");
    expect_failure(&fixture, "http://example.org", LONG_MS, "cannot be asked");
    call(&fixture, fixture.server.url, LONG_MS);
    assert_int_equal(fixture.height_blocks, 7);
    tear_down(&fixture);
}

/* Over TCP it is the event loop that hears of a refused connection. */
static void test_nobody(void **state) {
    Fixture fixture;
    (void)state;
    set_up(&fixture, NULL);
    server_stop(&fixture.server);
    expect_failure(&fixture, fixture.server.url, LONG_MS, "nobody listens at 127.0.0.1:");
    tear_down(&fixture);
}

static void test_cancel_and_free(void **state) {
    static const Reply REPLIES[] = {{.bytes = ""}, {.json = HEIGHT(1)}};
    Fixture fixture;
    (void)state;
    assert_null(statistics_client_free(NULL));
    set_up(&fixture, REPLIES);
    assert_int_equal(statistics_client_call(fixture.client, fixture.server.url, LONG_MS), 0);
    server_run_until(&fixture.server, &fixture.server.requests, 1);
    statistics_client_cancel(fixture.client);
    assert_false(statistics_client_busy(fixture.client));
    fixture.free_in_handler = true;
    assert_int_equal(statistics_client_call(fixture.client, fixture.server.url, LONG_MS), 0);
    server_run_until(&fixture.server, &fixture.ended, 1);
    assert_int_equal(fixture.height_blocks, 1);
    tear_down(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),  cmocka_unit_test(test_heights),         cmocka_unit_test(test_failures),
        cmocka_unit_test(test_nobody), cmocka_unit_test(test_cancel_and_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
