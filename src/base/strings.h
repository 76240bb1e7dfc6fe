/* Small helpers for strings; allocation failures are returned, never hidden. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline bool streq(const char *left, const char *right) {
    return __builtin_strcmp(left, right) == 0;
}

/** Does @text begin with @prefix? Returns what follows the prefix, or NULL. */
const char *string_after(const char *text, const char *prefix);

/** printf into a new string, owned by the caller; NULL when memory is out. */
__attribute__((__format__(__printf__, 1, 2), __malloc__)) char *string_format(const char *format, ...);

/** A copy of the NULL-terminated @list, owned by the caller (string_list_free); NULL when memory is out. */
char **string_list_copy(const char *const *list);

/** Frees a NULL-terminated list and its strings; NULL is fine. */
void string_list_free(char **list);

/** The number of strings in a NULL-terminated list; 0 for NULL. */
size_t string_list_length(const char *const *list);

static inline void cleanup_string_list(char ***list) {
    string_list_free(*list);
}
#define _cleanup_string_list_ __attribute__((__cleanup__(cleanup_string_list)))

/**
 * How many single-character edits turn @left into @right, letter case ignored: what "did you mean" is made of.
 * Both are cut at 64 characters.
 */
unsigned string_distance(const char *left, const char *right);

/**
 * The bytes of the UTF-8 sequence that @text begins with; 0 at the end and for what is no UTF-8 (RFC 3629: overlong
 * forms, surrogates, above U+10FFFF).
 */
size_t utf8_sequence_length(const char *text);

/** The same, and 0 for control characters (C0, DEL, C1): what a terminal would not print but obey. */
size_t printable_sequence_length(const char *text);

/**
 * Copies @text into @buffer of @size_bytes so that it is safe and whole on one line of a terminal or log: control
 * characters and bytes that are no UTF-8 become '?', too long ends in "...". Returns @buffer.
 */
const char *string_printable(char *buffer, size_t size_bytes, const char *text);
