#include "config/run_config_derive.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "config/config_file.h"
#include "config/keys.h"
#include "config/run_config.h"
#include "core/tag.h"

#include <string.h>

enum { EDITS_MAX = 4 }; /* name, two paths, one argument */

/* A string of the file, and the one or two strings that take its place. */
typedef struct Edit {
    const TomlNode *node;
    const char *values[2];
} Edit;

typedef struct Derivation {
    const char *text;
    size_t length;
    const char *tag;
    bool inserts_name;
    Edit edits[EDITS_MAX]; /* in the order of the file */
    size_t edit_count;
} Derivation;

static bool has_bytes(const Derivation *derivation, const TomlNode *node) {
    const char *text = derivation->text;
    return node->type == TOML_STRING && node->value_begin + 2 <= node->value_end &&
           node->value_end <= derivation->length && strchr("\"'", text[node->value_begin]) &&
           text[node->value_begin] == text[node->value_end - 1];
}

/* What is right already keeps its spelling. Returns false if the place of the string is not known. */
static bool add_edit(Derivation *derivation, const TomlNode *node, const char *value, const char *second_value) {
    if (node && node->type == TOML_STRING && streq(node->string, value))
        return true;
    if (!node || !has_bytes(derivation, node) || derivation->edit_count == EDITS_MAX)
        return false;
    size_t place = derivation->edit_count++;
    for (; place > 0 && derivation->edits[place - 1].node->value_begin > node->value_begin; place--)
        derivation->edits[place] = derivation->edits[place - 1];
    derivation->edits[place] = (Edit){.node = node, .values = {value, second_value}};
    return true;
}

static bool plan(Derivation *derivation, const TomlNode *root, const char *binary) {
    const TomlNode *name = schema_find(root, "name");
    const TomlNode *path = schema_find(root, "data_node.binary.path");
    const TomlNode *arguments = schema_find(root, "data_node.binary.args");

    derivation->inserts_name = !name;
    return (!name || add_edit(derivation, name, derivation->tag, NULL)) &&
           add_edit(derivation, schema_find(root, "vega.binary.path"), binary, NULL) &&
           (!path || add_edit(derivation, path, binary, NULL)) &&
           (!arguments || add_edit(derivation, arguments->children, "datanode", "start"));
}

static void write_string(FILE *out, const char *value) {
    (void)fputc('"', out);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c < 0x20 || c == 0x7f)
            (void)fprintf(out, "\\u%04x", c);
        else
            (void)fprintf(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    (void)fputc('"', out);
}

/* The first line, in front of comments too: below any [table] it would be another key. */
static size_t write_name(const Derivation *derivation, FILE *out) {
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
    size_t mark_length = strlen(BYTE_ORDER_MARK);
    bool has_mark =
        derivation->length >= mark_length && memcmp(derivation->text, BYTE_ORDER_MARK, mark_length) == 0;
    const char *newline = memchr(derivation->text, '\n', derivation->length);
    bool has_windows_lines = newline && newline > derivation->text && newline[-1] == '\r';

    (void)fprintf(out, "%sname = ", has_mark ? BYTE_ORDER_MARK : "");
    write_string(out, derivation->tag);
    (void)fputs(has_windows_lines ? "\r\n" : "\n", out);
    return has_mark ? mark_length : 0;
}

static void write_result(const Derivation *derivation, FILE *out) {
    size_t done = derivation->inserts_name ? write_name(derivation, out) : 0;
    for (size_t i = 0; i < derivation->edit_count; i++) {
        const Edit *edit = &derivation->edits[i];
        (void)fwrite(derivation->text + done, 1, edit->node->value_begin - done, out);
        write_string(out, edit->values[0]);
        if (edit->values[1]) {
            (void)fputs(", ", out);
            write_string(out, edit->values[1]);
        }
        done = edit->node->value_end;
    }
    (void)fwrite(derivation->text + done, 1, derivation->length - done, out);
}

static int print_result(const Derivation *derivation, char **ret, size_t *ret_length) {
    FILE *out = open_memstream(ret, ret_length);
    if (!out)
        return -ENOMEM;
    write_result(derivation, out);
    bool failed = ferror(out);
    return fclose(out) != 0 || failed ? -ENOMEM : 0;
}

