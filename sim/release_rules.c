#include "sim/release_rules.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

/* -- matching -------------------------------------------------------------------------------------------------- */

static bool is_or_unset(const json_t *wanted, const char *text) {
    return !wanted || streq(json_string_value(wanted), text);
}

static bool matches(const json_t *rule, const Route *route, const char *method) {
    bool about_a_file = *route->asset != '\0';
    return is_or_unset(json_object_get(rule, "on"), route_kind_name(route->kind)) &&
           is_or_unset(json_object_get(rule, "method"), method) &&
           (!about_a_file || is_or_unset(json_object_get(rule, "asset"), route->asset));
}

int release_rules_find(const ReleaseRules *rules, const Route *route, const char *method) {
    for (size_t i = 0; i < json_array_size(rules->list); i++) {
        const json_t *rule = json_array_get(rules->list, i);
        const json_t *times = json_object_get(rule, "times");
        if (matches(rule, route, method) && (!times || rules->used[i] < (uint64_t)json_integer_value(times)))
            return (int)i;
    }
    return -1;
}

const json_t *release_rules_use(ReleaseRules *rules, int index) {
    if (index < 0)
        return NULL;
    rules->used[index]++;
    return json_array_get(rules->list, (size_t)index);
}

int release_rules_update(ReleaseRules *rules, const Scenario *scenario) {
    json_t *list = (json_t *)(uintptr_t)scenario_find(scenario, "rules");
    if (rules->used && json_equal(rules->list, list))
        return 0;
    uint64_t *used = calloc(json_array_size(list) + 1, sizeof *used);
    if (!used)
        return -ENOMEM;
    release_rules_free(rules);
    *rules = (ReleaseRules){.list = json_incref(list), .used = used};
    return 0;
}

void release_rules_free(ReleaseRules *rules) {
    json_decref(TAKE_PTR(rules->list));
    free(TAKE_PTR(rules->used));
}

/* -- lies of the API ------------------------------------------------------------------------------------------- */

static int spoil_digest(const json_t *rule, json_t *asset) {
    json_t *wanted = json_object_get(rule, "digest");
    const char *text = json_string_value(wanted);
    if (!wanted)
        return 0;
    if (text && streq(text, "missing")) {
        (void)json_object_del(asset, "digest");
        return 0;
    }
    if (!text || !streq(text, "wrong"))
        return json_object_set(asset, "digest", wanted);

    _cleanup_free_ char *wrong = NULL;
    const char *right = json_string_value(json_object_get(asset, "digest"));
    wrong = right ? strdup(right) : NULL;
    if (!wrong)
        return 0;
    char *last = wrong + strlen(wrong) - 1;
    *last = *last == '0' ? '1' : '0';
    return json_object_set_new(asset, "digest", json_string(wrong));
}

static int spoil_asset(const json_t *rule, json_t *asset) {
    static const char *const REPLACED[] = {"size", "state"};
    int r = spoil_digest(rule, asset);
    for (size_t i = 0; r >= 0 && i < sizeof REPLACED / sizeof *REPLACED; i++) {
        json_t *value = json_object_get(rule, REPLACED[i]);
        if (value)
            r = json_object_set(asset, REPLACED[i], value);
    }
    return r < 0 ? -ENOMEM : 0;
}

int release_rules_spoil(const json_t *rule, json_t *assets) {
    const json_t *about = json_object_get(rule, "asset");
    if (!rule)
        return 0;
    if (json_is_object(assets))
        return spoil_asset(rule, assets);
    for (size_t i = json_array_size(assets); i > 0; i--) {
        json_t *asset = json_array_get(assets, i - 1);
        if (!is_or_unset(about, json_string_value(json_object_get(asset, "name"))))
            continue;
        if (json_is_true(json_object_get(rule, "missing")))
            (void)json_array_remove(assets, i - 1);
        else if (spoil_asset(rule, asset) < 0)
            return -ENOMEM;
    }
    return 0;
}
