/*
 * The simulated block chain: heights that grow with time, stop at an upgrade block, and what the admin RPC says of
 * it. Pure: the time comes in, the next deadline comes out.
 */
#pragma once

#include "sim/scenario.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Chain {
    int64_t height;           /* of the last block */
    int64_t jump;             /* the last "height" of the scenario that was followed; -1: none */
    uint64_t blocks;          /* produced since the start, those that the upgrade block repeats included */
    uint64_t next_block_usec; /* 0 while none is being made */
    uint64_t finished_usec;   /* when the upgrade block was finished; 0 while the chain runs */
} Chain;

/** What the core answers to protocolupgrade.UpgradeStatus. */
typedef struct ChainStatus {
    bool has_info;   /* AcceptedReleaseInfo is not null */
    const char *tag; /* borrowed from the scenario; "" when nothing is accepted */
    int64_t height;
    bool ready;
} ChainStatus;

/**
 * Brings the chain to @now_usec: at most one block, as the real one makes no haste after a pause.
 * Returns when to call again unless the scenario changes: USEC_NEVER if nothing will happen by itself.
 */
uint64_t chain_step(Chain *chain, const Scenario *scenario, uint64_t now_usec);

ChainStatus chain_status(const Chain *chain, const Scenario *scenario, uint64_t now_usec);
