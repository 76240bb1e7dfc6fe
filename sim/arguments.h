/*
 * The command line. The real node has far more flags than the simulated one knows, so a flag that is not known here
 * is only remembered: the commands that play the node ignore it, the sim's own commands refuse it.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

/* member, flag: the flags that take a value; the last one given wins. --set takes one too, and may be repeated. */
#define ARGUMENT_FLAGS(X)                                                                                          \
    X(home, "--home")                                                                                              \
    X(scenario, "--scenario")                                                                                      \
    X(load_height, "--snapshot.load-from-block-height")                                                            \
    X(output, "--output")                                                                                          \
    X(version, "--version")                                                                                        \
    X(log, "--log")                                                                                                \
    X(timeout, "--timeout")                                                                                        \
    X(folder, "--folder")                                                                                          \
    X(port, "--port")                                                                                              \
    X(token, "--token")                                                                                            \
    X(binary, "--binary")                                                                                          \
    X(bytes, "--bytes")

typedef struct Arguments {
    int argc;
    char **argv;                            /* as main() got it, borrowed */
#define X(member, flag) const char *member; /* NULL if it was not given */
    ARGUMENT_FLAGS(X)
#undef X
    const char **settings; /* KEY=VALUE of every --set, in order, NULL-terminated */
    size_t setting_count;
    const char **words; /* what is no flag, in order, NULL-terminated */
    size_t word_count;
    bool sums;                /* --sums was given; it takes no value */
    const char *unknown_flag; /* the first flag that is not known, NULL if there is none */
} Arguments;

/**
 * Reads the command line; the result borrows the strings of @argv and is freed with arguments_free.
 * Returns 0, -EINVAL for a flag without its value, or -ENOMEM; described in @failure.
 */
MUST_USE int arguments_parse(int argc, char **argv, Arguments *ret, Failure *failure);

void arguments_free(Arguments *arguments);
