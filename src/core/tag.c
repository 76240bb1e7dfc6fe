#include "core/tag.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The parts of a version, pointing into the text: v1.2.3-pre.1+build */
typedef struct Version {
    const char *numbers[3];
    size_t number_lengths[3];
    const char *prerelease; /* without the '-'; length 0 = none */
    size_t prerelease_length;
} Version;

static bool is_tag_character(char c) {
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '+' || c == '-';
}

bool tag_is_plain(const char *tag) {
    size_t length = strnlen(tag, RELEASE_TAG_MAX + 1);
    if (length == 0 || length > RELEASE_TAG_MAX || !isalnum((unsigned char)tag[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_tag_character(tag[i]))
            return false;
    return !strstr(tag, "..") && strcmp(tag, "current") != 0 && strcmp(tag, "genesis") != 0;
}

void tag_copy(char (*target)[RELEASE_TAG_MAX + 1], const char *tag) {
    size_t length = strnlen(tag, RELEASE_TAG_MAX);
    memcpy(*target, tag, length);
    (*target)[length] = '\0';
}

static size_t digits(const char *text) {
    return strspn(text, "0123456789");
}

static bool version_parse(const char *text, Version *ret) {
    *ret = (Version){0};
    if (*text == 'v')
        text++;
    for (size_t i = 0; i < 3; i++) {
        size_t length = digits(text);
        if (length == 0 || (i < 2 && text[length] != '.'))
            return false;
        ret->numbers[i] = text;
        ret->number_lengths[i] = length;
        text += length + (i < 2 ? 1 : 0);
    }
    if (*text == '-') {
        ret->prerelease = text + 1;
        ret->prerelease_length = strcspn(text + 1, "+");
        if (ret->prerelease_length == 0)
            return false;
        text += 1 + ret->prerelease_length;
    }
    return *text == '\0' || *text == '+';
}

/* Numbers of any length: no leading zeros left, the longer one is the greater. Below 0, 0 or above 0. */
static int compare_numbers(const char *left, size_t left_length, const char *right, size_t right_length) {
    while (left_length > 1 && *left == '0')
        left++, left_length--;
    while (right_length > 1 && *right == '0')
        right++, right_length--;
    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return memcmp(left, right, left_length);
}

/* semver.org 11.4: numbers by value, words by ASCII, numbers before words. */
static int compare_identifiers(const char *left, size_t left_length, const char *right, size_t right_length) {
    bool left_is_number = digits(left) >= left_length;
    bool right_is_number = digits(right) >= right_length;
    if (left_is_number && right_is_number)
        return compare_numbers(left, left_length, right, right_length);
    if (left_is_number != right_is_number)
        return left_is_number ? -1 : 1;

    size_t common = left_length < right_length ? left_length : right_length;
    int order = memcmp(left, right, common);
    if (order != 0)
        return order;
    return left_length == right_length ? 0 : left_length < right_length ? -1 : 1;
}

static size_t identifier_length(const char *text, size_t length) {
    const char *dot = memchr(text, '.', length);
    return dot ? (size_t)(dot - text) : length;
}

static int compare_prereleases(const Version *left, const Version *right) {
    const char *l = left->prerelease, *r = right->prerelease;
    size_t l_length = left->prerelease_length, r_length = right->prerelease_length;

    if (l_length == 0 || r_length == 0) /* a release is newer than its own pre-releases */
        return (l_length == 0) - (r_length == 0);
    for (;;) {
        size_t l_part = identifier_length(l, l_length), r_part = identifier_length(r, r_length);
        int order = compare_identifiers(l, l_part, r, r_part);
        if (order != 0)
            return order;
        bool l_last = l_part == l_length, r_last = r_part == r_length;
        if (l_last || r_last)
            return r_last - l_last;
        l += l_part + 1, l_length -= l_part + 1;
        r += r_part + 1, r_length -= r_part + 1;
    }
}

TagOrder tag_compare(const char *tag, const char *other) {
    Version left, right;
    if (strcmp(tag, other) == 0)
        return TAG_EQUAL;
    if (!version_parse(tag, &left) || !version_parse(other, &right))
        return TAG_UNORDERED;

    int order = 0;
    for (size_t i = 0; i < 3 && order == 0; i++)
        order = compare_numbers(left.numbers[i], left.number_lengths[i], right.numbers[i], right.number_lengths[i]);
    if (order == 0)
        order = compare_prereleases(&left, &right);
    return order < 0 ? TAG_OLDER : order > 0 ? TAG_NEWER : TAG_UNORDERED;
}
