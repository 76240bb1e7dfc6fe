/*
 * TOML text as a plain C tree. This header is the only door to toml++; toml.cc behind it is the only C++ of Visor.
 */
#pragma once

#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum TomlType {
    TOML_TABLE,
    TOML_ARRAY,
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_DATETIME, /* date, time or both: Visor has no key of that kind, the value is not kept */
} TomlType;

/** One value. Members of tables and items of arrays hang below `children` in the order of the file. */
typedef struct TomlNode TomlNode;
struct TomlNode {
    TomlType type;
    char *key;     /* NULL for the root and for array items */
    unsigned line; /* where the key (or the item) stands; from 1, 0 = unknown */
    unsigned column;
    /* The bytes of the text that spell the value, its quotes or brackets included and nothing around it. Both 0 if
     * no single place does: the root, tables of headers and dotted keys, lists of [[headers]]. */
    size_t value_begin;
    size_t value_end;
    char *string;    /* TOML_STRING */
    int64_t integer; /* TOML_INTEGER; TOML_BOOLEAN as 0 or 1 */
    TomlNode *children;
    TomlNode *next; /* the next sibling */
};

/**
 * Parses @length bytes of TOML 1.0.
 *
 * @ret is the root table, owned by the caller (toml_free). Returns 0; -EBADMSG if the text is no valid TOML, with
 * the parser's message and place added to @problems (and a hint when it looks like JSON or HTML); -ENOMEM.
 *
 * A key or string with a NUL in it (\u0000) is reported as an error, too, and cut there, but the rest of the tree
 * is good: Returns 0, so that the caller finds all errors at once and then looks at error_count.
 */
MUST_USE int toml_parse(const char *text, size_t length, TomlNode **ret, Problems *problems);

/** Frees a tree; NULL is fine. */
void toml_free(TomlNode *root);

/** The member @key of @table, letter case respected; NULL if there is none or @table is no table. */
const TomlNode *toml_member(const TomlNode *table, const char *key);

/** What a person calls @type: "a string", "a table", ... */
const char *toml_type_name(TomlType type);

static inline void cleanup_toml(TomlNode **root) {
    toml_free(*root);
}
#define _cleanup_toml_ __attribute__((__cleanup__(cleanup_toml)))

#ifdef __cplusplus
}
#endif
