#include "rpc/http_response.h"

#include "base/strings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { QUOTE_BYTES = 81, SMALLEST_BUFFER_BYTES = 256 };

/* --- buffers --- */

static int buffer_append(HttpBuffer *buffer, const char *bytes, size_t length) {
    size_t needed = buffer->length + length + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity > 0 ? buffer->capacity : SMALLEST_BUFFER_BYTES;
        while (capacity < needed)
            capacity *= 2;
        char *larger = realloc(buffer->bytes, capacity);
        if (!larger)
            return -ENOMEM;
        buffer->bytes = larger;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
    return 0;
}

void http_response_init(HttpResponse *response, size_t body_limit_bytes) {
    *response = (HttpResponse){
        .state = HTTP_STATUS_LINE,
        .body_limit_bytes = body_limit_bytes,
        .line_bytes_left = HTTP_HEAD_LIMIT_BYTES,
    };
}

void http_response_clear(HttpResponse *response) {
    free(response->line.bytes);
    free(response->body.bytes);
    http_response_init(response, response->body_limit_bytes);
}

const char *http_response_body(const HttpResponse *response) {
    return response->body.bytes ? response->body.bytes : "";
}

/* --- failures --- */

static int refuse(Failure *failure, const char *why, const char *quoted) {
    char quote[QUOTE_BYTES];
    return failure_set(failure, -EBADMSG, "%s: \"%s\"", why, string_printable(quote, sizeof quote, quoted));
}

static int refuse_size(const HttpResponse *response, Failure *failure) {
    return failure_set(
        failure, -EMSGSIZE, "the answer is larger than the %zu bytes that are read", response->body_limit_bytes);
}

