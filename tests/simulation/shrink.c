#include "tests/simulation/shrink.h"

#include "tests/simulation/history.h"

#include <string.h>

static Violation live(const Choices *choices) {
    static Tally tally;
    static World world;
    history_live_guarded(&world, choices, &tally, NULL);
    return world.violation;
}

Violation shrink_record(uint64_t seed, ChoiceList *record) {
    Choices choices;
    choices_seed(&choices, seed, record);
    return live(&choices);
}

static void copy(ChoiceList *to, const ChoiceList *from) {
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        choice_list_add(to, from->values[i]);
}

typedef struct Shrinking {
    ChoiceList *best;
    ChoiceList tried;
    ChoiceList used;
    ViolationKind kind;
    unsigned tries_left;
} Shrinking;

/* Is what is in `tried` still a history that fails so, and simpler? What it really used is kept. */
static bool keeps(Shrinking *shrinking) {
    Choices choices;
    if (shrinking->tries_left == 0)
        return false;
    shrinking->tries_left--;
    shrinking->used.count = 0;
    choices_replay(&choices, &shrinking->tried, &shrinking->used);
    if (live(&choices).kind != shrinking->kind)
        return false;
    while (shrinking->used.count > 0 && shrinking->used.values[shrinking->used.count - 1] == 0)
        shrinking->used.count--;
    copy(shrinking->best, &shrinking->used);
    return true;
}

static bool take_out(Shrinking *shrinking, size_t at, size_t count) {
    const ChoiceList *best = shrinking->best;
    shrinking->tried.count = 0;
    for (size_t i = 0; i < best->count; i++)
        if (i < at || i >= at + count)
            choice_list_add(&shrinking->tried, best->values[i]);
    return keeps(shrinking);
}

static bool zero(Shrinking *shrinking, size_t at, size_t count) {
    bool changed = false;
    copy(&shrinking->tried, shrinking->best);
    for (size_t i = at; i < at + count && i < shrinking->tried.count; i++) {
        changed = changed || shrinking->tried.values[i] != 0;
        shrinking->tried.values[i] = 0;
    }
    return changed && keeps(shrinking);
}

static bool lower(Shrinking *shrinking, size_t at) {
    if (shrinking->best->values[at] < 2)
        return false;
    copy(&shrinking->tried, shrinking->best);
    shrinking->tried.values[at] /= 2;
    return keeps(shrinking);
}

/* Large parts first; from the end, since what comes last matters least to what comes before it. */
static bool pass(Shrinking *shrinking) {
    bool better = false;
    for (size_t size = shrinking->best->count; size > 0; size /= 2) {
        for (size_t end = shrinking->best->count; end > 0; end = end > size ? end - size : 0) {
            size_t at = end > size ? end - size : 0;
            if (at >= shrinking->best->count)
                continue;
            better |= take_out(shrinking, at, size) || zero(shrinking, at, size);
        }
    }
    for (size_t i = 0; i < shrinking->best->count; i++)
        while (i < shrinking->best->count && lower(shrinking, i))
            better = true;
    return better;
}

void shrink(ChoiceList *choices, ViolationKind kind, unsigned tries_max) {
    Shrinking shrinking = {.best = choices, .kind = kind, .tries_left = tries_max};
    while (shrinking.tries_left > 0 && pass(&shrinking))
        ;
    choice_list_clear(&shrinking.tried);
    choice_list_clear(&shrinking.used);
}
