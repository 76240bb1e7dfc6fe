/* The command line, read into one struct. Nothing else of Visor looks at argv. */
#pragma once

#include "cli/commands.h"

#include <stdbool.h>

typedef enum Output {
    OUTPUT_HUMAN,
    OUTPUT_JSON,
} Output;

struct Options {
    Command command;
    const char *program; /* as whoever started it has called it: argv[0], NULL if nothing */
    const char *home;    /* as given, never empty; NULL unless the command takes it */
    bool with_data_node;
    Output output;
    const char *tag;   /* of --upgrade, or the word after prepare: a plain release tag; NULL if none is given */
    const char *topic; /* the word after help or completion, one of their choices; NULL if there is none */
};

/**
 * Reads the command line.
 *
 * Flags may stand before and after the command word, as `--flag VALUE` and `--flag=VALUE`; after `--` come words
 * only; of a repeated flag the last wins. A command with --help becomes COMMAND_HELP with that command as topic.
 * The strings of @ret are borrowed from @argv and the tables.
 *
 * Returns 0; -EINVAL with the first mistake and its cure in @failure.
 */
MUST_USE int options_parse(int argc, char *const *argv, Options *ret, Failure *failure);
