/*
 * Where a history's chances come from: a stream of choices, each a number below a limit, and 0 is always the plain
 * thing: no fault, no delay. A seed makes a stream; a recorded stream makes the same history again, and one that is
 * shortened or lowered a simpler one, since what lies beyond its end is 0. So a failing history is shrunk without
 * knowing anything of what the numbers mean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A recorded stream; owned by whoever recorded it. */
typedef struct ChoiceList {
    uint32_t *values;
    size_t count;
    size_t room;
} ChoiceList;

typedef struct Choices {
    uint64_t random;            /* the state of the generator of a seeded stream */
    const ChoiceList *replayed; /* NULL = seeded */
    ChoiceList *record;         /* NULL = not recorded */
    size_t used;
    bool quiet; /* nothing is chosen any more: all is plain */
} Choices;

/** A stream from @seed, recorded in @record unless that is NULL. */
void choices_seed(Choices *choices, uint64_t seed, ChoiceList *record);

/** The stream @replayed once more, with zeroes beyond its end. What is really used of it goes to @record. */
void choices_replay(Choices *choices, const ChoiceList *replayed, ChoiceList *record);

/** A number from 0 to @limit - 1. */
uint32_t choice_below(Choices *choices, uint32_t limit);

/** True once in @count times; 0 means never. */
bool choice_one_in(Choices *choices, uint32_t count);

/** A number from @low, the plain one, to @high; the small ones are as frequent as the large. */
uint64_t choice_spread(Choices *choices, uint64_t low, uint64_t high);

/** One of the numbers given; the first is the plain one. */
#define choice_of(choices, ...)                                                                                    \
    choice_among(                                                                                                  \
        choices, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
uint64_t choice_among(Choices *choices, const uint64_t *values, size_t count);

void choice_list_add(ChoiceList *list, uint32_t value);
void choice_list_clear(ChoiceList *list);
