/* What a binary of the node says it is: `BINARY version --output json`. */
#pragma once

#include "base/failure.h"
#include "core/tag.h"
#include "proc/tool.h"

/** How the binary at @path, borrowed, is asked for its version. */
ToolRequest version_request(const char *path);

/**
 * Reads the answer, hostile until checked: {"version":"v1.2.3",...}. Pure.
 *
 * Returns 0, or -EBADMSG described in @failure.
 */
MUST_USE int version_output_parse(const char *output, char (*ret_tag)[RELEASE_TAG_MAX + 1], Failure *failure);