/* --- the lines of the head --- */

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* RFC 9110, 5.6.2 */
static bool is_token_character(char byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static int take_status_line(HttpResponse *response, const char *line, Failure *failure) {
    const char *rest = string_after(line, "HTTP/1.");
    if (!rest || !is_digit(rest[0]) || rest[1] != ' ' || rest[2] < '1' || rest[2] > '5' || !is_digit(rest[3]) ||
        !is_digit(rest[4]) || (rest[5] != ' ' && rest[5] != '\0'))
        return refuse(failure, "the answer is no HTTP/1.1, it begins with", line);

    response->is_http_1_0 = rest[0] == '0';
    response->status = (unsigned)(rest[2] - '0') * 100 + (unsigned)(rest[3] - '0') * 10 + (unsigned)(rest[4] - '0');
    response->state = HTTP_FIELD_LINE;
    return 0;
}

/* Decimal digits and nothing else; the sign that strtoull would take is none. */
static bool parse_length(const char *text, uint64_t *ret) {
    uint64_t length = 0;
    if (!is_digit(*text))
        return false;
    for (; is_digit(*text); text++)
        if (__builtin_mul_overflow(length, UINT64_C(10), &length) ||
            __builtin_add_overflow(length, (uint64_t)(*text - '0'), &length))
            return false;
    *ret = length;
    return *text == '\0';
}

static int take_content_length(HttpResponse *response, const char *value, Failure *failure) {
    uint64_t length;
    if (!parse_length(value, &length))
        return refuse(failure, "the answer's Content-Length is no length", value);
    if (response->has_length && response->content_length != length)
        return refuse(failure, "the answer has two lengths, the second is", value);
    response->has_length = true;
    response->content_length = length;
    return 0;
}

static int take_transfer_encoding(HttpResponse *response, const char *value, Failure *failure) {
    if (response->chunked || strcasecmp(value, "chunked") != 0)
        return refuse(failure, "the answer has a Transfer-Encoding that was not asked for", value);
    response->chunked = true;
    return 0;
}

static bool list_has(const char *list, const char *token) {
    size_t token_length = strlen(token);
    while (*list) {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        if (length == token_length && strncasecmp(list, token, length) == 0)
            return true;
        list += length;
    }
    return false;
}

static bool is_plain_text(const char *value) {
    static const char TYPE[] = "text/plain";
    size_t length = sizeof TYPE - 1;
    return strncasecmp(value, TYPE, length) == 0 && strchr("; \t", value[length]);
}

/* Cuts "name: value" in two, in place. */
static int split_field(char *line, char **ret_value, Failure *failure) {
    size_t name_length = 0;
    while (is_token_character(line[name_length]))
        name_length++;
    if (name_length == 0 || line[name_length] != ':')
        return refuse(failure, "the answer's head has a line that is no field", line);

    char *value = line + name_length + 1;
    line[name_length] = '\0';
    while (is_blank(*value))
        value++;
    for (size_t length = strlen(value); length > 0 && is_blank(value[length - 1]); length--)
        value[length - 1] = '\0';
    *ret_value = value;
    return 0;
}

static int take_field(HttpResponse *response, char *name, Failure *failure) {
    char *value;
    int r = split_field(name, &value, failure);
    if (r < 0)
        return r;
    if (strcasecmp(name, "Content-Length") == 0)
        return take_content_length(response, value, failure);
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        return take_transfer_encoding(response, value, failure);
    if (strcasecmp(name, "Connection") == 0) {
        response->says_close = response->says_close || list_has(value, "close");
        response->says_keep_alive = response->says_keep_alive || list_has(value, "keep-alive");
    }
    if (strcasecmp(name, "Content-Type") == 0)
        response->is_plain_text = is_plain_text(value);
    return 0;
}

/* A 1xx announces the response proper; it counts for nothing but the limit (RFC 9110, 15.2). */
static int skip_interim(HttpResponse *response, Failure *failure) {
    if (response->status == 101)
        return failure_set(failure, -EBADMSG, "the answer switches to a protocol that was not asked for");

    response->state = HTTP_STATUS_LINE;
    response->chunked = response->has_length = response->is_plain_text = false;
    response->says_close = response->says_keep_alive = false;
    return 0;
}

static int take_counted_body(HttpResponse *response, Failure *failure) {
    if (response->content_length > response->body_limit_bytes)
        return refuse_size(response, failure);
    response->body_bytes_left = (size_t)response->content_length;
    response->state = response->content_length > 0 ? HTTP_COUNTED_BODY : HTTP_COMPLETE;
    return 0;
}

/* How long the body is, by RFC 9112, 6.3. */
static int take_end_of_head(HttpResponse *response, Failure *failure) {
    if (response->status < 200)
        return skip_interim(response, failure);
    if (response->chunked && (response->has_length || response->is_http_1_0))
        return failure_set(
            failure, -EBADMSG, "the answer is chunked%s",
            response->has_length ? " and has a Content-Length" : ", which HTTP/1.0 does not know");

    response->keep_alive = !response->says_close && (!response->is_http_1_0 || response->says_keep_alive);
    response->line_bytes_left = response->body_limit_bytes + HTTP_HEAD_LIMIT_BYTES;
    if (response->status == 204 || response->status == 304) {
        response->state = HTTP_COMPLETE;
    } else if (response->chunked) {
        response->state = HTTP_CHUNK_SIZE;
    } else if (response->has_length) {
        return take_counted_body(response, failure);
    } else {
        response->keep_alive = false;
        response->state = HTTP_BODY_TO_END;
    }
    return 0;
}

/* --- the lines of a chunked body --- */

static int hexadecimal_digit(char byte) {
    if (is_digit(byte))
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static int take_chunk_size(HttpResponse *response, const char *line, Failure *failure) {
    const char *rest = line;
    size_t size = 0;
    for (int digit; (digit = hexadecimal_digit(*rest)) >= 0; rest++) {
        size = size * 16 + (size_t)digit;
        if (size > response->body_limit_bytes - response->body.length)
            return refuse_size(response, failure);
    }
    const char *extension = rest + strspn(rest, " \t");
    if (rest == line || (*extension != '\0' && *extension != ';'))
        return refuse(failure, "the answer has a chunk whose size is no number", line);

    response->body_bytes_left = size;
    response->state = size > 0 ? HTTP_CHUNK_DATA : HTTP_TRAILER;
    return 0;
}

static int take_chunk_end(HttpResponse *response, const char *line, Failure *failure) {
    if (*line != '\0')
        return refuse(failure, "the answer has a chunk that is longer than its size", line);
    response->state = HTTP_CHUNK_SIZE;
    return 0;
}

static int take_trailer(HttpResponse *response, char *line, Failure *failure) {
    char *ignored;
    if (*line != '\0')
        return split_field(line, &ignored, failure);
    response->state = HTTP_COMPLETE;
    return 0;
}

/* --- bytes to lines and bodies --- */

/* A bare CR or LF, or a NUL, means one thing to us and another to whoever else reads it. */
static int check_line(HttpBuffer *line, Failure *failure) {
    if (line->length < 2 || line->bytes[line->length - 2] != '\r')
        return refuse(failure, "the answer has a line that does not end in CRLF", line->bytes);
    line->length -= 2;
    line->bytes[line->length] = '\0';
    for (size_t i = 0; i < line->length; i++) {
        unsigned char byte = (unsigned char)line->bytes[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return refuse(failure, "the answer has a line with a control character", line->bytes);
    }
    return 0;
}

static int take_line(HttpResponse *response, Failure *failure) {
    char *line = response->line.bytes;
    int r = check_line(&response->line, failure);
    if (r < 0)
        return r;
    switch (response->state) {
    case HTTP_STATUS_LINE:
        return take_status_line(response, line, failure);
    case HTTP_FIELD_LINE:
        return *line ? take_field(response, line, failure) : take_end_of_head(response, failure);
    case HTTP_CHUNK_SIZE:
        return take_chunk_size(response, line, failure);
    case HTTP_CHUNK_END:
        return take_chunk_end(response, line, failure);
    case HTTP_TRAILER:
        return take_trailer(response, line, failure);
    case HTTP_COUNTED_BODY:
    case HTTP_BODY_TO_END:
    case HTTP_CHUNK_DATA:
    case HTTP_COMPLETE:
    case HTTP_BROKEN:
        break;
    }
    return failure_set(failure, -EBADMSG, "the answer has a line where none is expected");
}

static int feed_line(HttpResponse *response, const char *bytes, size_t length, size_t *used, Failure *failure) {
    const char *end = memchr(bytes, '\n', length);
    size_t count = end ? (size_t)(end - bytes) + 1 : length;
    if (count > response->line_bytes_left)
        return failure_set(
            failure, -EMSGSIZE, "the lines %s the answer's body are larger than what is read",
            response->state == HTTP_STATUS_LINE || response->state == HTTP_FIELD_LINE ? "before" : "around");

    response->line_bytes_left -= count;
    if (buffer_append(&response->line, bytes, count) < 0)
        return failure_set(failure, -ENOMEM, "cannot read the answer: out of memory");
    *used += count;
    if (!end)
        return 0;
    int r = take_line(response, failure);
    response->line.length = 0;
    return r;
}

static int feed_body(HttpResponse *response, const char *bytes, size_t length, size_t *used, Failure *failure) {
    bool to_end = response->state == HTTP_BODY_TO_END;
    size_t room = to_end ? response->body_limit_bytes - response->body.length : response->body_bytes_left;
    size_t count = length < room ? length : room;
    if (to_end && count < length)
        return refuse_size(response, failure);
    if (buffer_append(&response->body, bytes, count) < 0)
        return failure_set(failure, -ENOMEM, "cannot read the answer: out of memory");
    *used += count;
    if (to_end)
        return 0;
    response->body_bytes_left -= count;
    if (response->body_bytes_left == 0)
        response->state = response->chunked ? HTTP_CHUNK_END : HTTP_COMPLETE;
    return 0;
}

static bool in_body(const HttpResponse *response) {
    return response->state == HTTP_COUNTED_BODY || response->state == HTTP_CHUNK_DATA ||
           response->state == HTTP_BODY_TO_END;
}

int http_response_feed(
    HttpResponse *response, const char *bytes, size_t length, size_t *ret_used, Failure *failure) {
    size_t used = 0;
    int r = 0;
    if (response->state == HTTP_BROKEN)
        r = failure_set(failure, -EBADMSG, "the answer was refused before");

    response->started = response->started || length > 0;
    while (r >= 0 && used < length && response->state != HTTP_COMPLETE) {
        r = in_body(response) ? feed_body(response, bytes + used, length - used, &used, failure)
                              : feed_line(response, bytes + used, length - used, &used, failure);
    }
    *ret_used = used;
    if (r < 0)
        response->state = HTTP_BROKEN;
    return r < 0 ? r : response->state == HTTP_COMPLETE;
}

int http_response_end(HttpResponse *response, Failure *failure) {
    if (response->state == HTTP_BODY_TO_END)
        response->state = HTTP_COMPLETE;
    if (response->state == HTTP_COMPLETE)
        return 1;
    response->state = HTTP_BROKEN;
    if (!response->started)
        return failure_set(failure, -ECONNRESET, "the connection was closed without an answer");
    return failure_set(failure, -ECONNRESET, "the connection was closed in the middle of the answer");
}
