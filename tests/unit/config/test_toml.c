#include "config/toml.h"

#include "config/schema.h"
#include "config/toml_text.h"
#include "tests/unit/config/workspace.h"

static TomlNode *parse(const char *text, Problems *problems) {
    TomlNode *root = NULL;
    int r = toml_parse(text, strlen(text), &root, problems);
    assert_int_equal(r < 0, root == NULL);
    if (r < 0)
        assert_true(problems->error_count > 0);
    return root;
}

static TomlNode *parse_fine(const char *text) {
    _cleanup_problems_ Problems problems = {0};
    TomlNode *root = parse(text, &problems);
    assert_findings(&problems, "");
    assert_non_null(root);
    return root;
}

/* @text must be refused with one error at the place. */
static void assert_refused(const char *text, size_t length, unsigned line, unsigned column, const char *fragment) {
    _cleanup_problems_ Problems problems = {0};
    TomlNode *root = NULL;
    assert_int_equal(toml_parse(text, length, &root, &problems), -EBADMSG);
    assert_null(root);
    assert_one_finding(&problems, PROBLEM_ERROR, fragment);
    if (problems.items[0].line != line || problems.items[0].column != column)
        fail_msg(
            "%u:%u expected, %u:%u found: %s", line, column, problems.items[0].line, problems.items[0].column,
            problems.items[0].text);
}

static void assert_text_refused(const char *text, unsigned line, unsigned column, const char *fragment) {
    assert_refused(text, strlen(text), line, column, fragment);
}

static void test_every_type(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *root = parse_fine(
        "s = 'text'\ni = -7\nf = 3.0\nb = true\nd = 2026-01-02\nt = 10:11:12\ndt = 2026-01-02T10:11:12Z\n"
        "a = [1, \"two\"]\n[table]\nx = false\n");

    assert_string_equal(toml_member(root, "s")->string, "text");
    assert_int_equal(toml_member(root, "i")->integer, -7);
    assert_int_equal(toml_member(root, "f")->type, TOML_FLOAT);
    assert_int_equal(toml_member(root, "b")->integer, 1);
    assert_int_equal(toml_member(root, "d")->type, TOML_DATETIME);
    assert_int_equal(toml_member(root, "t")->type, TOML_DATETIME);
    assert_int_equal(toml_member(root, "dt")->type, TOML_DATETIME);
    assert_int_equal(toml_member(root, "a")->children->integer, 1);
    assert_null(toml_member(root, "a")->children->key);
    assert_string_equal(toml_member(root, "a")->children->next->string, "two");
    assert_int_equal(toml_member(toml_member(root, "table"), "x")->type, TOML_BOOLEAN);
    assert_null(toml_member(root, "S"));
    assert_null(toml_member(toml_member(root, "s"), "x"));
    assert_null(toml_member(NULL, "x"));
}

static void test_order_and_places_of_the_file(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *root = parse_fine("zeta = 1\n  alpha = 2\n\n[m.z]\nk = 3\n[m]\nb = 1\na = 2\n");
    const TomlNode *node = root->children;
    assert_int_equal(root->line, 0);
    assert_string_equal(node->key, "zeta");
    assert_int_equal(node->line, 1);
    assert_int_equal(node->column, 1);
    node = node->next;
    assert_string_equal(node->key, "alpha");
    assert_int_equal(node->line, 2);
    assert_int_equal(node->column, 3);
    node = node->next;
    assert_string_equal(node->key, "m");
    assert_int_equal(node->line, 4);
    assert_int_equal(node->column, 2);
    assert_string_equal(node->children->key, "z");
    assert_int_equal(node->children->column, 4);
    assert_string_equal(node->children->next->key, "b");
    assert_string_equal(node->children->next->next->key, "a");
    assert_null(node->next);
}

static void test_byte_order_mark_and_windows_lines(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *root = parse_fine(
        "\xef\xbb\xbf"
        "a = 1\r\n[t]\r\nb = \"x\"\r\n");
    assert_int_equal(toml_member(root, "a")->integer, 1);
    assert_string_equal(toml_member(toml_member(root, "t"), "b")->string, "x");
}

