#include "tests/simulation/violation.h"

#include "tests/simulation/world.h"

#include <stdarg.h>
#include <stdio.h>

const char *const VIOLATION_NUMBER[VIOLATION_KIND_COUNT] = {
#define X(violation, number, holds) [violation] = number,
    VIOLATIONS(X)
#undef X
};

const char *const VIOLATION_HOLDS[VIOLATION_KIND_COUNT] = {
#define X(violation, number, holds) [violation] = holds,
    VIOLATIONS(X)
#undef X
};

void violate(World *world, ViolationKind kind, const char *format, ...) {
    va_list arguments;
    if (world->violation.kind != VIOLATION_NONE)
        return;
    world->violation.kind = kind;
    va_start(arguments, format);
    (void)vsnprintf(world->violation.detail, sizeof world->violation.detail, format, arguments);
    va_end(arguments);
    say(world, "VIOLATED %s: %s (%s)", VIOLATION_NUMBER[kind], VIOLATION_HOLDS[kind], world->violation.detail);
}

bool violated(const World *world) {
    return world->violation.kind != VIOLATION_NONE;
}
