/* The client against programs that play visor-fetch. */
#include "release/fetch.h"

#include "base/cleanup.h"
#include "tests/unit/folder.h"
#include "tests/unit/proc/loop.h"

static Folder folder;
static sd_event *event;
static Fetch *fetch;
static json_t *request;
static bool ended;
static struct {
    unsigned count;
    unsigned cancel_at; /* cancels from within this event; 0 = never */
    FetchEvent event;   /* the last that was told */
    FetchEnd end;
} got;

static int make(void **unused) {
    (void)unused;
    folder_make(&folder);
    request = json_pack("{s:s}", "tag", "v1");
    return !request || sd_event_new(&event) < 0;
}

static int clear(void **unused) {
    (void)unused;
    (void)sd_event_unref(event);
    json_decref(request);
    folder_remove(&folder);
    return 0;
}

static void on_event(const FetchEvent *said, void *userdata) {
    assert_ptr_equal(userdata, &got);
    assert_false(ended);
    got.event = *said;
    if (++got.count == got.cancel_at) {
        fetch = fetch_cancel(fetch);
        ended = true;
    }
}

static void on_end(const FetchEnd *end, void *userdata) {
    assert_ptr_equal(userdata, &got);
    assert_false(ended);
    ended = true;
    got.end = *end;
}

/* @script has the arguments of visor-fetch; `say` prints an event. */
static void start(const char *script, const char *staging) {
    static const char HEAD[] = "#!/bin/sh\nsay() { printf '%s\\n' \"$1\"; }\n";
    char text[4096];
    Failure failure = {0};
    unsigned cancel_at = got.cancel_at;
    (void)snprintf(text, sizeof text, "%s%s\n", HEAD, script);
    (void)unlinkat(folder.fd, "fetch", 0);
    folder_write_text(&folder, "fetch", text, 0755);
    got.count = 0;
    got.cancel_at = cancel_at;
    ended = false;
    FetchOrder order = {.program = folder_path(&folder, "fetch"), .staging = staging, .request = request};
    assert_int_equal(fetch_start(event, &order, on_event, on_end, &got, &fetch, &failure), 0);
}

static void run(const char *script) {
    start(script, folder.path);
    loop_until(event, &ended);
}

#define DIGEST "abababababababababababababababababababababababababababababababab"
#define FOUND "say '{\"event\":\"found\",\"source\":\"api\",\"url\":\"u\",\"bytes\":9,\"digest\":true}';"
#define PROGRESS "say '{\"event\":\"progress\",\"phase\":\"download\",\"bytes\":5,\"of\":9}';"
#define DONE                                                                                                       \
    "say '{\"event\":\"done\",\"sha256\":\"" DIGEST                                                                \
    "\",\"bytes\":9,\"files\":1,\"unpackedBytes\":9,\"verified\":[\"the pin\"]}';"
#define FAILED                                                                                                     \
    "say '{\"event\":\"failed\",\"step\":\"find\",\"text\":\"no such release\",\"progressed\":false,"              \
    "\"retryAfterSeconds\":60}';"
#define LOOKED "say '{\"event\":\"looked\",\"url\":\"u\",\"bytes\":9,\"verifiable\":[],\"serverTime\":5}';"

static void test_done(void **unused) {
    (void)unused;
    run(FOUND PROGRESS DONE);
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_DONE);
    assert_int_equal(got.count, 2); /* the last event comes as the end */
    assert_string_equal(got.end.last.sha256, DIGEST);
    assert_string_equal(got.end.last.list.items[0], "the pin");
}

static void test_the_command_line(void **unused) {
    (void)unused;
    run("[ \"$#\" = 3 ] && [ \"$1\" = fetch ] && [ -d \"$2\" ] && [ \"$3\" = '{\"tag\":\"v1\"}' ] || exit 1;" DONE);
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_DONE);
    start("[ \"$#\" = 2 ] && [ \"$1\" = look ] && [ \"$2\" = '{\"tag\":\"v1\"}' ] || exit 1;" LOOKED, NULL);
    loop_until(event, &ended);
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_DONE);
    assert_int_equal(got.end.last.type, FETCH_EVENT_LOOKED);
    assert_int_equal(got.end.last.server_time_seconds, 5);
}

static void test_failed(void **unused) {
    (void)unused;
    run(FAILED "exit 69");
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_FAILED);
    assert_int_equal(got.end.last.step, FETCH_STEP_FIND);
    assert_int_equal(got.end.last.retry_after_seconds, 60);
    assert_string_equal(got.end.last.text, "no such release");
}

static void test_crashes(void **unused) {
    (void)unused;
    run(FOUND "echo broken >&2; kill -KILL $$");
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_int_equal(got.end.last.type, FETCH_EVENT_FAILED);
    assert_int_equal(got.end.last.step, FETCH_STEP_DOWNLOAD);
    assert_false(got.end.last.progressed);
    assert_non_null(strstr(got.end.last.text, "was killed by SIGKILL: broken"));
    run(FOUND PROGRESS "exit 3");
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_true(got.end.last.progressed);
    run(FOUND "say '{\"event\":\"progress\",\"phase\":\"unpack\",\"bytes\":5,\"of\":9}'; exit 3");
    assert_int_equal(got.end.last.step, FETCH_STEP_UNPACK);
    run("say '{\"event\":\"resumed\",\"bytes\":5}';" PROGRESS "exit 3"); /* nothing new came */
    assert_false(got.end.last.progressed);
    run("exit 0");
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_non_null(strstr(got.end.last.text, "without a last word"));
    run(DONE "exit 1"); /* what it says and how it ends must agree */
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
}

static void test_nonsense(void **unused) {
    (void)unused;
    run(FOUND "echo hello; exec sleep 1000"); /* it is not waited for */
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_non_null(strstr(got.end.last.text, "do not understand each other: this line is no event: hello"));
    run(DONE PROGRESS "exec sleep 1000");
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_non_null(strstr(got.end.last.text, "an event follows the last one, which was \"done\""));
    run(DONE DONE);
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    run("say '{\"event\":\"hummed\"}';" DONE); /* a newer one may say more */
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_DONE);
    assert_int_equal(got.count, 0);
}

static void test_cancel(void **unused) {
    (void)unused;
    start("exec sleep 1000", folder.path);
    assert_null(fetch_cancel(fetch));
    assert_null(fetch_cancel(NULL));
    got.cancel_at = 1;
    run(FOUND PROGRESS DONE);
    assert_int_equal(got.count, 1);
    got.cancel_at = 0;
    assert_int_equal(sd_event_run(event, 0), 0);
}

static void test_a_program_that_is_not_there(void **unused) {
    (void)unused;
    Failure failure = {0};
    FetchOrder order = {.program = "/nowhere/visor-fetch", .staging = folder.path, .request = request};
    ended = false;
    assert_int_equal(fetch_start(event, &order, on_event, on_end, &got, &fetch, &failure), 0);
    loop_until(event, &ended);
    assert_int_equal(got.end.outcome, FETCH_OUTCOME_CRASHED);
    assert_non_null(strstr(got.end.last.text, "could not be executed"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_the_command_line),
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_a_program_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
