/* jansson with this code base's habits: references that clean up after themselves, and text that is right or none.
 */
#pragma once

#include "base/failure.h"

#include <jansson.h>

static inline void cleanup_json(json_t **value) {
    json_decref(*value);
}
#define _cleanup_json_ __attribute__((__cleanup__(cleanup_json)))

/**
 * Parses @length bytes. jansson itself, where it is refused memory, takes a text for damaged, leaves characters out
 * of its strings without a word, or writes over memory that is not its own. For one thread only.
 *
 * @flags  of json_loadb()
 * @ret    owned by the caller; NULL unless 0 is returned
 * @error  what is wrong, of -EBADMSG; may be NULL
 * Returns 0; -EBADMSG if it is no JSON; -ENOMEM.
 */
MUST_USE int json_parse(const char *text, size_t length, size_t flags, json_t **ret, json_error_t *error);

/** json_unpack_ex(). Returns 0; -EBADMSG if @value is not like @format; -ENOMEM, which it needs some of, too. */
MUST_USE int json_take(json_t *value, const char *format, ...);

/**
 * Returns @value as text, which the caller frees; NULL if there is no memory, or if there are no values but those
 * of objects and lists and @flags do not allow that. json_dumps(), where it is refused memory, leaves keys out.
 */
char *json_print(const json_t *value, size_t flags);
