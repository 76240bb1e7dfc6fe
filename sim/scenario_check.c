#include "sim/scenario_check.h"

#include "base/strings.h"
#include "sim/crash.h"
#include "sim/fault.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef bool (*Check)(const json_t *value);

typedef struct Member {
    const char *name;
    Check check;
    const char *expected;
} Member;

static bool is_number(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_code(const json_t *value) {
    return is_number(value) && json_integer_value(value) <= 255;
}

static bool is_port(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= -1 && json_integer_value(value) <= 65535;
}

static bool is_boolean(const json_t *value) {
    return json_is_boolean(value);
}

static bool is_boolean_or_null(const json_t *value) {
    return json_is_boolean(value) || json_is_null(value);
}

static bool is_string(const json_t *value) {
    return json_is_string(value);
}

static bool is_signal(const json_t *value) {
    return json_is_string(value) && crash_signal_number(json_string_value(value)) > 0;
}

static bool is_fault(const json_t *value) {
    Fault fault;
    return json_is_string(value) && fault_parse(json_string_value(value), &fault) >= 0;
}

static bool is_one_of(const json_t *value, const char *const *choices) {
    for (; *choices; choices++)
        if (json_is_string(value) && streq(json_string_value(value), *choices))
            return true;
    return false;
}

static bool is_accepted(const json_t *value) {
    if (json_is_null(value))
        return true;
    return json_is_object(value) && json_object_size(value) == 2 && is_string(json_object_get(value, "tag")) &&
           json_is_integer(json_object_get(value, "height"));
}

static bool is_segment(const json_t *value) {
    static const char *const CHOICES[] = {"none", "fail", "hang", "huge", "garbage", "null", NULL};
    return json_is_integer(value) || is_one_of(value, CHOICES) ||
           (json_object_size(value) == 1 && json_is_integer(json_object_get(value, "number")));
}

static bool is_version_answer(const json_t *value) {
    static const char *const CHOICES[] = {"fail", "hang", "huge", "garbage", NULL};
    return is_one_of(value, CHOICES) ||
           (json_object_size(value) == 1 && is_string(json_object_get(value, "version")));
}

static bool is_linger(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= -1;
}

static const Member UPGRADE_MEMBERS[] = {
    {"tag", is_string, ""},
    {"height", is_number, ""},
    {"accepted_at", is_number, ""},
    {"retracted_at", is_number, ""},
    {"ready_delay_ms", is_number, ""},
    {"linger_blocks", is_linger, ""},
    {"ready_linger", is_boolean, ""},
    {NULL, NULL, NULL},
};

static const Member *find_member(const Member *members, const char *name) {
    for (; members->name; members++)
        if (streq(members->name, name))
            return members;
    return NULL;
}

static bool is_upgrade(const json_t *value) {
    const char *name;
    const json_t *item;
    if (!json_object_get(value, "tag") || !json_object_get(value, "height"))
        return false;
    json_object_foreach((json_t *)(uintptr_t)value, name, item) {
        const Member *member = find_member(UPGRADE_MEMBERS, name);
        if (!member || !member->check(item))
            return false;
    }
    return true;
}

static bool is_upgrades(const json_t *value) {
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_upgrade(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

static const Member MEMBERS[] = {
    {"accepted", is_accepted, "null or {\"tag\", \"height\"}"},
    {"block_time_ms", is_number, "a number"},
    {"crash_after_ms", is_number, "a number"},
    {"crash_at", is_number, "a height"},
    {"crash_exit", is_code, "an exit code"},
    {"crash_signal", is_signal, "the name of a signal"},
    {"crash_times", is_number, "a number"},
    {"exit_code", is_code, "an exit code"},
    {"grandchild", is_boolean, "true or false"},
    {"grandchild_life_ms", is_number, "a number"},
    {"grandchild_setsid", is_boolean, "true or false"},
    {"height", is_number, "a height"},
    {"http_path", is_string, "a path"},
    {"ignore_sigterm", is_boolean, "true or false"},
    {"memory_mb", is_number, "a number"},
    {"null_before_first_block", is_boolean, "true or false"},
    {"paused", is_boolean, "true or false"},
    {"ready", is_boolean_or_null, "true, false or null"},
    {"rpc_fault", is_fault, "the name of a fault"},
    {"segment", is_segment, "a number, {\"number\"}, none, fail, hang, huge, garbage or null"},
    {"socket", is_string, "a path"},
    {"start_delay_ms", is_number, "a number"},
    {"start_height", is_number, "a height"},
    {"statistics_port", is_port, "a port, 0 for none or -1 for any"},
    {"statistics_stuck", is_boolean, "true or false"},
    {"stdout", is_string, "text"},
    {"stdout_bytes", is_number, "a number"},
    {"stop_ms", is_number, "a number"},
    {"upgrades", is_upgrades, "a list of {\"tag\", \"height\", ...}"},
    {"version_answer", is_version_answer, "fail, hang, huge, garbage or {\"version\"}"},
    {"version_delay_ms", is_number, "a number"},
    {NULL, NULL, NULL},
};

static int check_member(const char *name, const json_t *value, Failure *failure) {
    const Member *member = find_member(MEMBERS, name);
    if (!member)
        return failure_set(failure, -EINVAL, "unknown member \"%s\"", name);
    if (!member->check(value))
        return failure_set(failure, -EINVAL, "\"%s\" has to be %s", name, member->expected);
    return 0;
}

/* json_object_foreach wants no const, because it may be used to change values. */
int scenario_check_members(const json_t *members, Failure *failure) {
    const char *name;
    const json_t *value;
    int r = 0;
    json_object_foreach((json_t *)(uintptr_t)members, name, value) if (r >= 0) r =
        check_member(name, value, failure);
    return r;
}

static int check_processes(const json_t *processes, Failure *failure) {
    static const char *const NAMES[] = {"vega", "data-node", "segment", "version", NULL};
    const char *name;
    const json_t *members;
    int r = 0;

    if (!json_is_object(processes))
        return failure_set(failure, -EINVAL, "\"processes\" has to be an object");
    json_object_foreach((json_t *)(uintptr_t)processes, name, members) {
        _cleanup_json_ json_t *text = json_string(name);
        if (r >= 0 && (!is_one_of(text, NAMES) || !json_is_object(members)))
            r = failure_set(failure, -EINVAL, "\"processes\": \"%s\" is no process or no object", name);
        if (r >= 0)
            r = scenario_check_members(members, failure);
    }
    return r;
}

/* Members beside "processes", and beside "versions" if @check_versions is there to check them. */
static int check_level(const json_t *level, int (*check_versions)(const json_t *, Failure *), Failure *failure) {
    const char *name;
    const json_t *value;
    int r = 0;

    if (!json_is_object(level))
        return failure_set(failure, -EINVAL, "a scenario has to be an object");
    json_object_foreach((json_t *)(uintptr_t)level, name, value) {
        if (r < 0)
            break;
        if (streq(name, "processes"))
            r = check_processes(value, failure);
        else if (check_versions && streq(name, "versions"))
            r = check_versions(value, failure);
        else
            r = check_member(name, value, failure);
    }
    return r;
}

static int check_versions(const json_t *versions, Failure *failure) {
    const char *name;
    const json_t *level;
    int r = 0;

    if (!json_is_object(versions))
        return failure_set(failure, -EINVAL, "\"versions\" has to be an object");
    json_object_foreach((json_t *)(uintptr_t)versions, name, level) if (r >= 0) r =
        check_level(level, NULL, failure);
    return r;
}

int scenario_check(const json_t *scenario, Failure *failure) {
    return check_level(scenario, check_versions, failure);
}
