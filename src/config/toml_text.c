#include "config/toml_text.h"

#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

/* Reports @at by line and column, columns counted in characters as the parser does. */
static int report(Problems *problems, const char *text, const char *at, const char *what) {
    unsigned line = 1, column = 1;
    for (; text < at; text++) {
        if (*text == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*text & 0xc0) != 0x80) {
            column++;
        }
    }
    problems_add(problems, PROBLEM_ERROR, line, column, "%s", what);
    return -EBADMSG;
}

static size_t closing_quotes(const char *at, const char *end, char quote) {
    size_t count = 0;
    while (count < 5 && at + count < end && at[count] == quote)
        count++;
    return count;
}

/* Behind the string that begins at @at. One that never ends is the parser's to report. */
static const char *skip_string(const char *at, const char *end) {
    char quote = *at;
    bool has_lines = end - at >= 3 && at[1] == quote && at[2] == quote;

    at += has_lines ? 3 : 1;
    while (at < end) {
        if (*at == '\\' && quote == '"') {
            at += end - at > 1 ? 2 : 1;
        } else if (*at == quote) {
            size_t quotes = closing_quotes(at, end, quote); /* two may stand before the three that close */
            if (!has_lines)
                return at + 1;
            at += quotes;
            if (quotes >= 3)
                return at;
        } else if (*at == '\n' && !has_lines) {
            return at;
        } else {
            at++;
        }
    }
    return end;
}

static const char *skip_comment(const char *at, const char *end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}

/* The dot that makes a key too long, or NULL. */
static const char *find_long_key(const char *at, const char *end) {
    size_t parts = 1;
    while (at < end) {
        if (*at == '#') {
            at = skip_comment(at, end);
        } else if (*at == '"' || *at == '\'') {
            at = skip_string(at, end);
        } else {
            if (*at == '.' && ++parts > TOML_KEY_PARTS_MAX)
                return at;
            if (strchr("=,[]{}\n", *at))
                parts = 1;
            at++;
        }
    }
    return NULL;
}

int toml_text_check(const char *text, size_t length, Problems *problems) {
    const char *nul = memchr(text, '\0', length);
    if (nul) {
        bool is_utf16 = length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
        return report(
            problems, text, nul,
            is_utf16 ? "the file is UTF-16 text; save it as UTF-8"
                     : "a NUL byte: this is no text file, or it is damaged");
    }

    const char *dot = find_long_key(text, text + length);
    if (dot)
        return report(problems, text, dot, "a key of more than 16 parts; no key of Visor is as deep");
    return 0;
}

static const char *first_word(const char *text, const char *end) {
    if (end - text >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0)
        text += 3;
    while (text < end && *text && strchr(" \t\r\n\v\f", *text))
        text++;
    return text;
}

const char *toml_text_hint(const char *text, size_t length) {
    const char *end = text + length;
    const char *word = first_word(text, end);

    if (word < end && *word == '<')
        return "; this looks like HTML (a saved web page?), but the file must be TOML: key = value";
    if (word < end && *word == '[') {
        word = first_word(word + 1, end);
        if (word == end || *word != '{')
            return "";
    }
    if (word < end && *word == '{')
        return "; this looks like JSON, but the file must be TOML: key = value";
    return "";
}

bool toml_text_blank(const char *text, size_t length) {
    return first_word(text, text + length) == text + length;
}
