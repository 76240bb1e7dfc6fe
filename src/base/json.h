/* jansson with this code base's habits: references that clean up after themselves. */
#pragma once

#include <jansson.h>

static inline void cleanup_json(json_t **value) {
    json_decref(*value);
}
#define _cleanup_json_ __attribute__((__cleanup__(cleanup_json)))
