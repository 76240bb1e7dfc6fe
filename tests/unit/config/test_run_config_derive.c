#include "config/run_config_derive.c" /* its last look is met by no file, so it is called from here */

#include "base/files.h"
#include "config/config_file.h"
#include "config/schema.h"
#include "tests/fuzz/fuzz_run_config_derive.c"
#include "tests/unit/config/workspace.h"

static const char CORPUS[] = "tests/fuzz/corpus/run_config_derive"; /* the test runs in the source's root */

static char *derive_text(const char *text, const char *binary, Problems *problems) {
    char *result = NULL;
    int r = run_config_derive(text, strlen(text), "v2.0.0", binary, &result, problems);
    assert_int_equal(r, problems->error_count > 0 ? -EBADMSG : 0);
    assert_int_equal(result != NULL, r == 0);
    return result;
}

/* The release v2.0.0 with the binary "vega" must get exactly @expected. */
static void check_derived(const char *text, const char *expected) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *result = derive_text(text, "vega", &problems);
    assert_findings(&problems, "");
    assert_string_equal(result, expected);
}

static void check_refused(const char *text, const char *expected) {
    _cleanup_problems_ Problems problems = {0};
    assert_null(derive_text(text, "vega", &problems));
    assert_findings(&problems, expected);
}

#define RPC "[vega.rpc]\nsocketPath = '/s'\n"
#define VEGA "[vega.binary]\npath = 'old'\nargs = ['start']\n" RPC
#define NEW_VEGA "[vega.binary]\npath = \"vega\"\nargs = ['start']\n" RPC
#define NAMED "name = 'v2.0.0'\n"

static void test_comments_order_and_spelling_stay(void **state) {
    (void)state;
    check_derived(
        "# of \xc3\xa9mile\n\n  name\t=  \"v1.0.0\" # the tag\n\n[vega]\n  [vega.rpc]\n"
        "    socketPath = '/tmp/vega.sock'\n    httpPath = \"/rpc\"\n\n\n  [vega.binary]\n"
        "    args = [ 'start', \"--home\" , \"/x\" ] # \xf0\x9f\x98\x80\n\t path='/old/v1.0.0/vega'#path = 'vega'\n"
        "[unknown]\nx = [ 1.0,2026-01-02 ,  0x10 ]\n# the end, without a line end",
        "# of \xc3\xa9mile\n\n  name\t=  \"v2.0.0\" # the tag\n\n[vega]\n  [vega.rpc]\n"
        "    socketPath = '/tmp/vega.sock'\n    httpPath = \"/rpc\"\n\n\n  [vega.binary]\n"
        "    args = [ 'start', \"--home\" , \"/x\" ] # \xf0\x9f\x98\x80\n\t path=\"vega\"#path = 'vega'\n"
        "[unknown]\nx = [ 1.0,2026-01-02 ,  0x10 ]\n# the end, without a line end");
}

static void test_what_is_right_keeps_its_spelling(void **state) {
    (void)state;
    static const char TEXT[] = "name = '''v2.0.0'''\n[vega.binary]\npath = 'vega'\nargs = ['start']\n" RPC
                               "[data_node.binary]\npath = \"\\u0076ega\"\nargs = ['datanode']\n";
    check_derived(TEXT, TEXT);
}

static void test_spellings_of_strings(void **state) {
    (void)state;
    static const char *const OLD[] = {
        "'v1'",
        "\"v1\"",
        "'''v1'''",
        "\"\"\"v1\"\"\"",
        "\"\"\"\nv\\\n   1\"\"\"",
        "'''\n''v1'''''",
        "\"\\U0001F600\\\"\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\"\"a\r\n\"\"b\"\"\"\"\"",
        "''",
        "\"\"",
    };
    for (size_t i = 0; i < sizeof OLD / sizeof *OLD; i++) {
        _cleanup_free_ char *text = string_format("name = %s # %s\n" VEGA, OLD[i], "'x'");
        check_derived(text, "name = \"v2.0.0\" # 'x'\n" NEW_VEGA);
    }
}

