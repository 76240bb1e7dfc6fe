#include "sim/chain.h"

#include "base/clock.h"
#include "sim/upgrade.h"

enum { BLOCK_TIME_MS = 50 };

static uint64_t block_time_usec(const Scenario *scenario) {
    uint64_t usec = scenario_find(scenario, "block_time_ms") ? scenario_usec(scenario, "block_time_ms")
                                                             : BLOCK_TIME_MS * USEC_PER_MSEC;
    return usec > 0 ? usec : USEC_PER_MSEC;
}

static void follow_jump(Chain *chain, const Scenario *scenario) {
    int64_t jump = scenario_integer(scenario, "height", -1);
    if (jump >= 0 && jump != chain->jump)
        chain->height = jump;
    chain->jump = jump;
}

/* Is there an accepted upgrade whose block is reached? */
static bool at_upgrade_block(const Chain *chain, const Scenario *scenario, Upgrade *ret) {
    return upgrade_find_next(scenario, chain->height, ret) && chain->height >= ret->accepted_at &&
           chain->height >= ret->height;
}

/* A node that starts at the upgrade block replays it, so it too makes a block before it is ready. */
static bool makes_blocks(const Chain *chain, const Scenario *scenario) {
    Upgrade upgrade;
    if (scenario_boolean(scenario, "paused", false))
        return false;
    return chain->blocks == 0 || !at_upgrade_block(chain, scenario, &upgrade);
}

static void make_block(Chain *chain, const Scenario *scenario, uint64_t now_usec) {
    uint64_t block_usec = block_time_usec(scenario);
    Upgrade upgrade;

    if (!at_upgrade_block(chain, scenario, &upgrade))
        chain->height++;
    chain->blocks++;
    /* On schedule, unless a whole block time was missed: then there is no catching up. */
    chain->next_block_usec = usec_add(chain->next_block_usec, block_usec);
    if (chain->next_block_usec <= now_usec)
        chain->next_block_usec = usec_add(now_usec, block_usec);
}

uint64_t chain_step(Chain *chain, const Scenario *scenario, uint64_t now_usec) {
    Upgrade upgrade = {0};

    follow_jump(chain, scenario);
    if (makes_blocks(chain, scenario)) {
        /* A block time that was shortened takes effect now, not after a last long block. */
        uint64_t latest_usec = usec_add(now_usec, block_time_usec(scenario));
        if (chain->next_block_usec == 0 || chain->next_block_usec > latest_usec)
            chain->next_block_usec = latest_usec;
        if (chain->next_block_usec <= now_usec)
            make_block(chain, scenario, now_usec);
    }
    if (!at_upgrade_block(chain, scenario, &upgrade) || chain->blocks == 0)
        chain->finished_usec = 0;
    else if (chain->finished_usec == 0)
        chain->finished_usec = now_usec;

    if (makes_blocks(chain, scenario))
        return chain->next_block_usec;
    chain->next_block_usec = 0;
    if (chain->finished_usec == 0)
        return USEC_NEVER;
    uint64_t ready_usec = usec_add(chain->finished_usec, upgrade.ready_delay_usec);
    return ready_usec > now_usec ? ready_usec : USEC_NEVER;
}

static ChainStatus scheduled_status(const Chain *chain, const Scenario *scenario, uint64_t now_usec) {
    ChainStatus status = {.has_info = true, .tag = ""};
    Upgrade upgrade;

    if (chain->blocks == 0 && scenario_boolean(scenario, "null_before_first_block", true))
        return (ChainStatus){.tag = ""};
    if (upgrade_find_next(scenario, chain->height, &upgrade) && chain->height >= upgrade.accepted_at) {
        status.tag = upgrade.tag;
        status.height = upgrade.height;
        status.ready =
            chain->finished_usec > 0 && now_usec >= usec_add(chain->finished_usec, upgrade.ready_delay_usec);
    } else if (
        upgrade_find_own(scenario, &upgrade) &&
        (upgrade.linger_blocks < 0 || chain->height - upgrade.height < upgrade.linger_blocks)) {
        status.tag = upgrade.tag;
        status.height = upgrade.height;
        status.ready = upgrade.ready_linger;
    }
    return status;
}

ChainStatus chain_status(const Chain *chain, const Scenario *scenario, uint64_t now_usec) {
    ChainStatus status = scheduled_status(chain, scenario, now_usec);
    const json_t *accepted = scenario_find(scenario, "accepted");
    const json_t *ready = scenario_find(scenario, "ready");

    if (accepted) {
        status.has_info = json_is_object(accepted);
        status.tag = status.has_info ? json_string_value(json_object_get(accepted, "tag")) : "";
        status.height = json_integer_value(json_object_get(accepted, "height"));
    }
    if (json_is_boolean(ready))
        status.ready = json_is_true(ready);
    return status;
}
