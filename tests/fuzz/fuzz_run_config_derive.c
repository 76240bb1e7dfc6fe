/*
 * Whatever the file of an operator holds: the run-config that is made out of it is refused with a reason, or is one
 * that can be made again without a change and be taken there and back.
 */
#include "base/cleanup.h"
#include "config/run_config_derive.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
    if (!holds)
        abort();
}

/* Owned by the caller; NULL if it was refused. */
static char *derive_release(const char *text, size_t length, const char *tag, const char *binary) {
    _cleanup_problems_ Problems problems = {0};
    char *result = NULL;
    int r = run_config_derive(text, length, tag, binary, &result, &problems);
    expect(r == 0 || r == -EBADMSG);
    expect((r == 0) == (result != NULL));
    expect((r == 0) == (problems.error_count == 0));
    return result;
}

static void expect_derived(const char *text, const char *tag, const char *binary, const char *expected) {
    _cleanup_free_ char *result = derive_release(text, strlen(text), tag, binary);
    expect(result && streq(result, expected));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { MOST_BYTES = 64 * 1024 }; /* far from the limit at which the longer of two results is refused */
    static const char TAG[] = "v0.80.0", OTHER_TAG[] = "v1";
    static const char BINARY[] = "vega", OTHER_BINARY[] = "bin/\"\\\x7f\xc3\xa9";
    const char *text = (const char *)data;
    if (size > MOST_BYTES)
        return 0;

    _cleanup_free_ char *one = derive_release(text, size, TAG, BINARY);
    _cleanup_free_ char *other = derive_release(text, size, OTHER_TAG, OTHER_BINARY);
    expect(!one == !other);
    if (!one || !other)
        return 0;
    expect_derived(one, TAG, BINARY, one);
    expect_derived(other, OTHER_TAG, OTHER_BINARY, other);
    /* What is right keeps the spelling that it has; after one exchange all is in Visor's. */
    _cleanup_free_ char *there = derive_release(one, strlen(one), OTHER_TAG, OTHER_BINARY);
    _cleanup_free_ char *back = derive_release(other, strlen(other), TAG, BINARY);
    expect(there && back);
    expect_derived(there, TAG, BINARY, back);
    expect_derived(back, OTHER_TAG, OTHER_BINARY, there);
    return 0;
}
