#include "config/schema.h"
#include "config/schema_value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PATH_MAX_BYTES = 128 };

/*
 * A name that the key table knows: the first `length` bytes of a key's path. If that is the whole path it is the
 * key itself, otherwise a table in front of it.
 */
typedef struct KnownName {
    const SchemaKey *key;
    size_t length;
} KnownName;

typedef struct Reader {
    const Schema *schema;
    void *target;
    Problems *problems;
    size_t earlier_errors; /* in `problems`, of other files */
} Reader;

static bool is_table(const KnownName *name) {
    return name->key->path[name->length] == '.';
}

/* If @key lies below the table @prefix: what its path goes on with there; otherwise NULL. */
static const char *segment_below(const SchemaKey *key, const char *prefix, size_t prefix_length) {
    if (prefix_length == 0)
        return key->path;
    if (strncmp(key->path, prefix, prefix_length) != 0 || key->path[prefix_length] != '.')
        return NULL;
    return key->path + prefix_length + 1;
}

static bool find_known(const Schema *schema, const KnownName *table, const char *name, KnownName *ret) {
    for (size_t i = 0; i < schema->count; i++) {
        const SchemaKey *key = &schema->keys[i];
        const char *segment = segment_below(key, table->key->path, table->length);
        size_t length = segment ? strcspn(segment, ".") : 0;
        if (segment && strlen(name) == length && strncasecmp(segment, name, length) == 0) {
            *ret = (KnownName){.key = key, .length = (size_t)(segment - key->path) + length};
            return true;
        }
    }
    return false;
}

/* The segment at the end of a known name. */
static const char *last_segment(const KnownName *name) {
    size_t start = name->length;
    while (start > 0 && name->key->path[start - 1] != '.')
        start--;
    return name->key->path + start;
}

/* An earlier member that bears the name of @node in another letter case. */
static const TomlNode *earlier_twin(const TomlNode *table, const TomlNode *node) {
    for (const TomlNode *child = table->children; child != node; child = child->next)
        if (strcasecmp(child->key, node->key) == 0)
            return child;
    return NULL;
}

static bool check_twin(const Reader *reader, const TomlNode *table, const TomlNode *node) {
    const TomlNode *twin = earlier_twin(table, node);
    if (!twin)
        return true;
    problems_add(
        reader->problems, PROBLEM_ERROR, node->line, node->column,
        "key '%s' is there twice: line %u has '%s', and letter case makes no difference; keep one",
        PRINTABLE(node->key), twin->line, PRINTABLE(twin->key));
    return false;
}

static void check_case(const Reader *reader, const KnownName *name, const TomlNode *node) {
    const char *segment = last_segment(name);
    size_t length = strlen(node->key);
    if (memcmp(segment, node->key, length) != 0)
        problems_add(
            reader->problems, PROBLEM_WARNING, node->line, node->column,
            "key '%s' is understood as '%.*s'; write it so", PRINTABLE(node->key), (int)length, segment);
}

/* Where the key table has @name below another table: the first `*ret_length` bytes of the result. */
static const char *find_elsewhere(const Schema *schema, const char *name, size_t *ret_length) {
    for (size_t i = 0; i < schema->count; i++) {
        const SchemaKey *key = &schema->keys[i];
        if (key->type == SCHEMA_RETIRED)
            continue;
        for (const char *segment = key->path; segment; segment = strchr(segment, '.')) {
            segment += *segment == '.';
            size_t length = strcspn(segment, ".");
            if (strlen(name) == length && strncasecmp(segment, name, length) == 0) {
                *ret_length = (size_t)(segment - key->path) + length;
                return key->path;
            }
        }
    }
    return NULL;
}

/* The nearest name in the same table, at most a third of it wrong. */
static bool find_nearest(const Schema *schema, const KnownName *table, const char *name, KnownName *ret) {
    unsigned least = 0;
    bool found = false;
    for (size_t i = 0; i < schema->count; i++) {
        const SchemaKey *key = &schema->keys[i];
        const char *segment = segment_below(key, table->key->path, table->length);
        char candidate[PATH_MAX_BYTES];
        if (!segment || key->type == SCHEMA_RETIRED)
            continue;
        int length = (int)strcspn(segment, ".");
        (void)snprintf(candidate, sizeof candidate, "%.*s", length, segment);
        unsigned distance = string_distance(name, candidate);
        if (distance * 3 > (unsigned)length + 1 || (found && distance >= least))
            continue;
        *ret = (KnownName){.key = key, .length = (size_t)(segment - key->path) + (size_t)length};
        least = distance;
        found = true;
    }
    return found;
}

