#include "rpc/answer.h"

#include "tests/unit/test.h"

#include <string.h>

static void test_first_line(void **state) {
    char buffer[16];
    (void)state;
    assert_string_equal(answer_first_line(buffer, sizeof buffer, ""), "");
    assert_string_equal(answer_first_line(buffer, sizeof buffer, " \r\n\r\n\tone\r\ntwo"), "one");
    assert_string_equal(answer_first_line(buffer, sizeof buffer, "\x1b[2Jone\xff"), "?[2Jone?");
    assert_string_equal(answer_first_line(buffer, sizeof buffer, "0123456789abcdef"), "0123456789ab...");
}

static void test_quote(void **state) {
    _cleanup_json_ json_t *text = json_string("a\nb");
    _cleanup_json_ json_t *object = json_pack("{s:i}", "key", 12345678);
    char buffer[16];
    (void)state;
    assert_string_equal(answer_quote(buffer, sizeof buffer, NULL), "missing");
    assert_string_equal(answer_quote(buffer, sizeof buffer, text), "\"a\\nb\"");
    assert_string_equal(answer_quote(buffer, sizeof buffer, object), "{\"key\":12345...");
}

static void test_refusals(void **state) {
    _cleanup_json_ json_t *answer = NULL;
    Failure failure;
    (void)state;
    assert_int_equal(answer_refuse_member("height", "a number", NULL, &failure), -EBADMSG);
    assert_string_equal(failure.message, "the answer's height should be a number, but it is missing");
    assert_int_equal(answer_parse("oops\n", 5, &answer, &failure), -EBADMSG);
    assert_null(answer);
    assert_non_null(strstr(failure.message, "the answer is no JSON ("));
    assert_non_null(strstr(failure.message, "\"oops\""));
    assert_int_equal(answer_parse("{}", 2, &answer, &failure), 0);
    assert_true(json_is_object(answer));
}

static void test_http_status(void **state) {
    HttpResponse response = {.status = 503, .body = {.bytes = (char[]){"\nbusy\nvery"}, .length = 10}};
    char buffer[64];
    (void)state;
    assert_string_equal(answer_http_status(buffer, sizeof buffer, &response), "HTTP 503");
    response.is_plain_text = true;
    assert_string_equal(answer_http_status(buffer, sizeof buffer, &response), "HTTP 503 (\"busy\")");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_http_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
