#include "release/fetch_event.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "tests/unit/test.h"

#include <dirent.h>
#include <string.h>

#define SHA256 "abababababababababababababababababababababababababababababababab"
#define CORPUS "tests/fuzz/corpus/fetch_event"

static FetchEvent parsed(const char *line) {
    FetchEvent event;
    Failure failure = {0};
    memset(&event, 0xaa, sizeof event);
    if (fetch_event_parse(line, &event, &failure) != 0)
        fail_msg("%s: %s", line, failure.message);
    return event;
}

static void refused(const char *line) {
    FetchEvent event;
    Failure failure = {0};
    if (fetch_event_parse(line, &event, &failure) != -EBADMSG)
        fail_msg("not refused: %s", line);
    assert_true(*failure.message);
}

static void test_each_event(void **unused) {
    (void)unused;
    FetchEvent event = parsed("{\"event\":\"sandbox\",\"layers\":[\"a\",\"b\"],\"missing\":[\"c: none\"]}");
    assert_int_equal(event.type, FETCH_EVENT_SANDBOX);
    assert_int_equal(event.list.count, 2);
    assert_string_equal(event.list.items[1], "b");
    assert_string_equal(event.missing.items[0], "c: none");

    event = parsed("{\"event\":\"warning\",\"text\":\"Mind this.\"}");
    assert_int_equal(event.type, FETCH_EVENT_WARNING);
    assert_string_equal(event.text, "Mind this.");

    event = parsed("{\"event\":\"found\",\"source\":\"api\",\"url\":\"https://x/y\",\"bytes\":7,\"digest\":true}");
    assert_int_equal(event.type, FETCH_EVENT_FOUND);
    assert_true(event.from_api && event.has_digest);
    assert_int_equal(event.bytes, 7);
    assert_string_equal(event.text, "https://x/y");
    event = parsed("{\"event\":\"found\",\"source\":\"download\",\"url\":\"u\",\"bytes\":null,\"digest\":false}");
    assert_false(event.from_api || event.has_digest);
    assert_true(event.bytes == FETCH_UNKNOWN);

    event = parsed("{\"event\":\"progress\",\"phase\":\"unpack\",\"bytes\":1,\"of\":2}");
    assert_int_equal(event.type, FETCH_EVENT_PROGRESS);
    assert_int_equal(event.phase, FETCH_PHASE_UNPACK);
    assert_int_equal(event.bytes, 1);
    assert_int_equal(event.of_bytes, 2);
    assert_true(
        parsed("{\"event\":\"progress\",\"phase\":\"store\",\"bytes\":1,\"of\":null}").of_bytes == FETCH_UNKNOWN);

    assert_int_equal(parsed("{\"event\":\"resumed\",\"bytes\":9223372036854775807}").bytes, INT64_MAX);

    event = parsed("{\"event\":\"verified\",\"against\":\"the pin\",\"sha256\":\"" SHA256 "\"}");
    assert_string_equal(event.text, "the pin");
    assert_string_equal(event.sha256, SHA256);
}

static void test_last_words(void **unused) {
    (void)unused;
    FetchEvent event = parsed("{\"event\":\"done\",\"sha256\":\"" SHA256
                              "\",\"bytes\":5,\"files\":2,\"unpackedBytes\":9,\"verified\":[\"the pin\"]}");
    assert_true(fetch_event_is_last(&event));
    assert_int_equal(event.files, 2);
    assert_int_equal(event.unpacked_bytes, 9);
    assert_string_equal(event.list.items[0], "the pin");

    event = parsed("{\"event\":\"looked\",\"url\":\"u\",\"bytes\":3,\"verifiable\":[],\"serverTime\":17}");
    assert_true(fetch_event_is_last(&event));
    assert_int_equal(event.server_time_seconds, 17);

    event = parsed(
        "{\"event\":\"failed\",\"step\":\"verify\",\"text\":\"bad\",\"progressed\":true,"
        "\"retryAfterSeconds\":null}");
    assert_true(fetch_event_is_last(&event));
    assert_int_equal(event.step, FETCH_STEP_VERIFY);
    assert_true(event.progressed);
    assert_int_equal(event.retry_after_seconds, 0);
    event = parsed(
        "{\"event\":\"failed\",\"step\":\"lock\",\"text\":\"x\",\"progressed\":false,"
        "\"retryAfterSeconds\":999999999}");
    assert_int_equal(event.retry_after_seconds, 86400); /* a server does not silence us for years */

    event = parsed("{\"event\":\"resumed\",\"bytes\":1}");
    assert_false(fetch_event_is_last(&event));
}

