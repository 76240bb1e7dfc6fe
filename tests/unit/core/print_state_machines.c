/* Prints docs/state-machines.md from the X-macro lists of the core: `make docs`, and a test compares. */
#include "core/core.h"

#include <stdio.h>

/* The cells of a state once more, so that a row can be printed. */
static const struct {
    ProcessState next;
    ProcessEffect effect;
} CELLS[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT] = {
#define X(state, event, next_state, what) [state][event] = {next_state, what},
    PROCESS_CELLS(X)
#undef X
};

/* What a cell of the table shows of an effect: its name without the prefix, in small letters. */
static const char *effect_name(ProcessEffect effect) {
    static const char *const NAMES[] = {
#define X(effect, meaning) [effect] = #effect,
        PROCESS_EFFECTS(X)
#undef X
    };
    static char name[64];
    size_t length = 0;
    for (const char *from = NAMES[effect] + sizeof "PROCESS_EFFECT_" - 1; *from && length < sizeof name - 1; from++)
        name[length++] = (char)(*from == '_' ? ' ' : *from | 0x20);
    name[length] = '\0';
    return name;
}

static void print_cell(ProcessState state, ProcessEvent event) {
    ProcessState next = CELLS[state][event].next;
    ProcessEffect effect = CELLS[state][event].effect;
    if (effect == PROCESS_EFFECT_IMPOSSIBLE)
        printf(" – |");
    else if (next == state && effect == PROCESS_EFFECT_NONE)
        printf(" · |");
    else if (next == state)
        printf(" *%s* |", effect_name(effect));
    else if (effect == PROCESS_EFFECT_NONE)
        printf(" → %s |", PROCESS_STATE_NAME[next]);
    else
        printf(" → %s, *%s* |", PROCESS_STATE_NAME[next], effect_name(effect));
}

static void print_process_matrix(void) {
    printf("| state |");
    for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++)
        printf(" %s |", PROCESS_EVENT_NAME[event]);
    printf("\n|---|");
    for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++)
        printf("---|");
    for (ProcessState state = 0; state < PROCESS_STATE_COUNT; state++) {
        printf("\n| **%s** |", PROCESS_STATE_NAME[state]);
        for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++)
            print_cell(state, event);
    }
    printf("\n\n");
}

static void print_heading(const char *first, const char *second) {
    printf("| %s | %s |\n|---|---|\n", first, second);
}

static void print_row(const char *name, const char *meaning) {
    printf("| %s | %s |\n", name, meaning);
}

static void print_process_machine(void) {
    printf(
        "## A process\n\n"
        "One machine for the core node, one for the data node (`src/core/process.h`). Each cell names the next "
        "state and, in italics,\nthe effect; `·` changes nothing, `–` cannot happen: it is reported and changes "
        "nothing.\n\n");
    print_process_matrix();
    print_heading("state", "meaning");
#define X(state, name, meaning) print_row(name, meaning);
    PROCESS_STATES(X)
#undef X
    printf("\n");
    print_heading("event", "meaning");
#define X(event, name, meaning) print_row(name, meaning);
    PROCESS_EVENTS(X)
#undef X
    printf("\n");
    print_heading("effect", "meaning");
#define X(effect, meaning)                                                                                         \
    if (*(meaning) != '\0')                                                                                        \
        print_row(effect_name(effect), meaning);
    PROCESS_EFFECTS(X)
#undef X
    printf("\n");
}

static void print_node(void) {
    printf(
        "## The node\n\n"
        "Core and data node as one unit (`src/core/node.h`): its phase, why it is wanted down, and what kind of "
        "start it had.\n\n");
    print_heading("phase", "meaning");
#define X(phase, name, meaning) print_row(name, meaning);
    NODE_PHASES(X)
#undef X
    printf("\nReasons to be down: ");
    const char *separator = "";
#define X(reason, name)                                                                                            \
    if (reason != NODE_REASON_NONE) {                                                                              \
        printf("%s%s", separator, name);                                                                           \
        separator = ", ";                                                                                          \
    }
    NODE_REASONS(X)
#undef X
    printf(".\nKinds of start: ");
    separator = "";
#define X(start, name)                                                                                             \
    printf("%s%s", separator, name);                                                                               \
    separator = ", ";
    NODE_STARTS(X)
#undef X
    printf(".\n\n");
}

/* The condition as C without the `facts->`, which says nothing in a table. */
static void print_rule(const char *step, const char *condition) {
    printf("| **%s** | `", step);
    for (const char *c = condition; *c; c++) {
        if (__builtin_strncmp(c, "facts->", 7) == 0)
            c += 6;
        else
            putchar(*c);
    }
    printf("` |\n");
}

static void print_upgrade(void) {
    printf(
        "## An upgrade\n\n"
        "Level-driven (`src/core/upgrade.h`): the step is read off the facts, the first rule that matches "
        "wins.\n\n");
    print_heading("step", "when");
#define X(step, condition) print_rule(UPGRADE_STEP_NAME[step], #condition);
    UPGRADE_RULES(X)
#undef X
    printf("\n");
    print_heading("step", "meaning");
#define X(step, name, meaning) print_row(name, meaning);
    UPGRADE_STEPS(X)
#undef X
    printf("\n");
    print_heading("fact", "meaning");
#define X(fact, name, meaning) print_row("`" #fact "`", meaning);
    UPGRADE_FACTS(X)
#undef X
    printf("\n");
}

static void print_interface(void) {
    printf(
        "## Events and actions\n\n"
        "What `core_step()` takes in (`src/core/event.h`) and gives out (`src/core/action.h`).\n\n");
    print_heading("event", "meaning");
#define X(event, name, meaning) print_row(name, meaning);
    EVENTS(X)
#undef X
    printf("\n");
    print_heading("action", "meaning");
#define X(action, name, meaning) print_row(name, meaning);
    ACTIONS(X)
#undef X
}

int main(void) {
    printf(
        "# State machines\n\n"
        "Made from the X-macro lists in `src/core` by `make docs`; a test compares. Do not edit.\n\n");
    print_process_machine();
    print_node();
    print_upgrade();
    print_interface();
    return 0;
}
