/* What `visor check` finds: each one line, with its cure. */
#pragma once

#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* result, its name */
#define FINDING_RESULTS(X)                                                                                         \
    X(FINDING_OK, "ok")                                                                                            \
    X(FINDING_WARNING, "warning")                                                                                  \
    X(FINDING_PROBLEM, "problem")

typedef enum FindingResult {
#define X(result, name) result,
    FINDING_RESULTS(X)
#undef X
        FINDING_RESULT_COUNT
} FindingResult;

/* name of a check in the output */
#define FINDING_CHECKS(X)                                                                                          \
    X(CHECK_HOME, "home")                                                                                          \
    X(CHECK_CONFIG, "config")                                                                                      \
    X(CHECK_CURRENT, "current")                                                                                    \
    X(CHECK_FOLDER, "folder")                                                                                      \
    X(CHECK_RUN_CONFIG, "run-config")                                                                              \
    X(CHECK_BINARY, "binary")                                                                                      \
    X(CHECK_SOCKET, "socket")                                                                                      \
    X(CHECK_LOCK, "lock")                                                                                          \
    X(CHECK_UPGRADE, "upgrade")                                                                                    \
    X(CHECK_AUTO_INSTALL, "autoInstall")                                                                           \
    X(CHECK_DISK, "disk")                                                                                          \
    X(CHECK_CLOCK, "clock")

typedef enum FindingCheck {
#define X(check, name) check,
    FINDING_CHECKS(X)
#undef X
        FINDING_CHECK_COUNT
} FindingCheck;

typedef struct Finding {
    FindingCheck check;
    FindingResult result;
    char *subject; /* the file, folder, URL ... it is about; "" = none */
    char *text;
    char *cure; /* "" if nothing is to be cured, or the text says it */
} Finding;

typedef struct Findings {
    Output output; /* a person sees each finding at once: some of them take a while */
    FILE *out;
    Finding *items;
    size_t count;
    size_t counts[FINDING_RESULT_COUNT];
    bool incomplete; /* memory was out */
} Findings;

/** Adds a finding; all its texts are made printable. @cure may be NULL. */
__attribute__((__format__(__printf__, 6, 7))) void findings_add(
    Findings *findings, FindingCheck check, FindingResult result, const char *subject, const char *cure,
    const char *format, ...);

/** Prints the summary, or everything as one JSON object, and returns what `visor check` exits with. */
MUST_USE ExitCode findings_finish(const Findings *findings);

void findings_clear(Findings *findings);

#define _cleanup_findings_ __attribute__((__cleanup__(findings_clear)))
