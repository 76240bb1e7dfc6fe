#include "home/visor_record.h"

#include "home/lock.h"
#include "tests/unit/home/home.h"

static void write_record(const VisorRecord *record) {
    int fd = openat(home.private_fd, HOME_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(visor_record_write(fd, record), 0);
    assert_int_equal(close(fd), 0);
}

static void test_nothing_is_told(void **unused) {
    VisorRecord record;
    (void)unused;
    assert_int_equal(visor_record_load(&home, &record), 1);
    folder_write_text(&folder, ".visor/lock", "", 0600);
    assert_int_equal(visor_record_load(&home, &record), 1);
}

static void test_what_was_written_is_read(void **unused) {
    (void)unused;
    for (ReexecOutcome outcome = 0; outcome < REEXEC_OUTCOME_COUNT; outcome++) {
        VisorRecord record =
                        {.version = "v0.1.0",
                         .tokens = {-7, 9},
                         .token_count = 2,
                         .outcome = outcome,
                         .text = "\"why\" \xc3\xbc",
                         .waits = "so"},
                    read;
        write_record(&record);
        assert_int_equal(visor_record_load(&home, &read), 0);
        assert_string_equal(read.version, record.version);
        assert_string_equal(read.text, record.text);
        assert_int_equal(read.token_count, 2);
        assert_memory_equal(read.tokens, record.tokens, sizeof record.tokens);
        assert_string_equal(read.waits, record.waits);
        assert_int_equal(read.outcome, outcome);
    }
}

/* Those who ask while a request is under way hear the same outcome. */
static void test_requests(void **unused) {
    VisorRecord record = {0};
    (void)unused;
    assert_int_equal(visor_record_last(&record), 0);
    visor_record_add(&record, 0); /* a plain signal: nobody waits */
    assert_int_equal(record.token_count, 0);
    assert_false(visor_record_has(&record, 0));
    for (int token = 1; token <= VISOR_REQUESTS_MAX + 2; token++) {
        visor_record_add(&record, token);
        visor_record_add(&record, token);
        assert_int_equal(visor_record_last(&record), token);
    }
    assert_int_equal(record.token_count, VISOR_REQUESTS_MAX);
    assert_false(visor_record_has(&record, 2));
    assert_true(visor_record_has(&record, 3) && visor_record_has(&record, VISOR_REQUESTS_MAX + 2));
}

/* As an earlier version wrote it, which did not tell that it waits; and as a later one may. */
static void test_of_another_version(void **unused) {
    static const char TEXT[] = "{\"version\":\"v1\",\"request\":7,\"outcome\":\"done\",\"text\":\"\"%s}";
    static const char *const MORE[] = {"", ",\"new\":[]"};
    (void)unused;
    for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++) {
        char text[128];
        VisorRecord record;
        (void)snprintf(text, sizeof text, TEXT, MORE[i]);
        assert_int_equal(visor_record_decode(text, strlen(text), &record), 0);
        assert_true(record.token_count == 1 && visor_record_has(&record, 7));
        assert_int_equal(record.outcome, REEXEC_DONE);
        assert_string_equal(record.waits, "");
    }
}

/* Why a new binary was refused may be longer than what is kept of it; whoever waits for the outcome must get it. */
static void test_a_text_cut_within_a_character(void **unused) {
    VisorRecord record = {.version = "v1", .outcome = REEXEC_REFUSED}, read;
    (void)unused;
    memset(record.text, 'x', sizeof record.text - 2);
    record.text[sizeof record.text - 2] = '\xc3';
    write_record(&record);
    assert_int_equal(visor_record_load(&home, &read), 0);
    assert_int_equal(read.outcome, REEXEC_REFUSED);
    assert_int_equal(read.text[sizeof record.text - 3], 'x');
    assert_string_equal(read.text + sizeof record.text - 2, "?");
}

static void test_what_is_none(void **unused) {
    static const char *const WRONG[] = {
        "",
        "{}",
        "[]",
        "{\"version\":\"v1\",\"request\":\"1\",\"outcome\":\"done\",\"text\":\"\"}",
        "{\"version\":\"v1\",\"request\":1,\"outcome\":\"perhaps\",\"text\":\"\"}",
        "{\"version\":1,\"request\":1,\"outcome\":\"done\",\"text\":\"\"}",
        "{\"version\":\"v1\",\"request\":1,\"outcome\":\"done\"}",
        "{\"version\":\"v1\",\"request\":1,\"outcome\":\"done\",\"text\":\"\"",
        "{\"version\":\"v1\",\"request\":1,\"outcome\":\"done\",\"text\":\"\",\"waits\":1}",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        VisorRecord record;
        if (visor_record_decode(WRONG[i], strlen(WRONG[i]), &record) != -EBADMSG)
            fail_msg("'%s' tells nothing", WRONG[i]);
        assert_int_equal(record.outcome, REEXEC_NONE);
        assert_int_equal(record.token_count, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_nothing_is_told),
        home_test(test_what_was_written_is_read),
        home_test(test_a_text_cut_within_a_character),
        home_test(test_requests),
        home_test(test_of_another_version),
        home_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
