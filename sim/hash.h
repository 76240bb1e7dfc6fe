/* FNV-1a: a number for a text where the real thing has one of its own, and nobody means harm. */
#pragma once

#include <stdint.h>

static inline uint64_t hash_text(const char *text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}
