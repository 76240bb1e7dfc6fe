#include "core/upgrade.h"

const char *const UPGRADE_STEP_NAME[UPGRADE_STEP_COUNT] = {
#define X(step, name, meaning) [step] = name,
    UPGRADE_STEPS(X)
#undef X
};

UpgradeStep upgrade_step(const UpgradeFacts *facts) {
#define X(step, condition)                                                                                         \
    if (condition)                                                                                                 \
        return step;
    UPGRADE_RULES(X)
#undef X
    return UPGRADE_NONE;
}
