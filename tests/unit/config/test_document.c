/* docs/configuration.md has one row for every key, with the type, default and limits of the key table. */
#include "config/keys.h"

#include "base/files.h"
#include "tests/unit/config/workspace.h"

#include <inttypes.h>

static const char DOCUMENT[] = "docs/configuration.md"; /* the test runs in the source's root */

static const char *const TYPE_NAMES[] = {
    [SCHEMA_NUMBER] = "number", [SCHEMA_BOOLEAN] = "true or false", [SCHEMA_CHOICE] = "choice",
    [SCHEMA_STRING] = "string", [SCHEMA_LIST] = "list of strings",  [SCHEMA_PAIRS] = "table",
};

static void print_default(FILE *stream, const SchemaKey *key) {
    if (key->required_in)
        (void)fputs("required", stream);
    else if (key->type == SCHEMA_NUMBER)
        (void)fprintf(stream, "`%" PRIu64 "`", key->number);
    else if (key->type == SCHEMA_BOOLEAN)
        (void)fprintf(stream, "`%s`", key->number ? "true" : "false");
    else if (key->type == SCHEMA_CHOICE)
        (void)fprintf(stream, "`\"%s\"`", key->choices[key->number]);
    else if (key->type == SCHEMA_STRING && !key->string)
        (void)fputs("none", stream);
    else if (key->type == SCHEMA_STRING && streq(key->string, DEFAULT_ASSET_NAME))
        (void)fputs("`\"vega-linux-amd64.zip\"`", stream); /* on every machine the document says it for this one */
    else if (key->type == SCHEMA_STRING)
        (void)fprintf(stream, "`\"%s\"`", key->string);
    else
        (void)fputs("empty", stream);
}

static void print_limits(FILE *stream, const SchemaKey *key) {
    if (key->type == SCHEMA_NUMBER)
        (void)fprintf(stream, "%" PRIu64 " to %" PRIu64, key->minimum, key->maximum);
    for (size_t i = 0; i < key->choice_count; i++)
        (void)fprintf(stream, "%s`%s`", i > 0 ? ", " : "", key->choices[i]);
    if (key->type == SCHEMA_LIST && key->minimum > 0)
        (void)fprintf(stream, "at least %" PRIu64, key->minimum);
}

/* How the row of @key begins; the meaning follows. Owned by the caller. */
static char *row_head(const SchemaKey *key) {
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    (void)fprintf(stream, "\n| `%s` | %s | ", key->path, TYPE_NAMES[key->type]);
    print_default(stream, key);
    (void)fputs(" | ", stream);
    print_limits(stream, key);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static size_t check_rows(const Schema *schema, const char *document) {
    size_t rows = 0;
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->keys[i].type == SCHEMA_RETIRED)
            continue;
        _cleanup_free_ char *head = row_head(&schema->keys[i]);
        if (!strstr(document, head))
            fail_msg("%s has no row that begins like this:%s", DOCUMENT, head);
        rows++;
    }
    return rows;
}

static void test_every_key_has_its_row(void **state) {
    (void)state;
    Failure failure = {0};
    char *document = NULL;
    size_t length = 0, rows = 0;

    if (file_read(DOCUMENT, (size_t)1024 * 1024, &document, &length, &failure) < 0)
        fail_msg("%s", failure.message);
    size_t expected = check_rows(&CONFIG_KEYS, document) + check_rows(&RUN_CONFIG_KEYS, document);
    for (const char *row = strstr(document, "\n| `"); row; row = strstr(row + 1, "\n| `"))
        rows++;
    free(document);
    assert_int_equal(rows, expected); /* no row without its key */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
