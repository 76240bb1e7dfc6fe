#include "cli/finding.h"

#include "base/json.h"
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static char *said;
static size_t said_bytes;

static Findings begin(Output output) {
    return (Findings){.output = output, .out = open_memstream(&said, &said_bytes)};
}

static ExitCode finish(Findings *findings) {
    ExitCode code = findings_finish(findings);
    (void)fclose(findings->out);
    findings_clear(findings);
    assert_int_equal(findings->count, 0);
    return code;
}

static void said_is(const char *expected) {
    assert_string_equal(said, expected);
    free(said);
}

static void the_exit_code_is_that_of_the_worst(void **state) {
    (void)state;
    Findings findings = begin(OUTPUT_HUMAN);
    findings_add(&findings, CHECK_HOME, FINDING_OK, "/h", NULL, "is fine");
    assert_int_equal(finish(&findings), EXIT_CODE_OK);
    said_is("ok       home         /h: is fine\nAll is well: 1 finding, no problem, no warning.\n");

    findings = begin(OUTPUT_HUMAN);
    findings_add(&findings, CHECK_CLOCK, FINDING_WARNING, "", "set it", "the clock is %d s wrong", 7);
    findings_add(&findings, CHECK_HOME, FINDING_OK, "/h", NULL, "is fine");
    assert_int_equal(finish(&findings), EXIT_CODE_WARNINGS);
    said_is(
        "warning  clock        the clock is 7 s wrong; set it\n"
        "ok       home         /h: is fine\n"
        "0 problems and 1 warning among 2 findings.\n");

    findings = begin(OUTPUT_HUMAN);
    findings_add(&findings, CHECK_DISK, FINDING_PROBLEM, "/h", "make room", "/h is full"); /* it is named already */
    findings_add(&findings, CHECK_CLOCK, FINDING_WARNING, "", NULL, "late");
    assert_int_equal(finish(&findings), EXIT_CODE_PROBLEMS);
    said_is(
        "problem  disk         /h is full; make room\n"
        "warning  clock        late\n"
        "1 problem and 1 warning among 2 findings.\n");
}

static void nothing_obeys_what_a_file_says(void **state) {
    (void)state;
    Findings findings = begin(OUTPUT_HUMAN);
    findings_add(&findings, CHECK_BINARY, FINDING_PROBLEM, "/h\n", "do\033[2J", "%s", "said \x9b\r\n");
    assert_int_equal(finish(&findings), EXIT_CODE_PROBLEMS);
    said_is("problem  binary       /h?: said ???; do?[2J\n1 problem and 0 warnings among 1 finding.\n");
}

static void json_is_one_object(void **state) {
    (void)state;
    Findings findings = begin(OUTPUT_JSON);
    findings_add(&findings, CHECK_AUTO_INSTALL, FINDING_WARNING, "v1", "\"quote\" it", "a\xff");
    findings_add(&findings, CHECK_RUN_CONFIG, FINDING_OK, "/r", NULL, "fine");
    assert_int_equal(finish(&findings), EXIT_CODE_WARNINGS);
    said_is(
        "{\"result\":\"warnings\",\"findings\":["
        "{\"check\":\"autoInstall\",\"result\":\"warning\",\"subject\":\"v1\",\"text\":\"a?\","
        "\"cure\":\"\\\"quote\\\" it\"},"
        "{\"check\":\"run-config\",\"result\":\"ok\",\"subject\":\"/r\",\"text\":\"fine\",\"cure\":\"\"}]}\n");
    findings = begin(OUTPUT_JSON);
    assert_int_equal(finish(&findings), EXIT_CODE_OK);
    said_is("{\"result\":\"ok\",\"findings\":[]}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_code_is_that_of_the_worst),
        cmocka_unit_test(nothing_obeys_what_a_file_says),
        cmocka_unit_test(json_is_one_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
