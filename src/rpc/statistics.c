#include "rpc/statistics.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "rpc/answer.h"
#include "rpc/http_call.h"
#include "rpc/http_url.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_LIMIT_BYTES = 256 * 1024 };

struct StatisticsClient {
    HttpCall *http;
    StatisticsHandler handler;
    void *userdata;
    char *url_text; /* what `url` was read from; NULL if there is none */
    HttpUrl url;
};

/* --- answers --- */

static bool parse_digits(const char *text, uint64_t *ret) {
    int64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, INT64_C(10), &number) ||
            __builtin_add_overflow(number, (int64_t)(*text - '0'), &number))
            return false;
    *ret = (uint64_t)number;
    return true;
}

int statistics_parse(const char *body, size_t length, uint64_t *ret_height_blocks, Failure *failure) {
    _cleanup_json_ json_t *answer = NULL;
    int r = answer_parse(body, length, &answer, failure);
    if (r < 0)
        return r;

    const json_t *height = json_object_get(json_object_get(answer, "statistics"), "blockHeight");
    if (json_is_string(height) && parse_digits(json_string_value(height), ret_height_blocks))
        return 0;
    if (!json_is_integer(height) || json_integer_value(height) < 0)
        return answer_refuse_member("statistics.blockHeight", "a block height", height, failure);
    *ret_height_blocks = (uint64_t)json_integer_value(height);
    return 0;
}

static int read_answer(
    const StatisticsClient *client, const HttpResponse *response, uint64_t *ret_height_blocks, Failure *failure) {
    char status[ANSWER_QUOTE_BYTES];
    if (response->status != 200)
        return failure_set(
            failure, -EBADMSG, "%s answers %s", client->url_text,
            answer_http_status(status, sizeof status, response));
    return statistics_parse(http_response_body(response), response->body.length, ret_height_blocks, failure);
}

static void on_response(const HttpResponse *response, const Failure *failure, void *userdata) {
    StatisticsClient *client = userdata;
    uint64_t height_blocks;
    Failure refusal;

    if (response && read_answer(client, response, &height_blocks, &refusal) < 0) {
        http_call_cancel(client->http); /* no connection is kept to somebody who answers that */
        failure = &refusal;
        response = NULL;
    }
    client->handler(response ? &height_blocks : NULL, failure, client->userdata); /* `client` may be gone */
}

/* --- public --- */

int statistics_client_new(sd_event *event, StatisticsHandler handler, void *userdata, StatisticsClient **ret) {
    _cleanup_statistics_client_ StatisticsClient *client = NULL;

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

StatisticsClient *statistics_client_free(StatisticsClient *client) {
    if (!client)
        return NULL;
    (void)http_call_free(client->http);
    free(client->url_text);
    free(client);
    return NULL;
}

/* Returns 0, -ENOMEM, or -EINVAL described in @failure. A kept connection is for the old URL. */
static int set_url(StatisticsClient *client, const char *url, Failure *failure) {
    if (client->url_text && streq(client->url_text, url))
        return 0;
    http_call_cancel(client->http);
    free(TAKE_PTR(client->url_text));
    int r = http_url_parse(url, &client->url, failure);
    if (r < 0)
        return r;
    client->url_text = strdup(url);
    return client->url_text ? 0 : -ENOMEM;
}

int statistics_client_call(StatisticsClient *client, const char *url, uint64_t timeout_ms) {
    _cleanup_free_ char *request = NULL;
    Failure failure;

    if (http_call_busy(client->http))
        return -EBUSY;
    int r = set_url(client, url, &failure);
    if (r == -EINVAL)
        return http_call_begin_failed(client->http, &failure);
    if (r < 0)
        return r;
    request = string_format(
        "GET %s HTTP/1.1\r\n"
        "Host: %s\r\n"
        "User-Agent: visor\r\n"
        "Accept: application/json\r\n"
        "\r\n",
        client->url.path, client->url.authority);
    if (!request)
        return -ENOMEM;
    return http_call_begin(client->http, &client->url.target, request, timeout_ms);
}

bool statistics_client_busy(const StatisticsClient *client) {
    return http_call_busy(client->http);
}

void statistics_client_cancel(StatisticsClient *client) {
    http_call_cancel(client->http);
}
