#include "sim/http_answer.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *reason(int status) {
    static const struct {
        int status;
        const char *reason;
    } REASONS[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {416, "Range Not Satisfiable"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    return "Whatever";
}

int http_answer_new(HttpAnswer *ret) {
    *ret = (HttpAnswer){.status = 200, .file_fd = -1, .body_limit_bytes = REPLY_ENDLESS, .headers = json_object()};
    return ret->headers ? 0 : -ENOMEM;
}

void http_answer_free(HttpAnswer *answer) {
    json_decref(TAKE_PTR(answer->headers));
    free(TAKE_PTR(answer->body));
    answer->file_fd = close_fd(answer->file_fd);
}

int http_answer_set(HttpAnswer *answer, const char *name, const char *value) {
    const char *key;
    json_t *earlier;
    void *next;
    json_object_foreach_safe(answer->headers, next, key, earlier) {
        if (strcasecmp(key, name) == 0)
            (void)json_object_del(answer->headers, key);
    }
    return value && json_object_set_new_nocheck(answer->headers, name, json_string_nocheck(value)) < 0 ? -ENOMEM
                                                                                                       : 0;
}

int http_answer_set_body(HttpAnswer *answer, int status, const char *type, char *body) {
    if (!body)
        return -ENOMEM;
    free(answer->body);
    answer->body = body;
    answer->file_fd = close_fd(answer->file_fd);
    answer->status = status;
    return http_answer_set(answer, "Content-Type", type);
}

int http_answer_set_json(HttpAnswer *answer, int status, json_t *value) {
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    return http_answer_set_body(answer, status, "application/json; charset=utf-8", text);
}

static void print_headers(FILE *out, const HttpAnswer *answer, uint64_t length) {
    bool has_length = false;
    const char *name;
    const json_t *value;
    json_object_foreach(answer->headers, name, value) {
        (void)fprintf(out, "%s: %s\r\n", name, json_string_value(value));
        has_length = has_length || strcasecmp(name, "Content-Length") == 0;
    }
    if (!has_length && answer->status != 304)
        (void)fprintf(out, "Content-Length: %" PRId64 "\r\n", (int64_t)length + answer->length_lie);
}

static uint64_t limit_bytes(const HttpAnswer *answer, uint64_t bytes) {
    return bytes < answer->body_limit_bytes ? bytes : answer->body_limit_bytes;
}

int http_answer_finish(HttpAnswer *answer, Reply *ret, uint64_t *ret_head_bytes) {
    Reply reply = answer->reply;
    bool has_file = answer->file_fd >= 0;
    uint64_t length = has_file ? answer->file_bytes : answer->body ? strlen(answer->body) : 0;

    FILE *out = open_memstream(&reply.bytes, &reply.length);
    if (!out)
        return -ENOMEM;
    (void)fprintf(out, "HTTP/1.1 %d %s\r\n", answer->status, reason(answer->status));
    print_headers(out, answer, length);
    (void)fputs("\r\n", out);
    *ret_head_bytes = (uint64_t)ftell(out);
    if (answer->body && !answer->without_body)
        (void)fwrite(answer->body, 1, (size_t)limit_bytes(answer, length), out);
    if (fclose(out) != 0) {
        free(reply.bytes);
        return -ENOMEM;
    }
    if (has_file && !answer->without_body) {
        reply.has_file = true;
        reply.file_fd = TAKE_FD(answer->file_fd);
        reply.file_offset_bytes = answer->file_offset_bytes;
        reply.file_bytes = limit_bytes(answer, length);
    }
    if (answer->length_lie != 0 && reply.end == REPLY_KEEP)
        reply.end = REPLY_CLOSE; /* nobody knows where the next one would begin */
    *ret = reply;
    return 0;
}