static void test_ways_to_write_the_same_table(void **state) {
    (void)state;
    check_derived(
        NAMED "vega.binary.path = 'old'\nvega.binary.args = ['start']\nvega.rpc.socketPath = '/s'\n",
        NAMED "vega.binary.path = \"vega\"\nvega.binary.args = ['start']\nvega.rpc.socketPath = '/s'\n");
    check_derived(
        NAMED "vega = { binary = { path = 'old', args = ['start'] }, rpc.socketPath = '/s' }\n",
        NAMED "vega = { binary = { path = \"vega\", args = ['start'] }, rpc.socketPath = '/s' }\n");
    check_derived(
        NAMED "[vega]\nbinary.\"path\" = 'old'\n'binary' . args = [\n'start'\n]\n" RPC,
        NAMED "[vega]\nbinary.\"path\" = \"vega\"\n'binary' . args = [\n'start'\n]\n" RPC);
    check_derived(
        "[VEGA.Binary]\nPath = 'old'\nargs = ['start']\n[VEGA.RPC]\nsocketPath = '/s'\n",
        "name = \"v2.0.0\"\n[VEGA.Binary]\nPath = \"vega\"\nargs = ['start']\n[VEGA.RPC]\nsocketPath = '/s'\n");
    check_derived("Name = 'x'\n" VEGA, "Name = \"v2.0.0\"\n" NEW_VEGA);
}

static void test_name_is_inserted(void **state) {
    (void)state;
    check_derived(VEGA, "name = \"v2.0.0\"\n" NEW_VEGA);
    check_derived("# first\n" VEGA, "name = \"v2.0.0\"\n# first\n" NEW_VEGA);
    check_derived(
        "\n" VEGA "name = 'of the socket'\n", "name = \"v2.0.0\"\n\n" NEW_VEGA "name = 'of the socket'\n");
    check_derived("\xef\xbb\xbf" VEGA, "\xef\xbb\xbfname = \"v2.0.0\"\n" NEW_VEGA);
    check_derived(
        "[vega.rpc]\r\nsocketPath = '/s'\r\n[vega.binary]\r\nargs = ['start']\r\npath = 'old'\r\n",
        "name = \"v2.0.0\"\r\n[vega.rpc]\r\nsocketPath = '/s'\r\n[vega.binary]\r\nargs = ['start']\r\npath = "
        "\"vega\"\r\n");
    check_derived(
        "vega = {binary={path='old',args=['start']},rpc={socketPath='/s'}}",
        "name = \"v2.0.0\"\nvega = {binary={path=\"vega\",args=['start']},rpc={socketPath='/s'}}");
}

static void test_byte_order_mark_and_windows_lines(void **state) {
    (void)state;
    check_derived(
        "\xef\xbb\xbfname = 'v1' # \xc3\xa9\r\n[vega.rpc]\r\nsocketPath = '''\r\n/s'''\r\n[vega.binary]\r\n"
        "args = [\r\n'start', # \xc3\xa9\r\n]\r\npath = 'old'",
        "\xef\xbb\xbfname = \"v2.0.0\" # \xc3\xa9\r\n[vega.rpc]\r\nsocketPath = '''\r\n/s'''\r\n[vega.binary]\r\n"
        "args = [\r\n'start', # \xc3\xa9\r\n]\r\npath = \"vega\"");
}

#define DATA_NODE(path, arguments) NAMED NEW_VEGA "[data_node.binary]\nargs = " arguments "\npath = " path "\n"

static void test_data_node(void **state) {
    (void)state;
    check_derived(
        DATA_NODE("'data-node'", "['node', '--home', '/x']"),
        DATA_NODE("\"vega\"", "[\"datanode\", \"start\", '--home', '/x']"));
    check_derived(
        DATA_NODE("'data-node'", "['datanode', 'start', '--home', '/x']"),
        DATA_NODE("\"vega\"", "['datanode', 'start', '--home', '/x']"));
    check_derived(DATA_NODE("'old'", "['datanode']"), DATA_NODE("\"vega\"", "['datanode']"));
    check_derived(DATA_NODE("'old'", "['x',]"), DATA_NODE("\"vega\"", "[\"datanode\", \"start\",]"));
    check_derived(
        DATA_NODE(
            "'old'", "[ # words ] \"\n  # one, 'two'\n  \"\"\"\n\xc3\xa9\"]\"\"\" # three\n  , # \xc3\xa9\n'x'\n]"),
        DATA_NODE(
            "\"vega\"",
            "[ # words ] \"\n  # one, 'two'\n  \"datanode\", \"start\" # three\n  , # \xc3\xa9\n'x'\n]"));
    check_derived(
        NAMED "data_node = { binary = { args = ['start'], path = 'old' } }\n" NEW_VEGA,
        NAMED "data_node = { binary = { args = [\"datanode\", \"start\"], path = \"vega\" } }\n" NEW_VEGA);
}

