#include "base/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What was allocated since a parse began, so that it can be left at any moment. */
typedef struct Parsing {
    jmp_buf out_of_memory;
    void **blocks;
    size_t count;
    size_t capacity;
} Parsing;

/* jansson's functions for memory are the whole program's, and know nothing of who asks. */
static Parsing *parsing;

/* Never returns without memory. */
static void *allocate(size_t bytes) {
    void *block = parsing->count < parsing->capacity ? malloc(bytes) : NULL;
    if (!block)
        longjmp(parsing->out_of_memory, 1);
    parsing->blocks[parsing->count++] = block;
    return block;
}

/* What goes again is as a rule what came last. */
static void release(void *block) {
    size_t i = parsing->count;
    while (i > 0 && parsing->blocks[i - 1] != block)
        i--;
    if (i > 0)
        parsing->blocks[i - 1] = parsing->blocks[--parsing->count];
    free(block);
}

static void give_up(Parsing *given_up) {
    for (size_t i = 0; i < given_up->count; i++)
        free(given_up->blocks[i]);
}

/* A frame of its own: what lives in registers is not kept by longjmp(). */
static json_t *
parse(Parsing *now, const char *text, size_t length, size_t flags, json_error_t *error, int *ret_result) {
    *ret_result = -ENOMEM;
    parsing = now;
    if (setjmp(now->out_of_memory) != 0) {
        give_up(now);
        return NULL;
    }
    json_t *value = json_loadb(text, length, flags, error);
    *ret_result = value ? 0 : -EBADMSG;
    return value;
}

int json_parse(const char *text, size_t length, size_t flags, json_t **ret, json_error_t *error) {
    enum {
        BLOCKS_A_BYTE = 3,
        BLOCKS_AT_LEAST = 64
    }; /* "[[[[" has three for each: the list, its table, its place */
    Parsing now = {.capacity = length * BLOCKS_A_BYTE + BLOCKS_AT_LEAST};
    int result;

    *ret = NULL;
    now.blocks = calloc(now.capacity, sizeof *now.blocks);
    if (!now.blocks)
        return -ENOMEM;
    json_set_alloc_funcs(allocate, release);
    *ret = parse(&now, text, length, flags, error, &result);
    json_set_alloc_funcs(malloc, free);
    parsing = NULL;
    free(now.blocks);
    return result;
}

int json_take(json_t *value, const char *format, ...) {
    json_error_t error;
    va_list values;
    va_start(values, format);
    int r = json_vunpack_ex(value, &error, 0, format, values);
    va_end(values);
    if (r < 0)
        return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
    return 0;
}

char *json_print(const json_t *value, size_t flags) {
    size_t length = json_dumpb(value, NULL, 0, flags);
    char *text = length > 0 ? malloc(length + 1) : NULL;
    if (!text)
        return NULL;
    if (json_dumpb(value, text, length, flags) != length) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}
