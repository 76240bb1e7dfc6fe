/* What may stand in a scenario of the release server; see scenario_check.h for why anything else is refused. */
#include "base/strings.h"
#include "sim/release_rules.h"

#include <string.h>

typedef struct Member {
    const char *name;
    bool (*check)(const json_t *value);
    const char *expected;
} Member;

static bool is_number(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_integer(const json_t *value) {
    return json_is_integer(value);
}

static bool is_boolean(const json_t *value) {
    return json_is_boolean(value);
}

static bool is_text(const json_t *value) {
    return json_is_string(value);
}

static bool is_text_or_null(const json_t *value) {
    return json_is_string(value) || json_is_null(value);
}

static bool is_rate(const json_t *value) {
    return is_number(value) && json_integer_value(value) <= INT64_C(1000000000000);
}

static bool is_status(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= 200 && json_integer_value(value) <= 599;
}

static bool is_kind(const json_t *value) {
    static const char *const NAMES[] = {
#define X(kind, name) (name),
        ROUTE_KINDS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (json_is_string(value) && streq(json_string_value(value), NAMES[i]))
            return true;
    return false;
}

static bool is_kinds(const json_t *value) {
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_kind(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

static bool is_method(const json_t *value) {
    const char *text = json_string_value(value);
    return text && (streq(text, "GET") || streq(text, "HEAD"));
}

static bool is_redirect(const json_t *value) {
    const char *text = json_string_value(value);
    if (json_is_integer(value))
        return json_integer_value(value) > 0;
    return text && (streq(text, "loop") || streq(text, "storage") || strstr(text, "://") || *text == '/');
}

static bool is_headers(const json_t *value) {
    const char *name;
    const json_t *text;
    json_object_foreach((json_t *)(uintptr_t)value, name, text) {
        if (*name == '\0' || !is_text_or_null(text))
            return false;
    }
    return json_is_object(value);
}

static bool is_rules(const json_t *value);

static const Member TOP_MEMBERS[] = {
    {"embedded_assets", is_number, "a number"},
    {"redirect_downloads", is_boolean, "true or false"},
    {"rules", is_rules, "a list of rules"},
    {"throttle_bytes_per_second", is_rate, "a number"},
    {"token_on", is_kinds, "a list of api, download and storage"},
    {NULL, NULL, NULL},
};

static const Member RULE_MEMBERS[] = {
    {"asset", is_text, "a name"},
    {"body", is_text, "text"},
    {"close", is_boolean, "true or false"},
    {"cut_at", is_number, "a number of bytes"},
    {"delay_ms", is_number, "a number"},
    {"digest", is_text_or_null, "text or null"},
    {"etag_changes", is_boolean, "true or false"},
    {"hang", is_boolean, "true or false"},
    {"head_byte_pause_ms", is_number, "a number"},
    {"headers", is_headers, "{NAME: text or null}"},
    {"html", is_boolean, "true or false"},
    {"if_range", is_boolean, "true or false"},
    {"length_lie", is_integer, "a number of bytes"},
    {"method", is_method, "GET or HEAD"},
    {"missing", is_boolean, "true or false"},
    {"on", is_kind, "api, download or storage"},
    {"ranges", is_boolean, "true or false"},
    {"redirect", is_redirect, "loop, storage, a number of hops or a URL"},
    {"size", is_integer, "a number of bytes"},
    {"stall_at", is_number, "a number of bytes"},
    {"state", is_text, "text"},
    {"status", is_status, "an HTTP status from 200 to 599"},
    {"times", is_number, "a number of requests"},
    {NULL, NULL, NULL},
};

static int check_member(const Member *members, const char *name, const json_t *value, Failure *failure) {
    for (; members->name; members++) {
        if (!streq(members->name, name))
            continue;
        if (!members->check(value))
            return failure_set(failure, -EINVAL, "\"%s\" has to be %s", name, members->expected);
        return 0;
    }
    return failure_set(failure, -EINVAL, "unknown member \"%s\"", name);
}

static int check_members(const Member *members, const json_t *object, Failure *failure) {
    const char *name;
    const json_t *value;
    if (!json_is_object(object))
        return failure_set(failure, -EINVAL, "expected an object");
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        int r = check_member(members, name, value, failure);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_rules(const json_t *value) {
    return json_is_array(value);
}

static int check_rules(const json_t *rules, Failure *failure) {
    for (size_t i = 0; i < json_array_size(rules); i++) {
        int r = check_members(RULE_MEMBERS, json_array_get(rules, i), failure);
        if (r < 0)
            return failure_prefix(failure, r, "rule %zu", i + 1);
    }
    return 0;
}

static int check(const json_t *scenario, Failure *failure) {
    int r = check_members(TOP_MEMBERS, scenario, failure);
    return r < 0 ? r : check_rules(json_object_get(scenario, "rules"), failure);
}

const ScenarioScheme RELEASE_SCENARIO = {.check_file = check, .check_settings = check};