static void test_text_without_settings(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *nothing = parse_fine("");
    _cleanup_toml_ TomlNode *comment = parse_fine("# only\n\n# comments\n");
    assert_null(nothing->children);
    assert_null(comment->children);
}

static void test_blank_text(void **state) {
    (void)state;
    assert_true(toml_text_blank("", 0));
    assert_true(toml_text_blank(" \t\r\n\v\f", 6));
    assert_true(toml_text_blank("\xef\xbb\xbf\n", 4));
    assert_false(toml_text_blank(" x", 2));
    assert_false(toml_text_blank("\0", 1));
}

static void test_syntax_errors_have_a_place(void **state) {
    (void)state;
    assert_text_refused("a = 1\nb = \n", 2, 5, "this is no TOML");
    assert_text_refused("a = 1\na = 2\n", 2, 5, "cannot redefine");
    assert_text_refused("[t]\n[t]\n", 2, 1, "cannot redefine");
    assert_text_refused("a = \"open\n", 1, 10, "this is no TOML");
    assert_text_refused("a = 99999999999999999999\n", 1, 25, "not representable");
    assert_text_refused("key: value\n", 1, 4, "expected '='");
    assert_text_refused("a = \"\xff\"\n", 1, 5, "utf-8");
}

/* Each of these fails an assertion inside the parser instead of being reported by it. */
static void test_assertions_of_the_parser_are_errors(void **state) {
    (void)state;
    assert_text_refused("[[ [", 1, 0, "cannot be understood");
    assert_text_refused("a = 1\nb = 2\n[=]\nc = 3\n", 3, 0, "cannot be understood");
    assert_text_refused("a = 1\nb = 2\n[!", 3, 0, "cannot be understood");
}

/* The parser's own test for blanks was undefined on these; see toml.cc. */
static void test_letters_beyond_ascii(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *root = parse_fine("\"\xc3\xa9\" = \"\"\"\\\n  \xc3\xa9t\xc3\xa9\"\"\" # \xc3\xa9\n");
    assert_string_equal(toml_member(root, "\xc3\xa9")->string, "\xc3\xa9t\xc3\xa9");
    assert_text_refused("a = 1\n\xc3\xa9 = 1\n", 2, 1, "this is no TOML");
    assert_text_refused("a = 1\nb\xc2\xa0= 1\n", 2, 2, "expected space or tab");
    assert_text_refused("a = \xe2\x80\x9cquoted\xe2\x80\x9d\n", 1, 5, "this is no TOML");
}

static void test_other_formats_are_named(void **state) {
    (void)state;
    assert_text_refused("{\"a\": 1}", 1, 1, "looks like JSON");
    assert_text_refused("\n  [ {\"a\": 1} ]", 2, 0, "looks like JSON");
    assert_text_refused("<!DOCTYPE html>\n<html>", 1, 1, "looks like HTML");
    assert_text_refused("[x", 1, 3, "this is no TOML");
    assert_text_refused("[", 1, 2, "this is no TOML");
}

static void test_nul_bytes(void **state) {
    (void)state;
    static const char TEXT[] = "a = 1\nb\xc3\xa4 = \"x\0y\"\n";
    assert_refused(TEXT, sizeof TEXT - 1, 2, 8, "NUL byte");
    assert_refused("\0", 1, 1, 1, "NUL byte");
    static const char UTF16[] =
        "\xff\xfe"
        "a\0 \0=\0";
    assert_refused(UTF16, sizeof UTF16 - 1, 1, 4, "UTF-16");
}

static void test_escaped_nul_is_an_error_but_not_the_end(void **state) {
    (void)state;
    _cleanup_problems_ Problems problems = {0};
    _cleanup_toml_ TomlNode *root = parse("a = \"x\\u0000y\"\n\"k\\u0000\" = 1\n", &problems);
    assert_int_equal(problems.error_count, 2);
    assert_int_equal(problems.items[1].line, 2);
    assert_string_equal(toml_member(root, "a")->string, "x");
}

