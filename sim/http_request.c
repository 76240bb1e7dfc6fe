#include "sim/http_request.h"

#include "base/strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_LIMIT_BYTES = 1024 * 1024 };

/* The value of a header line "NAME: value" if it is that one, otherwise NULL. */
static const char *header_value(const char *line, const char *name) {
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    const char *value = line + length + 1;
    return value + strspn(value, " \t");
}

/* Keeps the header of @line if it is one that is kept. Returns 0, or -EBADMSG when it does not fit. */
static int keep_header(const char *line, HttpRequest *request) {
    struct {
        const char *header;
        char *member;
    } kept[] = {
#define X(name, text) {(text), request->name},
        HTTP_REQUEST_HEADERS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = header_value(line, kept[i].header);
        if (!value)
            continue;
        if (strlen(value) >= HTTP_HEADER_BYTES)
            return -EBADMSG;
        strcpy(kept[i].member, value);
    }
    return 0;
}

static int read_header(const char *line, HttpRequest *request) {
    const char *value;
    if ((value = header_value(line, "Content-Length"))) {
        char *end;
        unsigned long length = strtoul(value, &end, 10);
        if (end == value || *end != '\0' || length > BODY_LIMIT_BYTES)
            return -EBADMSG;
        request->body_length = length;
    } else if ((value = header_value(line, "Connection"))) {
        request->keep_alive =
            strcasecmp(value, "close") != 0 && (request->keep_alive || !strcasecmp(value, "keep-alive"));
    } else if ((value = header_value(line, "Content-Type"))) {
        request->is_json = strncasecmp(value, "application/json", strlen("application/json")) == 0;
    } else if (header_value(line, "Transfer-Encoding")) {
        return -EBADMSG;
    }
    return keep_header(line, request);
}

static int read_request_line(const char *line, HttpRequest *request) {
    char version;
    int used = 0;
    if (sscanf(line, "%15[A-Z] %2047[^ ] HTTP/1.%c%n", request->method, request->path, &version, &used) != 3 ||
        line[used] != '\0')
        return -EBADMSG;
    request->keep_alive = version != '0';
    return 0;
}

static int read_head(char *head, HttpRequest *request) {
    char *rest = head;
    int r = 0;
    for (bool first = true; r >= 0 && *rest; first = false) {
        char *end = strstr(rest, "\r\n");
        if (!end)
            return -EBADMSG;
        *end = '\0';
        r = first ? read_request_line(rest, request) : read_header(rest, request);
        rest = end + 2;
    }
    return r;
}

int http_request_parse(const char *bytes, size_t length, HttpRequest *ret) {
    HttpRequest request = {0};
    char head[8192];

    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    size_t head_length = end ? (size_t)(end - bytes) + 2 : length;
    if (head_length >= sizeof head)
        return -EBADMSG;
    if (!end)
        return 0;
    memcpy(head, bytes, head_length);
    head[head_length] = '\0';
    if (read_head(head, &request) < 0)
        return -EBADMSG;

    request.body = end + 4;
    request.length = head_length + 2 + request.body_length;
    if (request.length > length)
        return 0;
    *ret = request;
    return 1;
}
