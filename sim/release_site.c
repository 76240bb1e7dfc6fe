#include "sim/release_site.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "sim/http_condition.h"
#include "sim/release_targets.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_TYPE "text/plain; charset=utf-8"
#define HTML_TYPE "text/html; charset=utf-8"
#define HTML "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to go on.</body></html>\n"

static bool is_set(const json_t *rule, const char *name) {
    return json_is_true(json_object_get(rule, name));
}

/* -- who may ask ----------------------------------------------------------------------------------------------- */

static bool needs_token(const ReleaseSite *site, RouteKind kind) {
    const json_t *kinds = scenario_find(site->scenario, "token_on");
    if (!site->token || kind == ROUTE_STORAGE)
        return false;
    if (!kinds)
        return kind == ROUTE_API;
    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (streq(json_string_value(json_array_get(kinds, i)), route_kind_name(kind)))
            return true;
    return false;
}

static bool has_token(const ReleaseSite *site, const HttpRequest *request) {
    const char *given = string_after(request->authorization, "Bearer ");
    if (!given)
        given = string_after(request->authorization, "token ");
    return given && streq(given, site->token);
}

/* The status that refuses a request, 0 if none does. GitHub does not tell strangers what there is: 404. */
static int refusal(const ReleaseSite *site, const HttpRequest *request, const Route *route) {
    if (!streq(request->method, "GET") && !streq(request->method, "HEAD"))
        return 405;
    if (needs_token(site, route->kind) && !has_token(site, request))
        return *request->authorization ? 401 : 404;
    if (route->kind != ROUTE_STORAGE || route->target == TARGET_NONE)
        return 0;
    /* As the real storage: its URLs are signed, and a second way to authorize is an error. */
    if (*request->authorization)
        return 400;
    return release_target_is_signed(site, route) ? 0 : 403;
}

static const char *error_message(int status) {
    switch (status) {
    case 401:
        return "Bad credentials";
    case 403:
    case 429:
        return "API rate limit exceeded for 127.0.0.1.";
    case 404:
        return "Not Found";
    default:
        return status >= 500 ? "Server Error" : "Refused";
    }
}

static int answer_error(const Route *route, int status, HttpAnswer *answer) {
    if (route->kind == ROUTE_API)
        return http_answer_set_json(answer, status, release_json_error(status, error_message(status)));
    return http_answer_set_body(answer, status, TEXT_TYPE, string_format("%s\n", error_message(status)));
}

/* -- redirects ------------------------------------------------------------------------------------------------- */

/* The same path once more, with a note of how often that was. */
static char *url_of_next_hop(const HttpRequest *request, const Route *route) {
    return string_format(
        "http://%s%.*s?hop=%" PRIu64 "&signature=%s", request->host, (int)strcspn(request->path, "?"),
        request->path, route->hop + 1, route->signature);
}

/* Returns 1 when the redirects that @wanted asks for are over. */
static int answer_redirect(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *wanted,
    HttpAnswer *answer) {
    _cleanup_free_ char *url = NULL;
    const char *text = json_string_value(wanted);
    uint64_t hops = (uint64_t)json_integer_value(wanted);

    if (json_is_integer(wanted) && route->hop >= hops)
        return 1;
    if (text && streq(text, "storage"))
        url = release_target_storage_url(site, request, route);
    else if (text && !streq(text, "loop"))
        url = strdup(text);
    else if (!text && route->hop + 1 == hops && route->kind != ROUTE_STORAGE)
        url = release_target_storage_url(site, request, route);
    else
        url = url_of_next_hop(request, route);
    return release_target_redirect(answer, url);
}

/* -- the answer ------------------------------------------------------------------------------------------------ */

