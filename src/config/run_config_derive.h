/*
 * The run-config of a new release, made out of the text of the one before. An operator's comments, order and
 * spelling are worth as much as the values, so the text is edited in place instead of being written anew, and the
 * result is read again to see that nothing but the wanted has changed.
 */
#pragma once

#include "config/problems.h"

#include <stddef.h>

/**
 * Makes the run-config of release @tag from @length bytes of the current one, @text:
 *
 * - `name` is @tag; it becomes the first line if it is missing
 * - `vega.binary.path` and, if it is there, `data_node.binary.path` are @binary
 * - the data node's first argument, unless it is "datanode", gives way to "datanode", "start" (as v0.79 does)
 *
 * All other bytes stay as they are. @ret is text, NUL-terminated, owned by the caller (free). Returns 0; -EBADMSG
 * with the errors in @problems if @text is no valid run-config, or if the result would differ in anything else;
 * -ENOMEM.
 */
MUST_USE int run_config_derive(
    const char *text, size_t length, const char *tag, const char *binary, char **ret, Problems *problems);
