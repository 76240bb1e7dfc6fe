/*
 * The keys of a configuration file as a table: path, type, default, limits, and the member of a C struct that takes
 * the value. Reading, freeing, printing and documenting a file are each one walk over that table.
 */
#pragma once

#include "config/string_pairs.h"
#include "config/toml.h"

#include <stdint.h>

typedef enum SchemaType {
    SCHEMA_NUMBER,  /* uint64_t */
    SCHEMA_BOOLEAN, /* bool */
    SCHEMA_CHOICE,  /* an enum whose values count from 0 */
    SCHEMA_STRING,  /* char *; NULL if the key is missing and has no default */
    SCHEMA_LIST,    /* char **: strings, NULL-terminated; empty if the key is missing */
    SCHEMA_PAIRS,   /* StringPairs: a table whose keys are free */
    SCHEMA_RETIRED, /* no member: known, but left to the caller */
} SchemaType;

/** Says what a value must be ("must be ..."), or NULL if @value is fine. */
typedef const char *(*SchemaCheck)(const char *value);

typedef struct SchemaKey {
    const char *path; /* with the tables in front: "autoInstall.asset.name" */
    SchemaType type;
    size_t offset;      /* of the member */
    uint64_t number;    /* the default of a number, boolean or choice */
    const char *string; /* the default of a string */
    uint64_t minimum;   /* of a number; of a list: how many strings at least */
    uint64_t maximum;
    const char *const *choices;
    size_t choice_count;
    SchemaCheck check;       /* of a string; of each string of a list or table */
    const char *required_in; /* the table that must not go without the key; "" = the file; NULL = optional */
    const char *cure;        /* what to write if a required key is missing */
} SchemaKey;

typedef struct Schema {
    const SchemaKey *keys;
    size_t count;
} Schema;

/** offsetof that only compiles if the member has the type the table says. */
#define SCHEMA_OFFSET(structure, member, member_type)                                                              \
    (offsetof(structure, member) + 0 * sizeof(_Generic(((structure *)0)->member, member_type : 1)))

/**
 * Fills @target, which is all zero, with the defaults. Returns 0, or -ENOMEM; then schema_free still has to be
 * called.
 */
MUST_USE int schema_defaults(const Schema *schema, void *target);

/**
 * Checks the file @root against the table and stores its values in @target, on top of the defaults.
 *
 * Letter case of keys is ignored with a warning, unknown keys are warned about, whatever is wrong is an error in
 * @problems. Returns 0, whatever was found, or -ENOMEM.
 */
MUST_USE int schema_read(const Schema *schema, const TomlNode *root, void *target, Problems *problems);

/** Frees what hangs below @target; its members are zero then. */
void schema_free(const Schema *schema, void *target);

/** The value of @key, printed for a person; different values print differently. Owned by the caller; NULL: -ENOMEM.
 */
char *schema_print(const SchemaKey *key, const void *target);

/** The node of @path in the file, letter case ignored; NULL if the file has none. */
const TomlNode *schema_find(const TomlNode *root, const char *path);

/** The one of @choices that a person most likely meant by @value, or NULL if none is near. */
const char *schema_nearest(const char *value, const char *const *choices, size_t count);
