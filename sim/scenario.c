#include "sim/scenario.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "sim/scenario_check.h"

#include <string.h>

/* Where a member is looked for, the most specific first. */
typedef enum Layer {
    LAYER_SETTINGS,
    LAYER_PROCESS_OF_VERSION,
    LAYER_VERSION,
    LAYER_PROCESS,
    LAYER_TOP,
    LAYER_COUNT,
} Layer;

static const json_t *layer_members(const Scenario *scenario, Layer layer) {
    const json_t *version = json_object_get(json_object_get(scenario->members, "versions"), scenario->version);
    const json_t *members[LAYER_COUNT] = {
        [LAYER_SETTINGS] = scenario->settings,
        [LAYER_PROCESS_OF_VERSION] = json_object_get(json_object_get(version, "processes"), scenario->process),
        [LAYER_VERSION] = version,
        [LAYER_PROCESS] = json_object_get(json_object_get(scenario->members, "processes"), scenario->process),
        [LAYER_TOP] = scenario->members,
    };
    return members[layer];
}

static const json_t *find(const Scenario *scenario, const char *name, Layer *ret_layer) {
    for (Layer layer = 0; layer < LAYER_COUNT; layer++) {
        const json_t *value = json_object_get(layer_members(scenario, layer), name);
        if (value) {
            *ret_layer = layer;
            return value;
        }
    }
    return NULL;
}

/* A value that is no JSON is text: `--set segment=none` needs no quotes within quotes. */
static json_t *read_value(const char *text) {
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_string(text);
}

static int add_setting(const Scenario *scenario, const char *setting, Failure *failure) {
    json_t *settings = scenario->settings;
    _cleanup_free_ char *name = NULL;
    const char *equals = strchr(setting, '=');

    if (!equals)
        return failure_set(failure, -EINVAL, "--set %s: expected KEY=VALUE", setting);
    name = strndup(setting, (size_t)(equals - setting));
    if (!name || json_object_set_new(settings, name, read_value(equals + 1)) < 0)
        return failure_set(failure, -EINVAL, "--set %s: no text that JSON can hold", setting);
    int r = scenario->scheme->check_settings(settings, failure);
    return r < 0 ? failure_prefix(failure, r, "--set %s", setting) : 0;
}

int scenario_new(const Program *program, Scenario *ret, Failure *failure) {
    static const ScenarioScheme NODE = {.check_file = scenario_check, .check_settings = scenario_check_members};
    return scenario_new_of(&NODE, program, ret, failure);
}

int scenario_new_of(const ScenarioScheme *scheme, const Program *program, Scenario *ret, Failure *failure) {
    Scenario scenario = {
        .scheme = scheme,
        .process = program->process,
        .version = program->version.text,
        .settings = json_object(),
        .members = json_object(),
    };
    int r = scenario.settings && scenario.members ? 0 : failure_set(failure, -ENOMEM, "out of memory");

    for (size_t i = 0; r >= 0 && i < program->arguments.setting_count; i++)
        r = add_setting(&scenario, program->arguments.settings[i], failure);
    if (r < 0)
        scenario_free(&scenario);
    else
        *ret = scenario;
    return r;
}

void scenario_free(Scenario *scenario) {
    json_decref(TAKE_PTR(scenario->settings));
    json_decref(TAKE_PTR(scenario->members));
}

void scenario_replace(Scenario *scenario, json_t *members) {
    json_decref(scenario->members);
    scenario->members = members;
}

const json_t *scenario_find(const Scenario *scenario, const char *name) {
    Layer layer;
    return find(scenario, name, &layer);
}

bool scenario_is_of_version(const Scenario *scenario, const char *name) {
    Layer layer;
    return find(scenario, name, &layer) && (layer == LAYER_VERSION || layer == LAYER_PROCESS_OF_VERSION);
}

int64_t scenario_integer(const Scenario *scenario, const char *name, int64_t fallback) {
    const json_t *value = scenario_find(scenario, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool scenario_boolean(const Scenario *scenario, const char *name, bool fallback) {
    const json_t *value = scenario_find(scenario, name);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *scenario_string(const Scenario *scenario, const char *name, const char *fallback) {
    const json_t *value = scenario_find(scenario, name);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

uint64_t scenario_usec(const Scenario *scenario, const char *name) {
    uint64_t usec;
    if (__builtin_mul_overflow((uint64_t)scenario_integer(scenario, name, 0), USEC_PER_MSEC, &usec))
        return USEC_NEVER;
    return usec;
}
