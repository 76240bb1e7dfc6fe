#include "home/history.h"

#include "supervisor/shell.h"
#include "tests/unit/home/home.h"

static Supervisor supervisor;
static char events[1024];

static int begin(void **unused) {
    supervisor = (Supervisor){.home = &home};
    return home_make(unused);
}

static void take(const HistoryLine *line, void *userdata) {
    (void)userdata;
    (void)strcat(strcat(events, line->event), " ");
}

static void history_is(const char *expected) {
    uint64_t skipped;
    events[0] = '\0';
    assert_int_equal(history_read(&home, take, NULL, &skipped, NULL), 0);
    assert_string_equal(events, expected);
    assert_int_equal(skipped, 0);
}

static void note(ReportKind kind, ProcessName process) {
    const Report said = {
        .kind = kind, .process = process, .tag = "v2", .from = "v1", .detail = "", .height_blocks = 7};
    history_note_report(&supervisor, &said);
}

static void test_what_is_no_history(void **unused) {
    (void)unused;
    note(REPORT_TERMINATED, PROCESS_VEGA);
    note(REPORT_FETCH_FAILED, PROCESS_VEGA);
    note(REPORT_COMPLETED, PROCESS_VEGA);
    note(REPORT_KEPT, PROCESS_VEGA);
    history_is("completed ");
}

static void test_alarms_are_there_once(void **unused) {
    (void)unused;
    for (int minute = 0; minute < 5; minute++) { /* they take turns */
        note(REPORT_BLOCKED, PROCESS_VEGA);
        note(REPORT_NOT_PLACED, PROCESS_VEGA);
    }
    history_is("blocked not-placed ");
    note(REPORT_PLACED, PROCESS_VEGA);
    note(REPORT_PLACED, PROCESS_VEGA); /* no alarm: every one is news */
    note(REPORT_BLOCKED, PROCESS_VEGA);
    note(REPORT_BLOCKED, PROCESS_VEGA);
    history_is("blocked not-placed placed placed blocked ");
}

static void test_alarms_of_each_process(void **unused) {
    (void)unused;
    for (int minute = 0; minute < 5; minute++) {
        note(REPORT_UNKILLABLE, PROCESS_VEGA);
        note(REPORT_UNKILLABLE, PROCESS_DATA_NODE);
    }
    history_is("unkillable unkillable ");
}

static void test_ends(void **unused) {
    (void)unused;
    history_note_end(&supervisor, PROCESS_DATA_NODE, "was killed by SIGKILL");
    history_is("ended ");
}

static char last_text[HISTORY_LINE_MAX + 1];

static void take_last(const HistoryLine *line, void *userdata) {
    (void)userdata;
    (void)snprintf(last_text, sizeof last_text, "%s", line->text);
}

static void line_is(const Report *said, const char *expected) {
    uint64_t skipped;
    history_note_report(&supervisor, said);
    assert_int_equal(history_read(&home, take_last, NULL, &skipped, NULL), 0);
    const char *after_time = strstr(last_text, "\"event\"");
    assert_non_null(after_time);
    assert_string_equal(after_time, expected);
}

static void test_members(void **unused) {
    (void)unused;
    line_is(
        &(Report){
            .kind = REPORT_COMPLETED,
            .tag = "v2",
            .from = "v1",
            .height_blocks = 200,
            .times = {.ready_to_stop_usec = 1, .stop_usec = 2000, .switch_usec = 4812, .start_usec = 3000000}},
        "\"event\":\"completed\",\"tag\":\"v2\",\"from\":\"v1\",\"height\":200,\"ready_to_stop_ms\":0.001,"
        "\"stop_ms\":2.0,\"switch_ms\":4.812,\"start_ms\":3000.0}");
    line_is(
        &(Report){.kind = REPORT_RESTARTING, .count = 1, .limit = 3, .delay_usec = 5000000},
        "\"event\":\"restarting\",\"restart\":1,\"of\":3,\"delay_ms\":5000.0}");
    line_is(
        &(Report){.kind = REPORT_KILLED, .process = PROCESS_DATA_NODE, .detail = "the grace time is over"},
        "\"event\":\"killed\",\"process\":\"data-node\",\"detail\":\"the grace time is over\"}");
    line_is(&(Report){.kind = REPORT_STARTING}, "\"event\":\"starting\"}");
}

static void test_what_cannot_be_written_is_counted(void **unused) {
    (void)unused;
    assert_int_equal(mkdirat(home.private_fd, HOME_HISTORY_FILE, 0700), 0);
    note(REPORT_COMPLETED, PROCESS_VEGA);
    note(REPORT_BLOCKED, PROCESS_VEGA);
    history_note_end(&supervisor, PROCESS_VEGA, "exited with code 0");
    assert_int_equal(supervisor.history.lost, 3);
    assert_int_equal(unlinkat(home.private_fd, HOME_HISTORY_FILE, AT_REMOVEDIR), 0);
    note(REPORT_COMPLETED, PROCESS_VEGA);
    history_is("completed ");
}

#define test(function) cmocka_unit_test_setup_teardown(function, begin, home_clear)

int main(void) {
    const struct CMUnitTest tests[] = {
        test(test_what_is_no_history),
        test(test_alarms_are_there_once),
        test(test_alarms_of_each_process),
        test(test_ends),
        test(test_members),
        test(test_what_cannot_be_written_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
