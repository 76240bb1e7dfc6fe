/*
 * Walks over JSON text without building a tree: an answer of 8 MiB would become ten times as much memory. Each
 * value is found by its brackets and quotes only; who wants one hands its slice to jansson, which checks it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct JsonSlice {
    const char *text;
    size_t length;
} JsonSlice;

/** A walk over the members of an object or the elements of an array. */
typedef struct JsonSkim {
    const char *next;
    const char *end;
    char closing; /* '}' or ']' */
    bool begun;
    bool broken; /* the text is no JSON */
} JsonSkim;

/** Begins at the object or array that @text is. Returns false if it is neither. */
bool json_skim_begin(JsonSkim *skim, JsonSlice text);

/**
 * The next member or element; @ret_key is the key with its quotes, as written, and empty in an array.
 * Returns false at the end, and with `broken` set where the text is no JSON.
 */
bool json_skim_next(JsonSkim *skim, JsonSlice *ret_key, JsonSlice *ret_value);

/** Is @slice exactly @text? */
bool json_slice_is(JsonSlice slice, const char *text);