/* Parses and checks as run_config_load() does; only errors are reported. */
static int read_tree(const char *text, size_t length, TomlNode **ret, Problems *problems) {
    _cleanup_problems_ Problems found = {0};
    _cleanup_toml_ TomlNode *root = NULL;
    RunConfig config = {0};

    int r = toml_parse(text, length, &root, &found);
    if (r >= 0)
        r = schema_defaults(&RUN_CONFIG_KEYS, &config);
    if (r >= 0)
        r = schema_read(&RUN_CONFIG_KEYS, root, &config, &found);
    schema_free(&RUN_CONFIG_KEYS, &config);
    if (r == -ENOMEM)
        return r;
    problems_sort(&found);
    for (size_t i = 0; i < found.count; i++)
        if (found.items[i].severity == PROBLEM_ERROR)
            problems_add(
                problems, PROBLEM_ERROR, found.items[i].line, found.items[i].column, "%s", found.items[i].text);
    if (r < 0 || found.error_count > 0)
        return -EBADMSG;
    *ret = TAKE_PTR(root);
    return 0;
}

static const Edit *find_edit(const Derivation *derivation, const TomlNode *node) {
    for (size_t i = 0; i < derivation->edit_count; i++)
        if (derivation->edits[i].node == node)
            return &derivation->edits[i];
    return NULL;
}

static bool have_equal_keys(const TomlNode *before, const TomlNode *after) {
    return before->key && after->key ? streq(before->key, after->key) : before->key == after->key;
}

static bool
have_equal_bytes(const char *before_text, const TomlNode *before, const char *after_text, const TomlNode *after) {
    size_t length = before->value_end - before->value_begin;
    return after->value_end - after->value_begin == length &&
           memcmp(before_text + before->value_begin, after_text + after->value_begin, length) == 0;
}

/* Consumes what the edit has put in the place of its node. */
static bool edit_matches(const Edit *edit, const TomlNode **after) {
    for (size_t i = 0; i < 2 && edit->values[i]; i++) {
        const TomlNode *node = *after;
        if (!node || node->type != TOML_STRING || !streq(node->string, edit->values[i]) ||
            !have_equal_keys(edit->node, node))
            return false;
        *after = node->next;
    }
    return true;
}

static bool
lists_match(const Derivation *derivation, const TomlNode *before, const char *after_text, const TomlNode *after) {
    for (; before; before = before->next) {
        const Edit *edit = find_edit(derivation, before);
        if (edit && !edit_matches(edit, &after))
            return false;
        if (edit)
            continue;
        if (!after || before->type != after->type || !have_equal_keys(before, after))
            return false;
        bool is_leaf = before->type != TOML_TABLE && before->type != TOML_ARRAY;
        if (is_leaf && !have_equal_bytes(derivation->text, before, after_text, after))
            return false;
        if (!lists_match(derivation, before->children, after_text, after->children))
            return false;
        after = after->next;
    }
    return !after;
}

/* Does @text hold the tree before, with the edits made and nothing else? */
static int verify(const Derivation *derivation, const TomlNode *root, const char *text, size_t length) {
    _cleanup_problems_ Problems found = {0};
    _cleanup_toml_ TomlNode *result = NULL;

    int r = length <= CONFIG_FILE_MAX_BYTES ? read_tree(text, length, &result, &found) : -EBADMSG;
    if (r < 0)
        return r;
    const TomlNode *after = result->children;
    if (derivation->inserts_name) {
        const TomlNode name = {.type = TOML_STRING, .key = (char[]){"name"}};
        const Edit insertion = {.node = &name, .values = {derivation->tag}};
        if (!edit_matches(&insertion, &after))
            return -EBADMSG;
    }
    return lists_match(derivation, root->children, text, after) ? 0 : -EBADMSG;
}

static int derive(Derivation *derivation, const char *binary, char **ret, Problems *problems) {
    _cleanup_toml_ TomlNode *root = NULL;
    _cleanup_free_ char *result = NULL;
    size_t length = 0;

    int r = read_tree(derivation->text, derivation->length, &root, problems);
    if (r < 0)
        return r;
    r = plan(derivation, root, binary) ? print_result(derivation, &result, &length) : -EBADMSG;
    if (r >= 0)
        r = verify(derivation, root, result, length);
    if (r == -EBADMSG)
        problems_add(
            problems, PROBLEM_ERROR, 0, 0,
            "this file cannot be adapted to the release %s with certainty; write that release's run-config.toml by "
            "hand",
            derivation->tag);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(result);
    return 0;
}

int run_config_derive(
    const char *text, size_t length, const char *tag, const char *binary, char **ret, Problems *problems) {
    Derivation derivation = {.text = text, .length = length, .tag = tag};
    if (!tag_is_plain(tag)) {
        problems_add(problems, PROBLEM_ERROR, 0, 0, "'%s' is no plain release tag such as v0.80.0", PRINTABLE(tag));
        return -EBADMSG;
    }
    return derive(&derivation, binary, ret, problems);
}
