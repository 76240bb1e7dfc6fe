#include "core/upgrade.h"

#include "tests/unit/test.h"

enum {
#define X(fact, name, meaning) FACT_##fact,
    UPGRADE_FACTS(X)
#undef X
        FACT_COUNT
};

static UpgradeFacts facts_of(unsigned bits) {
    UpgradeFacts facts = {0};
#define X(fact, name, meaning) facts.fact = (bits >> FACT_##fact & 1) != 0;
    UPGRADE_FACTS(X)
#undef X
    return facts;
}

/* The design in words, turned into code once more: from the point of no return backwards, then from the network on.
 */
static UpgradeStep expected(const UpgradeFacts *is) {
    if (is->committed) {
        if (is->switched)
            return UPGRADE_STARTING;
        return is->stopped ? UPGRADE_SWITCHING : UPGRADE_STOPPING;
    }
    if (!is->accepted)
        return UPGRADE_NONE;
    if (!is->running_known)
        return UPGRADE_ASKING;
    if (is->installed)
        return UPGRADE_INSTALLED;
    if (!is->usable)
        return UPGRADE_REFUSED;
    if (is->proven)
        return is->ready ? UPGRADE_DELAYING : UPGRADE_PREPARED;
    if (is->ready)
        return UPGRADE_BLOCKED;
    return is->absent && is->may_fetch ? UPGRADE_FETCHING : UPGRADE_EXAMINING;
}

static void test_every_combination(void **unused) {
    (void)unused;
    for (unsigned bits = 0; bits < 1U << FACT_COUNT; bits++) {
        UpgradeFacts facts = facts_of(bits);
        assert_int_equal(upgrade_step(&facts), expected(&facts));
    }
}

static void check_properties(const UpgradeFacts *is, UpgradeStep step) {
    bool too_late = step == UPGRADE_STOPPING || step == UPGRADE_SWITCHING || step == UPGRADE_STARTING;
    assert_int_equal(too_late, is->committed); /* nothing else ever stops the old node, and it is never undone */
    if (step == UPGRADE_SWITCHING)
        assert_true(is->stopped && !is->switched);
    if (step == UPGRADE_STARTING)
        assert_true(is->switched);
    if (step == UPGRADE_DELAYING)
        assert_true(is->accepted && is->ready && is->proven && is->usable && !is->installed && is->running_known);
    if (step == UPGRADE_BLOCKED)
        assert_true(is->ready && !is->proven);
    if (step == UPGRADE_PREPARED)
        assert_true(is->proven && !is->ready);
    if (step == UPGRADE_FETCHING)
        assert_true(is->absent && is->may_fetch && !is->proven);
    if (step == UPGRADE_EXAMINING || step == UPGRADE_FETCHING || step == UPGRADE_BLOCKED)
        assert_true(is->usable && !is->installed); /* a refused tag is never looked up on the disk */
    if (step != UPGRADE_NONE && !is->committed)
        assert_true(is->accepted);
}

static void test_properties_of_every_combination(void **unused) {
    (void)unused;
    for (unsigned bits = 0; bits < 1U << FACT_COUNT; bits++) {
        UpgradeFacts facts = facts_of(bits);
        check_properties(&facts, upgrade_step(&facts));
    }
}

static void test_each_step_is_reachable(void **unused) {
    (void)unused;
    unsigned times[UPGRADE_STEP_COUNT] = {0};
    for (unsigned bits = 0; bits < 1U << FACT_COUNT; bits++) {
        UpgradeFacts facts = facts_of(bits);
        times[upgrade_step(&facts)]++;
    }
    for (UpgradeStep step = 0; step < UPGRADE_STEP_COUNT; step++) {
        assert_true(times[step] > 0);
        assert_non_null(UPGRADE_STEP_NAME[step]);
    }
}

static void test_nothing_is_known_at_first(void **unused) {
    (void)unused;
    UpgradeFacts facts = {0};
    assert_int_equal(upgrade_step(&facts), UPGRADE_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_properties_of_every_combination),
        cmocka_unit_test(test_each_step_is_reachable),
        cmocka_unit_test(test_nothing_is_known_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
