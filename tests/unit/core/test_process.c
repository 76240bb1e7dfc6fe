#include "core/process.h"

#include "tests/unit/test.h"

#include <string.h>

/*
 * What was designed, as a matrix of its own: a row a state, a column an event (in the order of PROCESS_EVENTS).
 * A cell is the next state and the effect, a letter each:
 *     D down, R running, T terminating, K killing, W draining
 *     . nothing, f fail, r ready, t terminate, k kill, l look at the lock, w wait, d down, ! impossible
 */
/* clang-format off */
static const struct {
    ProcessState state;
    const char *cells;
} EXPECTED[] = {
    /*                     spawned  failed  adopted  answered  stop  hasten  grace  exited  free  held */
    {PROCESS_DOWN,        "R.       Df      R.       D!        D.    D.      D!     D!      D!    D!"},
    {PROCESS_RUNNING,     "R!       R!      R!       Rr        Tt    Kk      R!     Wl      R!    R!"},
    {PROCESS_TERMINATING, "T!       T!      T!       T!        T.    Kk      Kk     Wl      T!    T!"},
    {PROCESS_KILLING,     "K!       K!      K!       K!        K.    Kk      K!     Wl      K!    K!"},
    {PROCESS_DRAINING,    "W!       W!      W!       W!        W.    Wk      Wk     W!      Dd    Ww"},
};
/* clang-format on */

static const char STATE_LETTERS[] = "DRTKW";
static const char EFFECT_LETTERS[] = ".frtklwd!";

static ProcessState state_of(char letter) {
    static const ProcessState STATES[] = {
        PROCESS_DOWN, PROCESS_RUNNING, PROCESS_TERMINATING, PROCESS_KILLING, PROCESS_DRAINING,
    };
    const char *found = strchr(STATE_LETTERS, letter);
    assert_non_null(found);
    return STATES[found - STATE_LETTERS];
}

static ProcessEffect effect_of(char letter) {
    static const ProcessEffect EFFECTS[] = {
        PROCESS_EFFECT_NONE,      PROCESS_EFFECT_FAIL, PROCESS_EFFECT_READY,
        PROCESS_EFFECT_TERMINATE, PROCESS_EFFECT_KILL, PROCESS_EFFECT_DRAIN,
        PROCESS_EFFECT_WAIT,      PROCESS_EFFECT_DOWN, PROCESS_EFFECT_IMPOSSIBLE,
    };
    const char *found = strchr(EFFECT_LETTERS, letter);
    assert_non_null(found);
    return EFFECTS[found - EFFECT_LETTERS];
}

static void test_every_cell(void **unused) {
    (void)unused;
    assert_int_equal(sizeof EXPECTED / sizeof *EXPECTED, PROCESS_STATE_COUNT);
    for (size_t row = 0; row < PROCESS_STATE_COUNT; row++) {
        const char *cell = EXPECTED[row].cells;
        for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++) {
            Process process = {.state = EXPECTED[row].state, .since_usec = 7};
            ProcessEffect effect = process_step(&process, event, 9);
            if (process.state != state_of(cell[0]) || effect != effect_of(cell[1]))
                fail_msg("%s, %s", PROCESS_STATE_NAME[EXPECTED[row].state], PROCESS_EVENT_NAME[event]);
            cell += 2;
            cell += strspn(cell, " ");
        }
        assert_int_equal(*cell, '\0');
    }
}

static void test_each_pair_stands_exactly_once(void **unused) {
    (void)unused;
    unsigned times[PROCESS_STATE_COUNT][PROCESS_EVENT_COUNT] = {{0}};
#define X(state, event, next, effect) times[state][event]++;
    PROCESS_CELLS(X)
#undef X
    for (ProcessState state = 0; state < PROCESS_STATE_COUNT; state++)
        for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++)
            assert_int_equal(times[state][event], 1);
}

static void test_impossible_changes_nothing(void **unused) {
    (void)unused;
#define X(state, event, next, effect)                                                                              \
    if (effect == PROCESS_EFFECT_IMPOSSIBLE)                                                                       \
        assert_int_equal(state, next);
    PROCESS_CELLS(X)
#undef X
}

static void test_since_is_when_the_state_was_entered(void **unused) {
    (void)unused;
    for (ProcessState state = 0; state < PROCESS_STATE_COUNT; state++) {
        for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++) {
            Process process = {.state = state, .since_usec = 7};
            (void)process_step(&process, event, 9);
            assert_int_equal(process.since_usec, process.state == state ? 7 : 9);
        }
    }
}

static void test_ready_lasts_as_long_as_running(void **unused) {
    (void)unused;
    for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++) {
        Process process = {.state = PROCESS_RUNNING, .since_usec = 7, .ready = true};
        (void)process_step(&process, event, 9);
        assert_int_equal(process.ready, process.state == PROCESS_RUNNING);
    }
    Process process = {.state = PROCESS_DOWN};
    (void)process_step(&process, PROCESS_EVENT_SPAWNED, 1);
    assert_false(process.ready);
    (void)process_step(&process, PROCESS_EVENT_ANSWERED, 2);
    assert_true(process.ready);
    assert_int_equal(process.since_usec, 1);
    /* Only an answer makes ready. */
    for (ProcessState state = 0; state < PROCESS_STATE_COUNT; state++) {
        for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++) {
            Process other = {.state = state};
            (void)process_step(&other, event, 1);
            assert_int_equal(other.ready, state == PROCESS_RUNNING && event == PROCESS_EVENT_ANSWERED);
        }
    }
}

static void test_names(void **unused) {
    (void)unused;
    assert_string_equal(PROCESS_NAME[PROCESS_VEGA], "vega");
    assert_string_equal(PROCESS_NAME[PROCESS_DATA_NODE], "data-node");
    for (ProcessState state = 0; state < PROCESS_STATE_COUNT; state++)
        assert_non_null(PROCESS_STATE_NAME[state]);
    for (ProcessEvent event = 0; event < PROCESS_EVENT_COUNT; event++)
        assert_non_null(PROCESS_EVENT_NAME[event]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_each_pair_stands_exactly_once),
        cmocka_unit_test(test_impossible_changes_nothing),
        cmocka_unit_test(test_since_is_when_the_state_was_entered),
        cmocka_unit_test(test_ready_lasts_as_long_as_running),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