static void test_binaries_are_escaped(void **state) {
    (void)state;
    static const char BINARY[] = "bin/\"v\\e\tg\x7f\xc3\xa9'";
    _cleanup_problems_ Problems problems = {0};
    _cleanup_free_ char *result = derive_text(NAMED VEGA, BINARY, &problems);
    _cleanup_toml_ TomlNode *root = NULL;
    assert_non_null(strstr(result, "path = \"bin/\\\"v\\\\e\\u0009g\\u007f\xc3\xa9'\"\n"));
    assert_int_equal(toml_parse(result, strlen(result), &root, &problems), 0);
    assert_string_equal(schema_find(root, "vega.binary.path")->string, BINARY);
}

#define BY_HAND                                                                                                    \
    "error 0:0 this file cannot be adapted to the release v2.0.0 with certainty; write that release's "            \
    "run-config.toml by hand\n"

static void test_binaries_that_do_not_fit_are_refused(void **state) {
    (void)state;
    static const char *const BINARIES[] = {"", "<VEGA>", "\xff", "ve\xc3"};
    for (size_t i = 0; i < sizeof BINARIES / sizeof *BINARIES; i++) {
        _cleanup_problems_ Problems problems = {0};
        assert_null(derive_text(NAMED VEGA, BINARIES[i], &problems));
        assert_findings(&problems, BY_HAND);
    }
}

static void test_tags_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const TAGS[] = {"", "../v2", "v2\"", "current", "v\n"};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        _cleanup_problems_ Problems problems = {0};
        char *result = NULL;
        assert_int_equal(run_config_derive(VEGA, strlen(VEGA), TAGS[i], "vega", &result, &problems), -EBADMSG);
        assert_null(result);
        assert_one_finding(&problems, PROBLEM_ERROR, "no plain release tag");
    }
}

static void test_files_with_errors_are_refused(void **state) {
    (void)state;
    check_refused(
        "",
        "error 0:0 'vega.binary.path' is missing; write path = \"FILE\": the program, relative to this folder or absolute\n"
        "error 0:0 'vega.binary.args' is missing; write what follows the program, such as args = [\"start\", \"--home\", \"DIR\"]\n"
        "error 0:0 'vega.rpc.socketPath' is missing; it is the SocketPath below [Admin.Server] in the core's own config.toml\n");
    check_refused(
        VEGA "[data_node.binary]\nargs = ['x']\n",
        "error 6:12 'data_node.binary.path' is missing; write path = \"FILE\": the program, relative to this folder or absolute\n");
    check_refused(
        "name = 7\n" VEGA, "error 1:1 'name' is a whole number, but must be a string; put it in quotes\n");
    check_refused(
        "name = 'a'\nName = 'b'\n" VEGA,
        "error 2:1 key 'Name' is there twice: line 1 has 'name', and letter case makes no difference; keep one\n");
    check_refused(
        "name = 'a'\nname = 'b'\n" VEGA,
        "error 2:8 this is no TOML: error while parsing key-value pair: cannot redefine existing string 'name'\n");
    check_refused(
        "name = \"a\\u0000\"\n" VEGA, "error 1:1 a string with a NUL character (\\u0000) in it; remove it\n");
}

/* With the file at the limit the result would be one that is refused at the next start. */
static void test_result_over_the_limit_is_refused(void **state) {
    (void)state;
    _cleanup_free_ char *filler = calloc(1, CONFIG_FILE_MAX_BYTES + 1);
    memset(filler, 'x', CONFIG_FILE_MAX_BYTES - strlen(NAMED NEW_VEGA "#"));
    _cleanup_free_ char *fits = string_format(NAMED NEW_VEGA "#%s", filler);
    assert_int_equal(strlen(fits), CONFIG_FILE_MAX_BYTES);
    check_derived(fits, fits);
    memset(filler + strlen(filler), 'x', strlen("name = 'v2.0.0'\n"));
    _cleanup_free_ char *grows = string_format(NEW_VEGA "#%s", filler);
    assert_int_equal(strlen(grows), CONFIG_FILE_MAX_BYTES);
    check_refused(grows, BY_HAND);
}

