/*
 * What is wrong with a configuration file: every finding, in the order of the file, each with its place and cure.
 * A file with errors is not used; warnings only inform.
 */
#pragma once

#include "base/failure.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PROBLEMS_MAX = 100 }; /* findings that are kept; nobody reads more of one file */

typedef enum ProblemSeverity {
    PROBLEM_WARNING,
    PROBLEM_ERROR,
} ProblemSeverity;

typedef struct Problem {
    ProblemSeverity severity;
    unsigned line;   /* from 1; 0 = the file as a whole */
    unsigned column; /* from 1; 0 = unknown */
    char *text;      /* what is wrong and what cures it; one printable line */
} Problem;

typedef struct Problems {
    Problem *items;
    size_t count;
    size_t error_count; /* all errors, also those that were not kept */
} Problems;

/**
 * What @text, which comes from a file, looks like in a finding: printable, at most 80 bytes. Lives until the end of
 * the block.
 */
#define PRINTABLE(text) string_printable((char[81]){""}, 81, (text))

/**
 * Adds a finding; its text is made printable. Printing is bounded: after PROBLEMS_MAX findings one last item says
 * that there are more; an error then takes the place of a warning. When memory is out the finding is counted in
 * error_count all the same, so a bad file never passes as a good one.
 */
__attribute__((__format__(__printf__, 5, 6))) void
problems_add(Problems *problems, ProblemSeverity severity, unsigned line, unsigned column, const char *format, ...);

/** Sorts by line and column, keeping the order of equals; "there are more" stays last. */
void problems_sort(Problems *problems);

/** Writes where @problem is, "PATH:LINE:COLUMN" as far as that is known, as editors and compilers have it. */
void problem_place(char *buffer, size_t size_bytes, const char *path, const Problem *problem);

/** Logs every finding as one line: level by severity, fields file=PATH:LINE:COLUMN. */
void problems_log(const Problems *problems, const char *component, const char *path);

/**
 * Describes all errors in one line, as the operator sees it hours before the block: "PATH: 3:1: what; 7:2: what;".
 * Returns @code.
 */
int problems_describe(const Problems *problems, const char *path, int code, Failure *failure);

/** Frees the findings; @problems is empty then. */
void problems_clear(Problems *problems);

#define _cleanup_problems_ __attribute__((__cleanup__(problems_clear)))

#ifdef __cplusplus
}
#endif
