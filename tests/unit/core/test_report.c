#include "core/report.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char name[REPORT_NAME_BYTES];

static void test_names(void **unused) {
    (void)unused;
    assert_string_equal(report_name(REPORT_COMPLETED, &name), "completed");
    assert_string_equal(report_name(REPORT_NEVER_ANSWERED, &name), "never-answered");
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        assert_in_range(strlen(report_name(kind, &name)), 3, sizeof name - 2); /* none is cut */
}

static void test_an_alarm_is_history(void **unused) {
    (void)unused;
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        if (REPORT_TEXTS[kind].members & REPORT_ALARM)
            assert_true(REPORT_TEXTS[kind].members & REPORT_HISTORY);
}

/* What `visor history` shows is what docs/history.md explains. */
static void test_the_manual_has_every_event(void **unused) {
    static char manual[64 * 1024];
    FILE *file = fopen("docs/history.md", "r");
    (void)unused;
    assert_non_null(file);
    assert_in_range(fread(manual, 1, sizeof manual - 1, file), 1, sizeof manual - 2);
    (void)fclose(file);
    for (ReportKind kind = 0; kind < REPORT_KIND_COUNT; kind++) {
        char row[REPORT_NAME_BYTES + 8];
        (void)snprintf(row, sizeof row, "\n| `%s` |", report_name(kind, &name));
        bool has_history = REPORT_TEXTS[kind].members & REPORT_HISTORY;
        if (has_history != (strstr(manual, row) != NULL))
            fail_msg("docs/history.md and core/report.h do not agree about '%s'", name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_an_alarm_is_history),
        cmocka_unit_test(test_the_manual_has_every_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