static void test_text_is_printable_and_bounded(void **unused) {
    (void)unused;
    FetchEvent event = parsed("{\"event\":\"warning\",\"text\":\"a\\u001b[2J\\nb\\u0085c\"}");
    assert_string_equal(event.text, "a?[2J?b??c");
    static char line[8192];
    (void)snprintf(line, sizeof line, "{\"event\":\"warning\",\"text\":\"%4000d\"}", 1);
    event = parsed(line);
    assert_int_equal(strlen(event.text), FETCH_TEXT_BYTES - 1);
    assert_string_equal(event.text + FETCH_TEXT_BYTES - 4, "...");
}

static void test_what_is_refused(void **unused) {
    (void)unused;
    static const char *const LINES[] = {
        "",
        "x",
        "[]",
        "{}",
        "\"event\"",
        "{\"event\":1}",
        "{\"event\":\"resumed\"}",
        "{\"event\":\"resumed\",\"bytes\":\"1\"}",
        "{\"event\":\"resumed\",\"bytes\":1.0}",
        "{\"event\":\"resumed\",\"bytes\":-1}",
        "{\"event\":\"resumed\",\"bytes\":null}",
        "{\"event\":\"resumed\",\"bytes\":1} more",
        "{\"event\":\"resumed\",\"bytes\":1,\"bytes\":2}",
        "{\"event\":\"warning\",\"text\":null}",
        "{\"event\":\"warning\",\"text\":\"a\\u0000b\"}",
        "{\"event\":\"found\",\"source\":\"hearsay\",\"url\":\"u\",\"bytes\":1,\"digest\":true}",
        "{\"event\":\"found\",\"source\":\"api\",\"url\":\"u\",\"bytes\":1,\"digest\":1}",
        "{\"event\":\"progress\",\"phase\":\"rest\",\"bytes\":1,\"of\":2}",
        "{\"event\":\"progress\",\"phase\":\"store\",\"bytes\":1}",
        "{\"event\":\"verified\",\"against\":\"x\",\"sha256\":\"ab\"}",
        "{\"event\":\"looked\",\"url\":\"u\",\"bytes\":1,\"verifiable\":[1],\"serverTime\":null}",
        "{\"event\":\"looked\",\"url\":\"u\",\"bytes\":1,\"verifiable\":\"x\",\"serverTime\":null}",
        "{\"event\":\"failed\",\"step\":\"sleep\",\"text\":\"x\",\"progressed\":true,\"retryAfterSeconds\":null}",
        "{\"event\":\"failed\",\"step\":\"find\",\"text\":\"x\",\"progressed\":null,\"retryAfterSeconds\":null}",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        refused(LINES[i]);
}

static void test_what_is_not_known_is_ignored(void **unused) {
    (void)unused;
    FetchEvent event;
    assert_int_equal(fetch_event_parse("{\"event\":\"sang\",\"song\":1}", &event, NULL), 1);
    assert_int_equal(parsed("{\"event\":\"resumed\",\"bytes\":1,\"more\":{}}").bytes, 1);
}

/* The corpus of the fuzzer: what is called bad-... is refused, the rest is not. */
static void test_corpus(void **unused) {
    (void)unused;
    _cleanup_directory_ DIR *corpus = opendir(CORPUS);
    unsigned count = 0;
    assert_non_null(corpus);
    for (const struct dirent *entry; (entry = readdir(corpus));) {
        _cleanup_free_ char *path = string_format("%s/%s", CORPUS, entry->d_name);
        _cleanup_free_ char *text = NULL;
        FetchEvent event;
        size_t length = 0;
        if (entry->d_name[0] == '.')
            continue;
        assert_int_equal(file_read(path, 65536, &text, &length, NULL), 0);
        bool bad = string_after(entry->d_name, "bad-") != NULL;
        if ((fetch_event_parse(text, &event, NULL) < 0) != bad)
            fail_msg("%s", path);
        count++;
    }
    assert_true(count >= 25);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_event),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_text_is_printable_and_bounded),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_what_is_not_known_is_ignored),
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
