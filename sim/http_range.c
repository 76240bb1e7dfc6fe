#include "sim/http_range.h"

#include "base/strings.h"

#include <stdbool.h>

/* Reads digits at *@at and moves it behind them; false if there are none. Too many of them are UINT64_MAX. */
static bool read_number(const char **at, uint64_t *ret) {
    const char *begin = *at;
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(**at - '0'), &number))
            number = UINT64_MAX / 10;
    *ret = number;
    return *at > begin;
}

/* "-N": the last N bytes. */
static int read_suffix(const char *at, uint64_t size_bytes, HttpRange *ret) {
    uint64_t length;
    if (!read_number(&at, &length) || *at != '\0')
        return 0;
    if (length == 0 || size_bytes == 0)
        return -ERANGE;
    if (length > size_bytes)
        length = size_bytes;
    *ret = (HttpRange){.first = size_bytes - length, .length = length};
    return 1;
}

int http_range_parse(const char *text, uint64_t size_bytes, HttpRange *ret) {
    const char *at = string_after(text, "bytes=");
    uint64_t first;
    uint64_t last = UINT64_MAX;

    if (!at)
        return 0;
    if (*at == '-')
        return read_suffix(at + 1, size_bytes, ret);
    if (!read_number(&at, &first) || *at++ != '-')
        return 0;
    if (*at != '\0' && (!read_number(&at, &last) || *at != '\0'))
        return 0;
    if (last < first)
        return 0;
    if (first >= size_bytes)
        return -ERANGE;
    if (last >= size_bytes)
        last = size_bytes - 1;
    *ret = (HttpRange){.first = first, .length = last - first + 1};
    return 1;
}
