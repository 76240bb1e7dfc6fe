#include "fetch/json_skim.h"

#include <string.h>

static const char *skip_blanks(const char *text, const char *end) {
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r'))
        text++;
    return text;
}

/* What follows the string that begins at @text; NULL if it does not end. */
static const char *skip_string(const char *text, const char *end) {
    for (text++; text < end; text++) {
        if (*text == '\\' && text + 1 < end)
            text++;
        else if (*text == '"')
            return text + 1;
    }
    return NULL;
}

/* The kinds of brackets are not told apart: a count cannot overflow the stack, and jansson looks at what is used.
 */
static const char *skip_brackets(const char *text, const char *end) {
    size_t depth = 0;
    while (text && text < end) {
        if (*text == '"') {
            text = skip_string(text, end);
            continue;
        }
        if (*text == '{' || *text == '[')
            depth++;
        else if ((*text == '}' || *text == ']') && --depth == 0)
            return text + 1;
        text++;
    }
    return NULL;
}

static const char *skip_scalar(const char *text, const char *end) {
    const char *begin = text;
    while (text < end && !memchr(",:]}[{\" \t\r\n", *text, sizeof ",:]}[{\" \t\r\n" - 1))
        text++;
    return text > begin ? text : NULL;
}

static const char *skip_value(const char *text, const char *end) {
    if (text == end)
        return NULL;
    if (*text == '"')
        return skip_string(text, end);
    return *text == '{' || *text == '[' ? skip_brackets(text, end) : skip_scalar(text, end);
}

static bool take(JsonSkim *skim, const char *end_of_value, JsonSlice *ret) {
    if (!end_of_value || end_of_value > skim->end) {
        skim->broken = true;
        return false;
    }
    *ret = (JsonSlice){skim->next, (size_t)(end_of_value - skim->next)};
    skim->next = skip_blanks(end_of_value, skim->end);
    return true;
}

static bool expect(JsonSkim *skim, char letter) {
    if (skim->next == skim->end || *skim->next != letter) {
        skim->broken = true;
        return false;
    }
    skim->next = skip_blanks(skim->next + 1, skim->end);
    return true;
}

bool json_skim_begin(JsonSkim *skim, JsonSlice text) {
    const char *end = text.text + text.length;
    const char *begin = skip_blanks(text.text, end);
    if (begin == end || (*begin != '{' && *begin != '['))
        return false;
    *skim = (JsonSkim){.next = skip_blanks(begin + 1, end), .end = end, .closing = *begin == '{' ? '}' : ']'};
    return true;
}

bool json_skim_next(JsonSkim *skim, JsonSlice *ret_key, JsonSlice *ret_value) {
    *ret_key = (JsonSlice){0};
    if (skim->broken)
        return false;
    if (skim->next < skim->end && *skim->next == skim->closing)
        return false;
    if (skim->begun && !expect(skim, ','))
        return false;
    skim->begun = true;
    if (skim->closing == '}') {
        if (skim->next == skim->end || *skim->next != '"') {
            skim->broken = true;
            return false;
        }
        if (!take(skim, skip_string(skim->next, skim->end), ret_key) || !expect(skim, ':'))
            return false;
    }
    return take(skim, skip_value(skim->next, skim->end), ret_value);
}

bool json_slice_is(JsonSlice slice, const char *text) {
    return slice.length == strlen(text) && memcmp(slice.text, text, slice.length) == 0;
}
