#include "base/json.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The linker gives this to all that is linked into this program (--wrap). */
void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

static unsigned allocations, refused; /* refused: the number of the one that fails; 0 = none does */

void *__wrap_malloc(size_t bytes) {
    return ++allocations == refused ? NULL : __real_malloc(bytes);
}

static int parse(const char *text, json_t **ret) {
    allocations = 0;
    return json_parse(text, strlen(text), JSON_REJECT_DUPLICATES, ret, NULL);
}

static void test_parse(void **unused) {
    (void)unused;
    _cleanup_json_ json_t *value = NULL;
    json_t *nothing = NULL;
    json_error_t error;
    assert_int_equal(parse("{\"a\": [1, \"b\"]}", &value), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(value, "a"), 1)), "b");
    assert_int_equal(parse("", &nothing), -EBADMSG);
    assert_int_equal(parse("{\"a\": 1, \"a\": 2}", &nothing), -EBADMSG);
    assert_int_equal(parse("[\"\\u00", &nothing), -EBADMSG);
    assert_int_equal(json_parse("{]", 2, 0, &nothing, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "expected"));
    assert_null(nothing);
}

static void test_deep_and_wide(void **unused) {
    (void)unused;
    char text[4096];
    json_t *value = NULL;
    memset(text, '[', 2000);
    memset(text + 2000, ']', 2000);
    assert_int_equal(json_parse(text, 4000, 0, &value, NULL), 0);
    json_decref(value);
    for (size_t i = 0; i < 2000; i++)
        memcpy(text + 2 * i, "0,", 2);
    text[0] = '[';
    text[1] = ' ';
    text[3999] = ']';
    assert_int_equal(json_parse(text, 4000, 0, &value, NULL), 0);
    json_decref(value);
}

/* Each is refused once: the text is what it is, or not there; never another, and no memory is lost. */
static void check_without_memory(const char *text) {
    _cleanup_json_ json_t *right = NULL;
    json_t *value = NULL;
    refused = 0;
    assert_int_equal(parse(text, &right), 0);
    unsigned count = allocations;
    for (unsigned number = 1; number <= count; number++) {
        refused = number;
        assert_int_equal(parse(text, &value), -ENOMEM);
        assert_null(value);
    }
    refused = count + 1;
    assert_int_equal(parse(text, &value), 0);
    assert_true(json_equal(value, right));
    json_decref(value);
    refused = 0;
}

/* At every length: jansson's buffers grow at some of them, and which character is lost then depends on it. */
static void test_parse_without_memory(void **unused) {
    (void)unused;
    char word[160] = "", text[400];
    for (size_t length = 0; length < 140; length++) {
        (void)snprintf(text, sizeof text, "{\"%s\": [\"%s\", 1, {}]}", word, word);
        check_without_memory(text);
        word[length] = 'x';
    }
}

static void test_print(void **unused) {
    (void)unused;
    _cleanup_json_ json_t *value = json_pack("{s:s, s:[i, n]}", "key", "text", "list", 1);
    char *text = json_print(value, JSON_COMPACT);
    assert_string_equal(text, "{\"key\":\"text\",\"list\":[1,null]}");
    free(text);
    assert_null(json_print(json_object_get(value, "key"), 0)); /* no object, no list */
    assert_null(json_print(NULL, 0));
    allocations = 0;
    refused = 1;
    assert_null(json_print(value, 0));
    refused = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_deep_and_wide),
        cmocka_unit_test(test_parse_without_memory),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
