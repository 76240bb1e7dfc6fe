#include "rpc/client.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "rpc/answer.h"
#include "rpc/http_call.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_LIMIT_BYTES = 64 * 1024, REQUEST_BYTES = 128 };

struct RpcClient {
    HttpCall *http;
    RpcStatusHandler handler;
    void *userdata;
    char *socket_path;
    char *http_path; /* as it was named */
    char *url_path;  /* as it goes into a request */
    HttpTarget target;
    uint64_t id; /* of the last call */
};

/* --- answers --- */

static int refuse_http_status(const RpcClient *client, const HttpResponse *response, Failure *failure) {
    char status[ANSWER_QUOTE_BYTES], path[ANSWER_QUOTE_BYTES];
    (void)answer_http_status(status, sizeof status, response);
    if (response->status != 404)
        return failure_set(failure, -EBADMSG, "the node answers %s", status);
    return failure_set(
        failure, -EBADMSG, "the node answers %s: is httpPath in run-config.toml right? it is \"%s\"", status,
        string_printable(path, sizeof path, client->http_path));
}

static int
read_answer(const RpcClient *client, const HttpResponse *response, UpgradeStatus *ret, Failure *failure) {
    if (response->status != 200)
        return refuse_http_status(client, response, failure);
    return upgrade_status_parse(http_response_body(response), response->body.length, client->id, ret, failure);
}

static void on_response(const HttpResponse *response, const Failure *failure, void *userdata) {
    RpcClient *client = userdata;
    UpgradeStatus status;
    Failure refusal;

    if (response && read_answer(client, response, &status, &refusal) < 0) {
        http_call_cancel(client->http); /* no connection is kept to somebody who answers that */
        failure = &refusal;
        response = NULL;
    }
    client->handler(response ? &status : NULL, failure, client->userdata); /* `client` may be gone */
}

/* --- requests --- */

/* The path with every byte that would end the request line, or that no URL may have, as %XX (RFC 3986, 2.1). */
static char *escape_path(const char *path) {
    static const char DIGITS[] = "0123456789ABCDEF";
    char *escaped = malloc(strlen(path) * 3 + 2);
    char *end = escaped;
    if (!escaped)
        return NULL;
    if (*path != '/')
        *end++ = '/';
    for (; *path; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte > ' ' && byte < 0x7f && byte != '#') {
            *end++ = *path;
        } else {
            *end++ = '%';
            *end++ = DIGITS[byte >> 4];
            *end++ = DIGITS[byte & 0xf];
        }
    }
    *end = '\0';
    return escaped;
}

static char *format_request(const RpcClient *client, uint64_t id) {
    char body[REQUEST_BYTES];
    size_t length = upgrade_status_request(body, sizeof body, id);
    return string_format(
        "POST %s HTTP/1.1\r\n"
        "Host: localhost\r\n"
        "User-Agent: visor\r\n"
        "Accept: application/json\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: %zu\r\n"
        "\r\n"
        "%s",
        client->url_path, length, body);
}

/* --- public --- */

int rpc_client_new(sd_event *event, RpcStatusHandler handler, void *userdata, RpcClient **ret) {
    _cleanup_rpc_client_ RpcClient *client = NULL;

    client = calloc(1, sizeof *client);
    if (!client)
        return -ENOMEM;
    client->handler = handler;
    client->userdata = userdata;
    int r = http_call_new(event, BODY_LIMIT_BYTES, on_response, client, &client->http);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(client);
    return 0;
}

RpcClient *rpc_client_free(RpcClient *client) {
    if (!client)
        return NULL;
    (void)http_call_free(client->http);
    free(client->socket_path);
    free(client->http_path);
    free(client->url_path);
    free(client);
    return NULL;
}

static void swap_in(char **member, char **value) {
    char *old = *member;
    *member = *value;
    *value = old;
}

int rpc_client_set_target(RpcClient *client, const char *socket_path, const char *http_path) {
    _cleanup_free_ char *new_socket_path = NULL;
    _cleanup_free_ char *new_http_path = NULL;
    _cleanup_free_ char *new_url_path = NULL;

    new_socket_path = strdup(socket_path);
    new_http_path = strdup(http_path);
    new_url_path = escape_path(http_path);
    if (!new_socket_path || !new_http_path || !new_url_path)
        return -ENOMEM;

    http_call_cancel(client->http); /* before its target goes */
    swap_in(&client->socket_path, &new_socket_path);
    swap_in(&client->http_path, &new_http_path);
    swap_in(&client->url_path, &new_url_path);
    client->target = (HttpTarget){.name = client->socket_path, .socket_path = client->socket_path};
    return 0;
}

int rpc_client_call(RpcClient *client, uint64_t timeout_ms) {
    _cleanup_free_ char *request = NULL;

    if (http_call_busy(client->http))
        return -EBUSY;
    if (!client->socket_path)
        return -EDESTADDRREQ;
    request = format_request(client, client->id + 1);
    if (!request)
        return -ENOMEM;
    client->id++;
    return http_call_begin(client->http, &client->target, request, timeout_ms);
}

bool rpc_client_busy(const RpcClient *client) {
    return http_call_busy(client->http);
}

void rpc_client_cancel(RpcClient *client) {
    http_call_cancel(client->http);
}
