#include "tests/simulation/choice.h"

#include <stdio.h>
#include <stdlib.h>

void choice_list_add(ChoiceList *list, uint32_t value) {
    if (list->count == list->room) {
        list->room = list->room > 0 ? list->room * 2 : 1024;
        list->values = realloc(list->values, list->room * sizeof *list->values);
        if (!list->values) {
            (void)fputs("out of memory\n", stderr);
            abort();
        }
    }
    list->values[list->count++] = value;
}

void choice_list_clear(ChoiceList *list) {
    free(list->values);
    *list = (ChoiceList){0};
}

/* xorshift64* (Vigna 2016), so that a seed means the same everywhere. */
static uint64_t draw(uint64_t *random) {
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return *random * UINT64_C(0x2545f4914f6cdd1d);
}

void choices_seed(Choices *choices, uint64_t seed, ChoiceList *record) {
    *choices = (Choices){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .record = record};
    if (choices->random == 0)
        choices->random = 1;
    for (int i = 0; i < 4; i++) /* neighbouring seeds begin alike */
        (void)draw(&choices->random);
}

void choices_replay(Choices *choices, const ChoiceList *replayed, ChoiceList *record) {
    *choices = (Choices){.random = 1, .replayed = replayed, .record = record};
}

static uint32_t next(Choices *choices, uint32_t limit) {
    if (!choices->replayed)
        return (uint32_t)((draw(&choices->random) >> 32) * limit >> 32);
    if (choices->used >= choices->replayed->count)
        return 0;
    return choices->replayed->values[choices->used] % limit;
}

static uint32_t keep(Choices *choices, uint32_t value) {
    choices->used++;
    if (choices->record)
        choice_list_add(choices->record, value);
    return value;
}

uint32_t choice_below(Choices *choices, uint32_t limit) {
    if (choices->quiet || limit <= 1)
        return 0;
    return keep(choices, next(choices, limit));
}

/* Recorded as 0 or 1, so that a shorter stream does not turn one rare thing into another. */
bool choice_one_in(Choices *choices, uint32_t count) {
    if (choices->quiet || count == 0)
        return false;
    uint32_t value = choices->replayed ? next(choices, 2) : next(choices, count) == 0;
    return keep(choices, value) != 0;
}

uint64_t choice_spread(Choices *choices, uint64_t low, uint64_t high) {
    enum { PARTS = 64 };
    if (choices->quiet || high <= low)
        return low;
    unsigned bits = 0;
    while (bits < 63 && (high - low) >> bits > 0)
        bits++;
    uint32_t size = choice_below(choices, bits + 1); /* the order of magnitude, then where in it */
    if (size == 0)
        return low;
    uint64_t floor = UINT64_C(1) << (size - 1);
    uint64_t more = floor + floor / PARTS * choice_below(choices, PARTS);
    return more > high - low ? high : low + more;
}

uint64_t choice_among(Choices *choices, const uint64_t *values, size_t count) {
    return values[choice_below(choices, (uint32_t)count)];
}