/* @head, then @part @count times, then @tail. Owned by the caller. */
static char *repeat(const char *head, const char *part, size_t count, const char *tail) {
    size_t length = strlen(head) + count * strlen(part) + strlen(tail);
    char *text = malloc(length + 1);
    assert_non_null(text);
    char *end = stpcpy(text, head);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, part);
    (void)stpcpy(end, tail);
    return text;
}

static void assert_deep_refused(const char *head, const char *part, size_t count, const char *tail) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *text = repeat(head, part, count, tail);
    TomlNode *root = NULL;
    assert_int_equal(toml_parse(text, strlen(text), &root, &problems), -EBADMSG);
    assert_null(root);
    assert_int_equal(problems.count, 1);
}

static void test_depth_costs_no_stack(void **state) {
    (void)state;
    assert_deep_refused("a = ", "[", 1000000, "");
    assert_deep_refused("a = ", "{a=", 300000, "1");
    assert_deep_refused("a", ".a", 500000, " = 1\n");
    assert_deep_refused("a", " . a", 250000, " = 1\n");
    assert_deep_refused("\"a\"", ".'a'", 250000, " = 1\n");
    assert_deep_refused("[a", ".a", 500000, "]\n");
    assert_deep_refused("[[a", ".a", 500000, "]]\n");
    assert_deep_refused("x = '''\n'''''\ny = \"\"\"\n\\\"\"\"\"\n[a", ".a", 100, "]\n");
    assert_deep_refused("[", "[", 1000000, "");
}

/* The deepest that passes: every level of nesting with a key of the most parts. */
static void test_deepest_file_is_fine(void **state) {
    (void)state;
    enum { TABLES = TOML_DEPTH_MAX - 1 };
    _cleanup_free_ char *nested = repeat("", "{ a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p = ", TABLES, "");
    _cleanup_free_ char *open = repeat("[a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p]\nx = ", nested, 1, "1");
    _cleanup_free_ char *text = repeat(open, "}", TABLES, "\n");
    _cleanup_toml_ TomlNode *root = parse_fine(text);
    assert_non_null(root->children);
}

static void test_dots_elsewhere_are_no_depth(void **state) {
    (void)state;
    _cleanup_toml_ TomlNode *root = parse_fine(
        "# ..................................................\n"
        "a = \"..........................\" # ................\n"
        "b = '..........................'\n"
        "c = \"\"\"\n............\"................\"\"........\\\"\"\".....\"\"\"\"\"\n"
        "d = '''\n...........................'..........''''\n"
        "e = [1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0]\n"
        "f = \"\"\n\"....................\" = 1\ng = \"\\\\\"\nh = '\\'\n");
    assert_int_equal(toml_member(root, "....................")->integer, 1);
}

static void test_wide_file_is_fine(void **state) {
    (void)state;
    _cleanup_free_ char *text = repeat("a = [", "1,", 500000, "]\n");
    _cleanup_toml_ TomlNode *root = parse_fine(text);
    assert_int_equal(root->children->type, TOML_ARRAY);
}

/* The bytes of the value at @path must be @expected. */
static void check_spelling(const char *text, const char *path, const char *expected) {
    _cleanup_toml_ TomlNode *root = parse_fine(text);
    const TomlNode *node = schema_find(root, path);
    assert_non_null(node);
    size_t length = node->value_end - node->value_begin;
    if (length != strlen(expected) || memcmp(text + node->value_begin, expected, length) != 0)
        fail_msg("'%s' expected, '%.*s' found in %s", expected, (int)length, text + node->value_begin, text);
}

