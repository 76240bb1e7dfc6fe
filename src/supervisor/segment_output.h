/* What the data node's binary prints when it is asked for its latest segment: hostile until checked. Pure. */
#pragma once

#include "base/failure.h"
#include <stdbool.h>
#include <stdint.h>

/**
 * Reads the output of `network-history latest-history-segment --output json`:
 * {"LatestSegment":{"to_height":"123"}}, or the height as a number.
 *
 * Returns 0, or -EBADMSG described in @failure.
 */
MUST_USE int segment_output_parse(const char *output, uint64_t *ret_height_blocks, Failure *failure);

/** Does the text of a failed segment query say that there are no segments yet? That is no failure. */
bool segment_output_says_none(const char *text);
