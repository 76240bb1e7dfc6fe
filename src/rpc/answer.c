#include "rpc/answer.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *answer_first_line(char *buffer, size_t size_bytes, const char *text) {
    char line[ANSWER_QUOTE_BYTES];
    text += strspn(text, "\r\n\t ");
    (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\r\n"), text);
    return string_printable(buffer, size_bytes, line);
}

enum { DEPTH_MAX = 64 };

/*
 * Is @body nested no deeper than anything we ask for? jansson recurses (its own limit of 2048 levels takes most of
 * a mebibyte of stack), so a hostile answer is stopped before. Up to the first error in the text both see the same.
 */
static bool is_shallow(const char *body, size_t length) {
    bool in_string = false;
    int depth = 0;
    for (size_t i = 0; i < length; i++) {
        if (in_string && body[i] == '\\')
            i++;
        else if (body[i] == '"')
            in_string = !in_string;
        else if (!in_string && (body[i] == '[' || body[i] == '{') && ++depth > DEPTH_MAX)
            return false;
        else if (!in_string && (body[i] == ']' || body[i] == '}'))
            depth--;
    }
    return true;
}

static int refuse_text(const char *body, const char *what, const char *reason, Failure *failure) {
    char line[81], printable[161];
    (void)answer_first_line(line, sizeof line, body);
    (void)string_printable(printable, sizeof printable, reason);
    return failure_set(failure, -EBADMSG, "the answer %s (%s): \"%s\"", what, printable, line);
}

int answer_parse(const char *body, size_t length, json_t **ret, Failure *failure) {
    _cleanup_json_ json_t *answer = NULL;
    json_error_t error;

    if (!is_shallow(body, length))
        return refuse_text(body, "is no JSON we asked for", "its nesting is too deep", failure);
    int r = json_parse(body, length, 0, &answer, &error); /* refuses NULs in strings, and what is no UTF-8 */
    if (r == -ENOMEM)
        return failure_set(failure, r, "cannot read the answer: out of memory");
    if (!answer && json_error_code(&error) == json_error_numeric_overflow)
        return refuse_text(body, "has a number (a block height?) over 2^63-1", error.text, failure);
    if (!answer)
        return refuse_text(body, "is no JSON", error.text, failure);
    if (!json_is_object(answer))
        return refuse_text(body, "is no JSON object", "an array", failure);
    *ret = TAKE_PTR(answer);
    return 0;
}

const char *answer_quote(char *buffer, size_t size_bytes, const json_t *value) {
    _cleanup_free_ char *text = NULL;
    if (value)
        text = json_print(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return string_printable(buffer, size_bytes, text ? text : value ? "something unprintable" : "missing");
}

int answer_refuse_member(const char *name, const char *expected, const json_t *value, Failure *failure) {
    char quote[ANSWER_QUOTE_BYTES];
    return failure_set(
        failure, -EBADMSG, "the answer's %s should be %s, but it is %s", name, expected,
        answer_quote(quote, sizeof quote, value));
}

const char *answer_http_status(char *buffer, size_t size_bytes, const HttpResponse *response) {
    char line[81] = "";
    if (response->is_plain_text)
        (void)answer_first_line(line, sizeof line, http_response_body(response));
    (void)snprintf(buffer, size_bytes, *line ? "HTTP %u (\"%s\")" : "HTTP %u", response->status, line);
    return buffer;
}
