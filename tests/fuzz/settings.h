/* What holds for settings that were accepted, whatever file they come from: what their table of keys promises. */
#pragma once

#include "config/problems.h"
#include "config/schema.h"
#include "tests/fuzz/input.h"

/* A default need not pass: it may stand for a table that is not there. */
static inline void expect_string(const SchemaKey *key, const char *text) {
    bool is_default = key->string ? text && streq(text, key->string) : !text;
    expect(is_default || (text && (!key->check || !key->check(text))));
}

static inline void expect_list(const SchemaKey *key, char *const *list) {
    for (; list && *list; list++)
        expect(!key->check || !key->check(*list));
}

static inline void expect_pairs(const SchemaKey *key, const StringPairs *pairs) {
    for (size_t i = 0; i < pairs->count; i++) {
        expect(pairs->items[i].key != NULL);
        expect(pairs->items[i].value && !key->check(pairs->items[i].value));
    }
}

static inline void expect_in_limits(const SchemaKey *key, const void *target) {
    const char *member = (const char *)target + key->offset;
    switch (key->type) {
    case SCHEMA_NUMBER:
        expect(*(const uint64_t *)(const void *)member >= key->minimum);
        expect(*(const uint64_t *)(const void *)member <= key->maximum);
        break;
    case SCHEMA_CHOICE:
        expect(*(const unsigned *)(const void *)member < key->choice_count);
        break;
    case SCHEMA_STRING:
        expect_string(key, *(char *const *)(const void *)member);
        break;
    case SCHEMA_LIST:
        expect_list(key, *(char **const *)(const void *)member);
        break;
    case SCHEMA_PAIRS:
        expect_pairs(key, (const StringPairs *)(const void *)member);
        break;
    case SCHEMA_BOOLEAN:
    case SCHEMA_RETIRED:
        break;
    }
}

/** Every value that @target holds is within the limits of @schema, and can be printed. */
static inline void expect_settings(const Schema *schema, const void *target) {
    for (size_t i = 0; i < schema->count; i++) {
        expect_in_limits(&schema->keys[i], target);
        if (schema->keys[i].type != SCHEMA_RETIRED) {
            char *printed = schema_print(&schema->keys[i], target);
            expect(printed != NULL);
            free(printed);
        }
    }
}

/** Findings fit the result, stand in the order of the file, and are safe for a terminal. */
static inline void expect_findings(const Problems *problems, int result) {
    Failure failure = {0};
    expect(result == (problems->error_count > 0 ? -EBADMSG : 0));
    expect(problems->count <= PROBLEMS_MAX + 1);
    for (size_t i = 0; i < problems->count; i++)
        expect_printable(problems->items[i].text);
    for (size_t i = 1; i + 1 < problems->count; i++)
        expect(problems->items[i - 1].line <= problems->items[i].line);
    (void)problems_describe(problems, "config.toml", -EBADMSG, &failure);
}
