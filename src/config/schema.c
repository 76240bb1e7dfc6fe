#include "config/schema.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int set_default(const SchemaKey *key, char *member) {
    switch (key->type) {
    case SCHEMA_NUMBER:
        *(uint64_t *)(void *)member = key->number;
        return 0;
    case SCHEMA_BOOLEAN:
        *(bool *)member = key->number != 0;
        return 0;
    case SCHEMA_CHOICE:
        *(unsigned *)(void *)member = (unsigned)key->number;
        return 0;
    case SCHEMA_STRING:
        if (!key->string)
            return 0;
        *(char **)(void *)member = strdup(key->string);
        return *(char **)(void *)member ? 0 : -ENOMEM;
    case SCHEMA_LIST:
        *(char ***)(void *)member = calloc(1, sizeof(char *));
        return *(char ***)(void *)member ? 0 : -ENOMEM;
    case SCHEMA_PAIRS:
    case SCHEMA_RETIRED:
        return 0;
    }
    return 0;
}

int schema_defaults(const Schema *schema, void *target) {
    for (size_t i = 0; i < schema->count; i++) {
        int r = set_default(&schema->keys[i], (char *)target + schema->keys[i].offset);
        if (r < 0)
            return r;
    }
    return 0;
}

static void free_pairs(StringPairs *pairs) {
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].key);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (StringPairs){0};
}

static void free_member(const SchemaKey *key, char *member) {
    if (key->type == SCHEMA_STRING) {
        free(*(char **)(void *)member);
        *(char **)(void *)member = NULL;
    } else if (key->type == SCHEMA_LIST) {
        string_list_free(*(char ***)(void *)member);
        *(char ***)(void *)member = NULL;
    } else if (key->type == SCHEMA_PAIRS) {
        free_pairs((StringPairs *)(void *)member);
    }
}

void schema_free(const Schema *schema, void *target) {
    for (size_t i = 0; i < schema->count; i++)
        free_member(&schema->keys[i], (char *)target + schema->keys[i].offset);
}

/* In quotes where blanks, commas or the word's end would be in doubt otherwise. */
static void print_word(FILE *stream, const char *word) {
    if (*word && !strpbrk(word, " \t\r\n,\"\\")) {
        (void)fputs(word, stream);
        return;
    }
    (void)fputc('"', stream);
    for (; *word; word++) {
        if (*word == '"' || *word == '\\')
            (void)fputc('\\', stream);
        (void)fputc(*word, stream);
    }
    (void)fputc('"', stream);
}

static void print_list(FILE *stream, char *const *list) {
    for (size_t i = 0; list && list[i]; i++) {
        if (i > 0)
            (void)fputc(' ', stream);
        print_word(stream, list[i]);
    }
}

static void print_pairs(FILE *stream, const StringPairs *pairs) {
    for (size_t i = 0; i < pairs->count; i++) {
        if (i > 0)
            (void)fputs(", ", stream);
        print_word(stream, pairs->items[i].key);
        (void)fputs(" -> ", stream);
        print_word(stream, pairs->items[i].value);
    }
}

static void print_member(FILE *stream, const SchemaKey *key, const char *member) {
    switch (key->type) {
    case SCHEMA_NUMBER:
        (void)fprintf(stream, "%llu", (unsigned long long)*(const uint64_t *)(const void *)member);
        break;
    case SCHEMA_BOOLEAN:
        (void)fputs(*(const bool *)member ? "true" : "false", stream);
        break;
    case SCHEMA_CHOICE:
        (void)fputs(key->choices[*(const unsigned *)(const void *)member], stream);
        break;
    case SCHEMA_STRING:
        if (*(char *const *)(const void *)member)
            (void)fputs(*(char *const *)(const void *)member, stream);
        break;
    case SCHEMA_LIST:
        print_list(stream, *(char **const *)(const void *)member);
        break;
    case SCHEMA_PAIRS:
        print_pairs(stream, (const StringPairs *)(const void *)member);
        break;
    case SCHEMA_RETIRED:
        break;
    }
}

char *schema_print(const SchemaKey *key, const void *target) {
    _cleanup_free_ char *text = NULL;
    size_t length = 0;

    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return NULL;
    print_member(stream, key, (const char *)target + key->offset);
    bool failed = ferror(stream);
    if (fclose(stream) != 0 || failed)
        return NULL;
    return TAKE_PTR(text);
}

static const TomlNode *find_member(const TomlNode *table, const char *name, size_t length) {
    if (table->type != TOML_TABLE)
        return NULL;
    for (const TomlNode *child = table->children; child; child = child->next)
        if (strlen(child->key) == length && strncasecmp(child->key, name, length) == 0)
            return child;
    return NULL;
}

const TomlNode *schema_find(const TomlNode *root, const char *path) {
    const TomlNode *node = root;
    while (node && *path) {
        size_t length = strcspn(path, ".");
        node = find_member(node, path, length);
        path += length + (path[length] == '.');
    }
    return node;
}

/* Half of the longer word may differ: the choices are few and short ("warn" means "warning"). */
const char *schema_nearest(const char *value, const char *const *choices, size_t count) {
    const char *nearest = NULL;
    unsigned least = 0;
    for (size_t i = 0; i < count; i++) {
        size_t longer = strlen(value) > strlen(choices[i]) ? strlen(value) : strlen(choices[i]);
        unsigned distance = string_distance(value, choices[i]);
        if (distance * 2 <= longer && (!nearest || distance < least)) {
            nearest = choices[i];
            least = distance;
        }
    }
    return nearest;
}
