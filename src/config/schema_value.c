#include "config/schema_value.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SUBJECT_MAX = 160 };

/* The value under examination: what it is called and where findings go. */
typedef struct Subject {
    const SchemaKey *key;
    char name[SUBJECT_MAX]; /* 'rpc.timeoutMilliseconds', word 2 of 'hooks.failed' */
    Problems *problems;
} Subject;

void schema_report_type(
    const char *subject, const TomlNode *node, const char *wanted, const char *cure, Problems *problems) {
    const char *found =
        node->type == TOML_BOOLEAN ? (node->integer ? "true" : "false") : toml_type_name(node->type);
    problems_add(
        problems, PROBLEM_ERROR, node->line, node->column, "%s is %s, but must be %s%s", subject, found, wanted,
        cure);
}

static int store_number(const Subject *subject, const TomlNode *node, uint64_t *member) {
    const SchemaKey *key = subject->key;
    if (node->type != TOML_INTEGER) {
        const char *cure = node->type == TOML_STRING  ? "; write it without quotes"
                           : node->type == TOML_FLOAT ? "; write it without a fraction"
                                                      : "";
        schema_report_type(subject->name, node, "a whole number", cure, subject->problems);
    } else if (
        node->integer < 0 || (uint64_t)node->integer < key->minimum || (uint64_t)node->integer > key->maximum) {
        problems_add(
            subject->problems, PROBLEM_ERROR, node->line, node->column,
            "%s is %" PRId64 ", but must be a whole number from %" PRIu64 " to %" PRIu64, subject->name,
            node->integer, key->minimum, key->maximum);
    } else {
        *member = (uint64_t)node->integer;
    }
    return 0;
}

static int store_boolean(const Subject *subject, const TomlNode *node, bool *member) {
    if (node->type == TOML_BOOLEAN)
        *member = node->integer != 0;
    else
        schema_report_type(
            subject->name, node, "true or false", node->type == TOML_STRING ? "; write it without quotes" : "",
            subject->problems);
    return 0;
}

static bool expect_string(const Subject *subject, const TomlNode *node) {
    if (node->type == TOML_STRING)
        return true;
    bool is_plain = node->type != TOML_TABLE && node->type != TOML_ARRAY;
    schema_report_type(subject->name, node, "a string", is_plain ? "; put it in quotes" : "", subject->problems);
    return false;
}

static void report_value(const Subject *subject, const TomlNode *node, const char *expectation) {
    problems_add(
        subject->problems, PROBLEM_ERROR, node->line, node->column, "%s is \"%s\", but %s", subject->name,
        PRINTABLE(node->string), expectation);
}

