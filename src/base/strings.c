#include "base/strings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *string_after(const char *text, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

char *string_format(const char *format, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : text;
}

size_t string_list_length(const char *const *list) {
    size_t length = 0;
    while (list && list[length])
        length++;
    return length;
}

char **string_list_copy(const char *const *list) {
    size_t length = string_list_length(list);
    char **copy = calloc(length + 1, sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        copy[i] = strdup(list[i]);
        if (!copy[i]) {
            string_list_free(copy);
            return NULL;
        }
    }
    return copy;
}

void string_list_free(char **list) {
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

/* Levenshtein's distance with one row kept: the texts are keys of a config file, so 64 characters are plenty. */
unsigned string_distance(const char *left, const char *right) {
    enum { LENGTH_MAX = 64 };
    size_t left_length = strnlen(left, LENGTH_MAX);
    size_t right_length = strnlen(right, LENGTH_MAX);
    unsigned row[LENGTH_MAX + 1];

    for (size_t j = 0; j <= right_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= left_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= right_length; j++) {
            bool same = tolower((unsigned char)left[i - 1]) == tolower((unsigned char)right[j - 1]);
            unsigned replaced = diagonal + (same ? 0 : 1);
            diagonal = row[j];
            unsigned inserted = row[j - 1] + 1;
            unsigned removed = row[j] + 1;
            unsigned least = inserted < removed ? inserted : removed;
            row[j] = replaced < least ? replaced : least;
        }
    }
    return row[right_length];
}

/* The table of RFC 3629, 4: which second byte may follow the first, so that no form is overlong, a surrogate or
 * over U+10FFFF. */
static bool second_byte_fits(const unsigned char *text) {
    unsigned char least = text[0] == 0xe0 ? 0xa0 : text[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char most = text[0] == 0xed ? 0x9f : text[0] == 0xf4 ? 0x8f : 0xbf;
    return text[1] >= least && text[1] <= most;
}

size_t utf8_sequence_length(const char *text) {
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80)
        return bytes[0] != '\0';

    size_t length = bytes[0] >= 0xf0 && bytes[0] <= 0xf4  ? 4
                    : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
                    : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
                                                          : 0;
    if (length == 0 || !second_byte_fits(bytes))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

size_t printable_sequence_length(const char *text) {
    const unsigned char *bytes = (const unsigned char *)text;
    bool control = bytes[0] < 0x20 || bytes[0] == 0x7f || (bytes[0] == 0xc2 && bytes[1] < 0xa0); /* C0, DEL, C1 */
    return control ? 0 : utf8_sequence_length(text);
}

const char *string_printable(char *buffer, size_t size_bytes, const char *text) {
    static const char ELLIPSIS[] = "...";
    size_t used = 0;
    size_t room = strlen(text) < size_bytes       ? size_bytes - 1
                  : size_bytes >= sizeof ELLIPSIS ? size_bytes - sizeof ELLIPSIS
                                                  : 0;
    while (*text) {
        size_t sequence = printable_sequence_length(text);
        size_t length = sequence > 0 ? sequence : 1;
        if (used + length > room)
            break;
        if (sequence > 0)
            memcpy(buffer + used, text, length);
        else
            buffer[used] = '?';
        used += length;
        text += length;
    }
    if (*text && used + sizeof ELLIPSIS <= size_bytes) {
        memcpy(buffer + used, ELLIPSIS, sizeof ELLIPSIS - 1);
        used += sizeof ELLIPSIS - 1;
    }
    if (used < size_bytes)
        buffer[used] = '\0';
    return buffer;
}