static int answer_as_told(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule,
    HttpAnswer *answer) {
    int status = (int)json_integer_value(json_object_get(rule, "status"));
    const char *body = json_string_value(json_object_get(rule, "body"));
    const json_t *redirect = json_object_get(rule, "redirect");

    if (is_set(rule, "html"))
        return http_answer_set_body(answer, status > 0 ? status : 200, HTML_TYPE, strdup(HTML));
    if (body)
        return http_answer_set_body(
            answer, status > 0 ? status : 200,
            route->kind == ROUTE_API ? "application/json; charset=utf-8" : "application/octet-stream",
            strdup(body));
    if (status >= 400)
        return answer_error(route, status, answer);
    if (status > 0)
        return http_answer_set_body(answer, status, TEXT_TYPE, strdup(""));
    if (redirect) {
        int r = answer_redirect(site, request, route, redirect, answer);
        if (r <= 0)
            return r;
    }
    status = refusal(site, request, route);
    if (status == 0) {
        int r = release_target_answer(site, request, route, rule, answer);
        if (r != -ENOENT)
            return r;
        status = 404;
    }
    return answer_error(route, status, answer);
}

static int set_headers(const json_t *rule, HttpAnswer *answer) {
    const char *name;
    const json_t *value;
    json_object_foreach(json_object_get(rule, "headers"), name, value) {
        int r = http_answer_set(answer, name, json_string_value(value));
        if (r < 0)
            return r;
    }
    return 0;
}

static uint64_t milliseconds(const json_t *rule, const char *name) {
    uint64_t usec;
    return __builtin_mul_overflow((uint64_t)json_integer_value(json_object_get(rule, name)), USEC_PER_MSEC, &usec)
               ? USEC_NEVER
               : usec;
}

static void limit_body(const json_t *rule, HttpAnswer *answer) {
    const json_t *cut_at = json_object_get(rule, "cut_at");
    const json_t *stall_at = json_object_get(rule, "stall_at");
    if (!cut_at && !stall_at)
        return;
    answer->body_limit_bytes = (uint64_t)json_integer_value(cut_at ? cut_at : stall_at);
    answer->reply.end = cut_at ? REPLY_CLOSE : REPLY_HANG;
}

static int set_date(HttpAnswer *answer) {
    char date[HTTP_DATE_BYTES];
    http_date_format((time_t)(clock_realtime_usec() / USEC_PER_SEC), &date);
    return http_answer_set(answer, "Date", date);
}

static int make_answer(
    ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule, HttpAnswer *answer) {
    answer->reply.delay_usec = milliseconds(rule, "delay_ms");
    if (is_set(rule, "close") || is_set(rule, "hang")) {
        answer->status = 0;
        answer->reply.end = is_set(rule, "close") ? REPLY_CLOSE : REPLY_HANG;
        return 0;
    }
    answer->without_body = streq(request->method, "HEAD");
    answer->length_lie = json_integer_value(json_object_get(rule, "length_lie"));
    answer->reply.byte_pause_usec = milliseconds(rule, "head_byte_pause_ms");
    answer->reply.throttle = &site->throttle;
    limit_body(rule, answer);
    int r = set_date(answer);
    if (r >= 0)
        r = answer_as_told(site, request, route, rule, answer);
    return r < 0 ? r : set_headers(rule, answer);
}

int release_site_answer(ReleaseSite *site, const HttpRequest *request, Route *route, HttpAnswer *ret) {
    HttpAnswer answer;

    int r = release_target_resolve(site, route);
    if (r != 0)
        return r;
    r = http_answer_new(&answer);
    if (r < 0)
        return r;
    site->answer_count++;
    const json_t *rule = release_rules_use(&site->rules, release_rules_find(&site->rules, route, request->method));
    r = make_answer(site, request, route, rule, &answer);
    if (r < 0)
        http_answer_free(&answer);
    else
        *ret = answer;
    return r;
}

int release_site_update(ReleaseSite *site) {
    site->throttle.bytes_per_second = (uint64_t)scenario_integer(site->scenario, "throttle_bytes_per_second", 0);
    return release_rules_update(&site->rules, site->scenario);
}
