/*
 * A tool: a program that is run for its output, within a deadline and a bound on what it may print. Its result
 * comes when it is really gone, never before: what follows may not race it for a lock (the node's database has
 * one).
 */
#pragma once

#include "base/failure.h"
#include "proc/child.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum { TOOL_OUTPUT_MAX = 64 * 1024 }; /* bytes, of each stream */

typedef struct ToolRequest {
    const char *path;
    const char *const *arguments; /* NULL-terminated, without the program's own name */
    uint64_t timeout_usec;
    bool keeps_lock; /* the tool and all its descendants hold `lock_fd` while they live, as a node does */
    int lock_fd;
} ToolRequest;

typedef struct ToolResult {
    int result; /* 0: exited with code 0; -ETIMEDOUT, -EFBIG (too much output), -ECHILD (failed otherwise) */
    ChildEnd end;
    const char *output; /* standard output, NUL-terminated */
    const char *error;  /* standard error, NUL-terminated */
    char summary[512];  /* what went wrong, for a person: with the first line it printed; "" if nothing did */
} ToolResult;

typedef struct Tool Tool;

/** Called once unless the tool is cancelled; the tool frees itself after it. @result is borrowed for the call. */
typedef void (*ToolHandler)(const ToolResult *result, void *userdata);

/**
 * Runs a tool. @ret is valid until the handler is called or the tool is cancelled. The whole group of the tool is
 * killed when its time is over or its output too much.
 *
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int tool_start(
    sd_event *event, const ToolRequest *request, ToolHandler handler, void *userdata, Tool **ret, Failure *failure);

/**
 * Kills the tool and frees it; its handler is not called. Waits up to 200 ms for its end: what SIGKILL does not end
 * in that time hangs in the kernel. NULL is fine. Returns NULL.
 */
Tool *tool_cancel(Tool *tool);