/* Whatever went wrong while the text was edited: a result that is not exactly the wanted one is seen. */
static void test_wrong_results_are_seen(void **state) {
    (void)state;
    static const char TEXT[] = VEGA "[data_node.binary]\npath = 'x'\nargs = ['y', 'z']\n[more]\nf = 1.5\n";
#define RESULT(name, path, arguments, more)                                                                        \
    name "[vega.binary]\npath = " path "\nargs = ['start']\n" RPC                                                  \
         "[data_node.binary]\npath = 'vega'\nargs = [" arguments "]\n[more]\n" more
    static const char *const WRONG[] = {
        RESULT("", "'vega'", "'datanode', 'start', 'z'", "f = 1.5\n"),
        RESULT("name = 'v1.0.0'\n", "'vega'", "'datanode', 'start', 'z'", "f = 1.5\n"),
        RESULT("title = 'v2.0.0'\n", "'vega'", "'datanode', 'start', 'z'", "f = 1.5\n"),
        RESULT(NAMED, "'old'", "'datanode', 'start', 'z'", "f = 1.5\n"),
        RESULT(NAMED, "'vega'", "'y', 'z'", "f = 1.5\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start'", "f = 1.5\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z', 'z'", "f = 1.5\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', \"z\"", "f = 1.5\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", "f = 1.6\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", "f = 15\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", "f = 1.5\ng = 1\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", "g = 1.5\n"),
        RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", ""),
        "no = 'run-config'\n",
        "no TOML",
    };
    static const char RIGHT[] = RESULT(NAMED, "'vega'", "'datanode', 'start', 'z'", "f = 1.5\n");
    _cleanup_problems_ Problems problems = {0};
    _cleanup_toml_ TomlNode *root = NULL;
    Derivation derivation = {.text = TEXT, .length = strlen(TEXT), .tag = "v2.0.0"};

    assert_int_equal(read_tree(TEXT, strlen(TEXT), &root, &problems), 0);
    assert_true(plan(&derivation, root, "vega"));
    assert_int_equal(verify(&derivation, root, RIGHT, strlen(RIGHT)), 0);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (verify(&derivation, root, WRONG[i], strlen(WRONG[i])) != -EBADMSG)
            fail_msg("this passed: %s", WRONG[i]);
}

static void test_corpus(void **state) {
    (void)state;
    size_t count = 0, derived = 0;
    _cleanup_directory_ DIR *folder = opendir(CORPUS);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        _cleanup_free_ char *path = string_format("%s/%s", CORPUS, entry->d_name);
        _cleanup_free_ char *text = NULL, *result = NULL;
        size_t length = 0;
        if (file_read(path, CONFIG_FILE_MAX_BYTES, &text, &length, NULL) < 0)
            continue;
        assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, length), 0);
        result = derive_release(text, length, "v2.0.0", "vega");
        derived += result != NULL;
        count++;
    }
    assert_true(count >= 15);
    assert_true(derived >= 10);
}

/* Cut anywhere, or with any byte changed: refused, or right. */
static void test_damaged_files(void **state) {
    (void)state;
    static const char BYTES[] = "\"'#\n\r=[]{}.,\\\xc3\xef x";
    char text[] =
        "\xef\xbb\xbf# \xc3\xa9\r\nname='v'\r\n[vega]\r\nbinary={path=\"o\",args=['s']}\n[vega.rpc]\nsocketPath='''\n/s'''\n"
        "[data_node.binary]\npath='o'\nargs=[\n\"\"\"n\"\"\",#\n]\n";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char kept = text[i];
        assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, i), 0);
        for (size_t j = 0; j < sizeof BYTES; j++) {
            text[i] = BYTES[j];
            assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, sizeof text - 1), 0);
        }
        text[i] = kept;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comments_order_and_spelling_stay),
        cmocka_unit_test(test_what_is_right_keeps_its_spelling),
        cmocka_unit_test(test_spellings_of_strings),
        cmocka_unit_test(test_ways_to_write_the_same_table),
        cmocka_unit_test(test_name_is_inserted),
        cmocka_unit_test(test_byte_order_mark_and_windows_lines),
        cmocka_unit_test(test_data_node),
        cmocka_unit_test(test_binaries_are_escaped),
        cmocka_unit_test(test_binaries_that_do_not_fit_are_refused),
        cmocka_unit_test(test_tags_that_are_none_are_refused),
        cmocka_unit_test(test_files_with_errors_are_refused),
        cmocka_unit_test(test_result_over_the_limit_is_refused),
        cmocka_unit_test(test_wrong_results_are_seen),
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
