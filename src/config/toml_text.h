/* Looks at TOML text before and after the parser does: for what it does not bear, and for what it words badly. */
#pragma once

#include "config/problems.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TOML_KEY_PARTS_MAX = 16, /* parts of one dotted key */
    TOML_DEPTH_MAX = 32,     /* lists and inline tables within each other */
};

/**
 * Checks @length bytes for NUL bytes and for dotted keys of more than TOML_KEY_PARTS_MAX parts: the parser makes a
 * table of each part and goes through them recursively, so a long key would overflow the stack.
 *
 * Returns 0, or -EBADMSG with the finding added to @problems.
 */
MUST_USE int toml_text_check(const char *text, size_t length, Problems *problems);

/** What @text seems to be if it is no TOML, as the end of a sentence; "" if nothing special. */
const char *toml_text_hint(const char *text, size_t length);

/** Does @text consist of nothing but white space (and a byte order mark)? */
bool toml_text_blank(const char *text, size_t length);

#ifdef __cplusplus
}
#endif
