/* Conditional requests: 304 and If-Range. */
#include "tests/unit/test.h"

#include "sim/http_condition.h"

#include <string.h>

static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";
enum { SECONDS = 784111777 };

static void test_dates(void **state) {
    char date[HTTP_DATE_BYTES];
    (void)state;
    http_date_format(SECONDS, &date);
    assert_string_equal(date, DATE);
}

static bool unchanged(const char *etag, const char *none_match, const char *since) {
    HttpRequest request = {0};
    HttpValidator validator = {.modified = SECONDS};
    strcpy(validator.etag, etag);
    strcpy(request.if_none_match, none_match);
    strcpy(request.if_modified_since, since);
    return http_is_unchanged(&request, &validator);
}

static void test_if_none_match_is_a_list_compared_weakly(void **state) {
    (void)state;
    assert_true(unchanged("\"a\"", "\"a\"", ""));
    assert_true(unchanged("\"a\"", "W/\"a\"", ""));
    assert_true(unchanged("W/\"a\"", "\"a\"", ""));
    assert_true(unchanged("\"a\"", "\"b\", \"a\"", ""));
    assert_true(unchanged("\"a\"", "\"b,c\" ,W/\"a\" , \"d\"", ""));
    assert_true(unchanged("\"a\"", "*", ""));
    assert_false(unchanged("\"a\"", "\"b\"", ""));
    assert_false(unchanged("\"a\"", "\"ab\"", ""));
    assert_false(unchanged("\"a\"", "\"b,\"a\"", ""));
    assert_false(unchanged("\"a\"", "a", ""));
    assert_false(unchanged("\"a\"", ",", ""));
    assert_false(unchanged("\"a\"", "", ""));
}

static void test_if_modified_since_counts_alone_only(void **state) {
    (void)state;
    assert_true(unchanged("\"a\"", "", DATE));
    assert_true(unchanged("\"a\"", "", "Sun, 06 Nov 1994 08:49:38 GMT"));
    assert_false(unchanged("\"a\"", "", "Sun, 06 Nov 1994 08:49:36 GMT"));
    assert_false(unchanged("\"a\"", "", "some day"));
    assert_false(unchanged("\"a\"", "", "Sun, 06 Nov 1994 08:49:37 GMT or so"));
    assert_false(unchanged("\"a\"", "\"b\"", DATE));
}

static bool holds(const char *etag, const char *wanted) {
    HttpRequest request = {0};
    HttpValidator validator = {.modified = SECONDS};
    strcpy(validator.etag, etag);
    strcpy(request.if_range, wanted);
    return http_if_range_holds(&request, &validator);
}

static void test_if_range_is_compared_strongly(void **state) {
    (void)state;
    assert_true(holds("\"a\"", ""));
    assert_true(holds("\"a\"", "\"a\""));
    assert_true(holds("\"a\"", DATE));
    assert_false(holds("\"a\"", "\"b\""));
    assert_false(holds("\"a\"", "W/\"a\""));
    assert_false(holds("W/\"a\"", "W/\"a\""));
    assert_false(holds("\"a\"", "Sun, 06 Nov 1994 08:49:38 GMT"));
}

static void test_a_time_that_is_not_known_is_never_equal(void **state) {
    HttpRequest request = {0};
    HttpValidator validator = {.etag = "\"a\"", .modified = -1};
    (void)state;
    strcpy(request.if_modified_since, DATE);
    assert_false(http_is_unchanged(&request, &validator));
    strcpy(request.if_range, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_false(http_if_range_holds(&request, &validator));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_if_none_match_is_a_list_compared_weakly),
        cmocka_unit_test(test_if_modified_since_counts_alone_only),
        cmocka_unit_test(test_if_range_is_compared_strongly),
        cmocka_unit_test(test_a_time_that_is_not_known_is_never_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
