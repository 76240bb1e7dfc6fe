/*
 * What a new Visor must know of a living node that its processes do not tell. It matters only while the node lives,
 * so it lies with the node's locks and ends with them; what has to outlive the node is the release record
 * (core/record.h).
 */
#pragma once

#include "core/node.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct NodeNote {
    uint64_t started_usec; /* CLOCK_MONOTONIC of its spawn: tells one start from another; 0 = nothing is noted */
    NodeStart start;
    uint64_t height_blocks; /* of the snapshot that it was started from; 0 = none */
    bool answered;          /* it has answered since this start */
    uint64_t restarts_used;
    NodeReason stopping; /* why it is being stopped; NODE_REASON_NONE while it is wanted up */
} NodeNote;
