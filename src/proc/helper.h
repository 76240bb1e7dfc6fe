/*
 * A helper: a program that works for minutes and tells of it line by line on its standard output. Not the whole is
 * bounded but its silence. It may crash, hang or be killed without anything else noticing, and it dies with Visor.
 */
#pragma once

#include "base/failure.h"
#include "proc/child.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum { HELPER_LINE_MAX = 16 * 1024 }; /* bytes of a line, without its newline */

typedef struct HelperRequest {
    const char *path;
    const char *const *arguments; /* NULL-terminated, without the program's own name */
    uint64_t silence_usec;        /* no line for so long, and it is killed */
} HelperRequest;

typedef struct HelperResult {
    int result; /* 0: exited with code 0; -ETIMEDOUT (silent), -EMSGSIZE (a line too long), -ECHILD (otherwise) */
    ChildEnd end;
    char
        summary[512]; /* what went wrong, for a person: with the first lines of standard error; "" if nothing did */
} HelperResult;

typedef struct Helper Helper;

/**
 * Called for every line, without its newline, in order; @line is borrowed for the call and ends at a NUL that the
 * line itself may have. What follows the last newline is no line. The helper may be cancelled from within.
 */
typedef void (*HelperLineHandler)(const char *line, void *userdata);

/**
 * Called once, after all lines, unless the helper is cancelled; the helper frees itself after it. @result is
 * borrowed for the call.
 */
typedef void (*HelperEndHandler)(const HelperResult *result, void *userdata);

/**
 * Runs a helper. @ret is valid until the end handler is called or the helper is cancelled. Its whole group is
 * killed when it is silent for too long, prints a line that is too long, or ends and leaves something behind. Its
 * standard error is read to its end, so it never blocks on it, but only its beginning is kept.
 *
 * Returns 0 or -errno described in @failure.
 */
MUST_USE int helper_start(
    sd_event *event, const HelperRequest *request, HelperLineHandler on_line, HelperEndHandler on_end,
    void *userdata, Helper **ret, Failure *failure);

/**
 * Kills the helper and frees it; its handlers are not called any more. Waits up to 200 ms for its end: what SIGKILL
 * does not end in that time hangs in the kernel. NULL is fine. Returns NULL.
 */
Helper *helper_cancel(Helper *helper);
