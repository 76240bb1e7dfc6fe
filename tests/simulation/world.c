#include "tests/simulation/world.h"

#include <stdarg.h>

void say(World *world, const char *format, ...) {
    va_list arguments;
    if (!world->trace)
        return;
    uint64_t usec = world->now_usec - HISTORY_BEGINS_USEC;
    (void)fprintf(
        world->trace, "%4llud %02llu:%02llu:%02llu.%06llu  ", (unsigned long long)(usec / DAYS(1)),
        (unsigned long long)(usec / HOURS(1) % 24), (unsigned long long)(usec / MINUTES(1) % 60),
        (unsigned long long)(usec / SEC(1) % 60), (unsigned long long)(usec % SEC(1)));
    va_start(arguments, format);
    (void)vfprintf(world->trace, format, arguments);
    va_end(arguments);
    (void)fputc('\n', world->trace);
}

/* FNV-1a, by words. */
void world_hash(World *world, uint64_t value) {
    world->hash = (world->hash ^ value) * UINT64_C(0x100000001b3);
    world->hash ^= world->hash >> 29;
}

void fault(World *world, Fault kind) {
    world->tally->faults[kind]++;
    world_hash(world, 1000 + (uint64_t)kind);
    say(world, "! %s", FAULT_NAME[kind]);
}

/* How many times rarer than in the hardest histories. */
static uint32_t rarity(const World *world) {
    static const uint32_t RARITIES[] = {0, 8, 3, 1};
    return RARITIES[world->severity];
}

uint32_t fault_below(World *world, uint32_t limit) {
    uint32_t value = choice_below(&world->choices, limit * rarity(world));
    return value < limit ? value : 0;
}

bool fault_one_in(World *world, uint32_t count) {
    return choice_one_in(&world->choices, count * rarity(world));
}

void settings_choose(World *world) {
    Choices *choices = &world->choices;
    Settings before = world->settings;
    world->settings = (Settings){
        .first_connection_usec = SEC(2) * choice_of(choices, 175000, 30, 1, 1000),
        .restart_connection_usec = SEC(2) * choice_of(choices, 10, 1, 300),
        .max_restarts = choice_of(choices, 3, 0, 1, 20),
        .restarts_delay_usec = SEC(1) * choice_of(choices, 5, 0, 60),
        .restarts_budget_reset_usec = SEC(1) * choice_of(choices, 600, 0, 10, 86400),
        .stop_delay_usec = SEC(1) * choice_of(choices, 0, 10, 300),
        .stop_grace_usec = SEC(1) * choice_of(choices, 15, 0, 1, 3600),
        .poll_interval_usec = MSEC(1) * choice_of(choices, 2000, 10, 60000),
        .accepted_poll_interval_usec = MSEC(1) * choice_of(choices, 100, 10, 60000),
        .fetch_enabled = choice_below(choices, 4) != 3,
        .fetch_early = choice_below(choices, 4) != 3,
        .fetch_spread_usec = SEC(1) * choice_of(choices, 30, 0, 36000),
        .fetch_revision = before.fetch_revision,
    };
    if (before.fetch_enabled != world->settings.fetch_enabled || choice_below(choices, 4) == 3)
        world->settings.fetch_revision++;
}
