/* A string-to-string table of a configuration file, in the order of the file. */
#pragma once

#include <stddef.h>

typedef struct StringPair {
    char *key;
    char *value;
} StringPair;

typedef struct StringPairs {
    StringPair *items;
    size_t count;
} StringPairs;