static void test_bytes_of_values(void **state) {
    (void)state;
    check_spelling("a = 'x'", "a", "'x'"); /* the file ends with the value */
    check_spelling("a = 'x' # \xc3\xa9\n", "a", "'x'");
    check_spelling("\xef\xbb\xbf\"\xc3\xa9\xf0\x9f\x98\x80\" = 1\r\na\t=\t\"\xc3\xa9\"\t\r\n", "a", "\"\xc3\xa9\"");
    check_spelling("\xef\xbb\xbf\"\xc3\xa9\".a=-7", "\xc3\xa9.a", "-7");
    check_spelling("a = 1.5e3\n", "a", "1.5e3");
    check_spelling("a = 2026-01-02 10:11:12Z # when\n", "a", "2026-01-02 10:11:12Z");
    check_spelling("a = true\n", "a", "true");
    check_spelling("a = [ # \xc3\xa9\n'\xc3\xa9',\n] # end\n", "a", "[ # \xc3\xa9\n'\xc3\xa9',\n]");
    check_spelling("a = []\n", "a", "[]");
    check_spelling("a = [{ b = 1 }]\n", "a", "[{ b = 1 }]");
    check_spelling("a = { b.c = 'x', d = 1 }\n", "a", "{ b.c = 'x', d = 1 }");
    check_spelling("a = { b.c = 'x', d = 1 }\n", "a.b.c", "'x'");
    check_spelling("a = { b.c = 'x', d = 1 }\n", "a.b", "");
    check_spelling(
        "a . b = \"\"\"\r\n\xc3\xa9\"\"\\\r\n  \"\"\"\"\"#\r\n", "a.b", "\"\"\"\r\n\xc3\xa9\"\"\\\r\n  \"\"\"\"\"");
    check_spelling("a.b = '''\n''''' # x", "a.b", "'''\n'''''");
    check_spelling("[a.b]\nc = ''\n", "a.b.c", "''");
    check_spelling("[a.b]\nc = ''\n", "a.b", "");
    check_spelling("[[a]]\nb = 1\n", "a", "");
    check_spelling("", "", "");
}

/* Values in each other, and more code points than there are marks between them. */
static void test_bytes_of_values_in_a_long_line(void **state) {
    static const char PAIR[] = "['\xc3\xa9', \"\xf0\x9f\x98\x80\"]";
    (void)state;
    _cleanup_free_ char *text = repeat("a = [", "['\xc3\xa9', \"\xf0\x9f\x98\x80\"], ", 20000, "[]]");
    _cleanup_toml_ TomlNode *root = parse_fine(text);
    const TomlNode *pair = root->children->children;
    for (; pair->next; pair = pair->next) {
        assert_memory_equal(text + pair->value_begin, PAIR, strlen(PAIR));
        assert_int_equal(pair->value_end - pair->value_begin, strlen(PAIR));
        assert_int_equal(pair->children->value_begin, pair->value_begin + 1);
        assert_int_equal(pair->children->value_end, pair->value_begin + 5);
        assert_int_equal(pair->children->next->value_begin, pair->value_begin + 7);
        assert_int_equal(pair->children->next->value_end, pair->value_end - 1);
    }
    assert_string_equal(text + pair->value_begin, "[]]");
}

static void test_type_names(void **state) {
    (void)state;
    for (int type = TOML_TABLE; type <= TOML_DATETIME; type++)
        assert_string_not_equal(toml_type_name((TomlType)type), "something else");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_order_and_places_of_the_file),
        cmocka_unit_test(test_byte_order_mark_and_windows_lines),
        cmocka_unit_test(test_text_without_settings),
        cmocka_unit_test(test_blank_text),
        cmocka_unit_test(test_syntax_errors_have_a_place),
        cmocka_unit_test(test_assertions_of_the_parser_are_errors),
        cmocka_unit_test(test_letters_beyond_ascii),
        cmocka_unit_test(test_other_formats_are_named),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_escaped_nul_is_an_error_but_not_the_end),
        cmocka_unit_test(test_depth_costs_no_stack),
        cmocka_unit_test(test_deepest_file_is_fine),
        cmocka_unit_test(test_dots_elsewhere_are_no_depth),
        cmocka_unit_test(test_wide_file_is_fine),
        cmocka_unit_test(test_bytes_of_values),
        cmocka_unit_test(test_bytes_of_values_in_a_long_line),
        cmocka_unit_test(test_type_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