static void describe_elsewhere(char *buffer, size_t size_bytes, const char *path, size_t length) {
    size_t table_length = length;
    while (table_length > 0 && path[table_length - 1] != '.')
        table_length--;
    if (path[length] == '.')
        (void)snprintf(buffer, size_bytes, "; write it as [%.*s]", (int)length, path);
    else if (table_length == 0)
        (void)snprintf(buffer, size_bytes, "; it belongs to the top of the file, above the first [table]");
    else
        (void)snprintf(buffer, size_bytes, "; it belongs below [%.*s]", (int)table_length - 1, path);
}

static void
describe_cure(const Reader *reader, const KnownName *table, const TomlNode *node, char *buffer, size_t size_bytes) {
    KnownName nearest;
    size_t length = 0;

    buffer[0] = '\0';
    if (reader->problems->count >= PROBLEMS_MAX)
        return; /* nobody will read it: a huge file of junk must not cost seconds */
    const char *elsewhere = find_elsewhere(reader->schema, node->key, &length);
    if (elsewhere)
        describe_elsewhere(buffer, size_bytes, elsewhere, length);
    else if (find_nearest(reader->schema, table, node->key, &nearest))
        (void)snprintf(buffer, size_bytes, "; did you mean '%.*s'?", (int)nearest.length, nearest.key->path);
}

static void report_unknown(const Reader *reader, const KnownName *table, const TomlNode *node) {
    char cure[PATH_MAX_BYTES];
    describe_cure(reader, table, node, cure, sizeof cure);
    problems_add(
        reader->problems, PROBLEM_WARNING, node->line, node->column, "unknown %s '%.*s%s%s' is ignored%s",
        node->type == TOML_TABLE ? "table" : "key", (int)table->length, table->key->path,
        table->length > 0 ? "." : "", PRINTABLE(node->key), cure);
}

static bool expect_table(const Reader *reader, const KnownName *name, const TomlNode *node) {
    char subject[PATH_MAX_BYTES];
    if (node->type == TOML_TABLE)
        return true;
    (void)snprintf(subject, sizeof subject, "'%.*s'", (int)name->length, name->key->path);
    schema_report_type(
        subject, node, "a table", node->type == TOML_ARRAY ? "; write its name in single brackets" : "",
        reader->problems);
    return false;
}

static int read_table(const Reader *reader, const TomlNode *table, const KnownName *name);

static int
read_member(const Reader *reader, const TomlNode *table, const KnownName *table_name, const TomlNode *node) {
    KnownName name;
    if (!find_known(reader->schema, table_name, node->key, &name)) {
        report_unknown(reader, table_name, node);
        return 0;
    }
    if (!check_twin(reader, table, node))
        return 0;
    check_case(reader, &name, node);
    if (!is_table(&name))
        return schema_store(name.key, node, reader->target, reader->problems);
    return expect_table(reader, &name, node) ? read_table(reader, node, &name) : 0;
}

/* So many errors that more would not be shown: the file is refused, whatever else is in it. */
static bool is_hopeless(const Reader *reader) {
    return reader->problems->error_count - reader->earlier_errors > PROBLEMS_MAX;
}

static int read_table(const Reader *reader, const TomlNode *table, const KnownName *name) {
    for (const TomlNode *child = table->children; child && !is_hopeless(reader); child = child->next) {
        int r = read_member(reader, table, name, child);
        if (r < 0)
            return r;
    }
    return 0;
}

/* The innermost table on the way to @path that the file has. */
static const TomlNode *nearest_table(const TomlNode *root, const char *path) {
    const TomlNode *nearest = root;
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        char prefix[PATH_MAX_BYTES];
        (void)snprintf(prefix, sizeof prefix, "%.*s", (int)(dot - path), path);
        const TomlNode *node = schema_find(root, prefix);
        if (!node)
            break;
        nearest = node;
    }
    return nearest;
}

static void check_required(const SchemaKey *key, const TomlNode *root, Problems *problems) {
    if (!key->required_in || schema_find(root, key->path) || !schema_find(root, key->required_in))
        return;
    const TomlNode *table = nearest_table(root, key->path);
    if (table->type == TOML_TABLE) /* otherwise that is the finding */
        problems_add(
            problems, PROBLEM_ERROR, table->line, table->column, "'%s' is missing; %s", key->path, key->cure);
}

int schema_read(const Schema *schema, const TomlNode *root, void *target, Problems *problems) {
    Reader reader = {
        .schema = schema,
        .target = target,
        .problems = problems,
        .earlier_errors = problems->error_count,
    };
    KnownName file = {.key = schema->keys, .length = 0};

    int r = read_table(&reader, root, &file);
    if (r < 0)
        return r;
    for (size_t i = 0; i < schema->count; i++)
        check_required(&schema->keys[i], root, problems);
    return 0;
}
