#include "sim/upgrade.h"

#include "base/clock.h"
#include "base/strings.h"

static int64_t integer(const json_t *upgrade, const char *name, int64_t fallback) {
    const json_t *value = json_object_get(upgrade, name);
    return value ? json_integer_value(value) : fallback;
}

static Upgrade read_upgrade(const json_t *upgrade) {
    uint64_t ready_delay_usec;
    if (__builtin_mul_overflow((uint64_t)integer(upgrade, "ready_delay_ms", 0), USEC_PER_MSEC, &ready_delay_usec))
        ready_delay_usec = USEC_NEVER;
    return (Upgrade){
        .tag = json_string_value(json_object_get(upgrade, "tag")),
        .height = integer(upgrade, "height", 0),
        .accepted_at = integer(upgrade, "accepted_at", 0),
        .retracted_at = integer(upgrade, "retracted_at", INT64_MAX),
        .ready_delay_usec = ready_delay_usec,
        .linger_blocks = integer(upgrade, "linger_blocks", 0),
        .ready_linger = json_is_true(json_object_get(upgrade, "ready_linger")),
    };
}

/* The position after the upgrade to @version; 0 when it is not in the list, so before all of them. */
static size_t position_after(const json_t *upgrades, const char *version) {
    for (size_t i = json_array_size(upgrades); i > 0; i--)
        if (streq(json_string_value(json_object_get(json_array_get(upgrades, i - 1), "tag")), version))
            return i;
    return 0;
}

bool upgrade_find_next(const Scenario *scenario, int64_t height, Upgrade *ret) {
    const json_t *upgrades = scenario_find(scenario, "upgrades");
    for (size_t i = position_after(upgrades, scenario->version); i < json_array_size(upgrades); i++) {
        *ret = read_upgrade(json_array_get(upgrades, i));
        if (height < ret->retracted_at)
            return true;
    }
    return false;
}

bool upgrade_find_own(const Scenario *scenario, Upgrade *ret) {
    const json_t *upgrades = scenario_find(scenario, "upgrades");
    size_t position = position_after(upgrades, scenario->version);
    if (position == 0)
        return false;
    *ret = read_upgrade(json_array_get(upgrades, position - 1));
    return true;
}