static void report_choice(const Subject *subject, const TomlNode *node) {
    const SchemaKey *key = subject->key;
    const char *nearest = schema_nearest(node->string, key->choices, key->choice_count);
    char names[SUBJECT_MAX] = "";
    size_t used = 0;

    for (size_t i = 0; i < key->choice_count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", key->choices[i]);
    problems_add(
        subject->problems, PROBLEM_ERROR, node->line, node->column, "%s is \"%s\", but must be one of %s%s%s%s",
        subject->name, PRINTABLE(node->string), names, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
        nearest ? "\"?" : "");
}

static int store_choice(const Subject *subject, const TomlNode *node, unsigned *member) {
    if (!expect_string(subject, node))
        return 0;
    for (size_t i = 0; i < subject->key->choice_count; i++) {
        if (streq(node->string, subject->key->choices[i])) {
            *member = (unsigned)i;
            return 0;
        }
    }
    report_choice(subject, node);
    return 0;
}

/* A copy of the string that passed its checks, "" of one that did not. */
static int copy_string(const Subject *subject, const TomlNode *node, char **ret) {
    const char *value = "";
    if (expect_string(subject, node)) {
        const char *expectation = subject->key->check ? subject->key->check(node->string) : NULL;
        if (expectation)
            report_value(subject, node, expectation);
        value = node->string;
    }
    *ret = strdup(value);
    return *ret ? 0 : -ENOMEM;
}

static int store_string(const Subject *subject, const TomlNode *node, char **member) {
    char *copy = NULL;
    int r = copy_string(subject, node, &copy);
    if (r < 0)
        return r;
    free(*member);
    *member = copy;
    return 0;
}

static size_t child_count(const TomlNode *node) {
    size_t count = 0;
    for (const TomlNode *child = node->children; child; child = child->next)
        count++;
    return count;
}

static int copy_words(const Subject *subject, const TomlNode *node, char **words) {
    size_t count = 0;
    for (const TomlNode *child = node->children; child; child = child->next) {
        Subject word = {.key = subject->key, .problems = subject->problems};
        (void)snprintf(word.name, sizeof word.name, "word %zu of '%s'", count + 1, subject->key->path);
        int r = copy_string(&word, child, &words[count++]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int store_list(const Subject *subject, const TomlNode *node, char ***member) {
    _cleanup_string_list_ char **words = NULL;

    if (node->type != TOML_ARRAY) {
        const char *cure = node->type == TOML_STRING ? "; write [\"one\", \"string\", \"a word\"]" : "";
        schema_report_type(subject->name, node, "a list of strings", cure, subject->problems);
        return 0;
    }
    size_t count = child_count(node);
    if (count < subject->key->minimum)
        problems_add(
            subject->problems, PROBLEM_ERROR, node->line, node->column, "%s is empty; %s", subject->name,
            subject->key->cure);

    words = calloc(count + 1, sizeof *words);
    if (!words)
        return -ENOMEM;
    int r = copy_words(subject, node, words);
    if (r < 0)
        return r;
    string_list_free(*member);
    *member = TAKE_PTR(words);
    return 0;
}

/* v0.73.0 = "..." without quotes round the tag is the number 73 in a table v0. */
static bool expect_pair(const Subject *subject, const TomlNode *node) {
    if (node->type != TOML_TABLE)
        return true;
    problems_add(
        subject->problems, PROBLEM_ERROR, node->line, node->column,
        "%s has a table '%s', but each entry must be \"tag\" = \"value\"; put a tag in quotes, it has dots in it",
        subject->name, PRINTABLE(node->key));
    return false;
}

static int store_pair(const Subject *subject, const TomlNode *node, StringPairs *pairs) {
    Subject value = {.key = subject->key, .problems = subject->problems};
    StringPair *pair = &pairs->items[pairs->count];

    if (!expect_pair(subject, node))
        return 0;
    (void)snprintf(value.name, sizeof value.name, "'%s' of '%s'", PRINTABLE(node->key), subject->key->path);
    pair->key = strdup(node->key);
    if (!pair->key)
        return -ENOMEM;
    pairs->count++; /* now schema_free knows of it */
    return copy_string(&value, node, &pair->value);
}

static int store_pairs(const Subject *subject, const TomlNode *node, StringPairs *pairs) {
    if (node->type != TOML_TABLE) {
        schema_report_type(
            subject->name, node, "a table", node->type == TOML_ARRAY ? "; write its name in single brackets" : "",
            subject->problems);
        return 0;
    }
    pairs->items = calloc(child_count(node) + 1, sizeof *pairs->items);
    if (!pairs->items)
        return -ENOMEM;
    for (const TomlNode *child = node->children; child; child = child->next) {
        int r = store_pair(subject, child, pairs);
        if (r < 0)
            return r;
    }
    return 0;
}

int schema_store(const SchemaKey *key, const TomlNode *node, void *target, Problems *problems) {
    Subject subject = {.key = key, .problems = problems};
    void *member = (char *)target + key->offset;

    (void)snprintf(subject.name, sizeof subject.name, "'%s'", key->path);
    switch (key->type) {
    case SCHEMA_NUMBER:
        return store_number(&subject, node, member);
    case SCHEMA_BOOLEAN:
        return store_boolean(&subject, node, member);
    case SCHEMA_CHOICE:
        return store_choice(&subject, node, member);
    case SCHEMA_STRING:
        return store_string(&subject, node, member);
    case SCHEMA_LIST:
        return store_list(&subject, node, member);
    case SCHEMA_PAIRS:
        return store_pairs(&subject, node, member);
    case SCHEMA_RETIRED:
        return 0;
    }
    return 0;
}
