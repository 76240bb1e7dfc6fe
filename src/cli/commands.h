/*
 * The commands and flags of Visor, once, as tables: the parser, the help and the completion scripts read them, so
 * they never disagree. The texts are plain: no quotes, colons, brackets or line ends in summaries and flag helps,
 * because shells get to see them.
 */
#pragma once

#include "base/exit_code.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

#define HELP_TOPIC_EXIT_CODES "exit-codes"

typedef enum Flag {
    FLAG_HOME,
    FLAG_WITH_DATA_NODE,
    FLAG_UPGRADE,
    FLAG_OUTPUT,
    FLAG_HELP,
    FLAG_COUNT,
} Flag;

#define FLAG_BIT(flag) (1U << (flag))
#define FLAGS_HELP FLAG_BIT(FLAG_HELP)
#define FLAGS_HOME FLAG_BIT(FLAG_HOME)
#define FLAGS_INIT (FLAGS_HELP | FLAGS_HOME | FLAG_BIT(FLAG_WITH_DATA_NODE))
#define FLAGS_VERSION (FLAGS_HELP | FLAG_BIT(FLAG_OUTPUT))
#define FLAGS_CHECK (FLAGS_HELP | FLAGS_HOME | FLAG_BIT(FLAG_UPGRADE) | FLAG_BIT(FLAG_OUTPUT))
#define FLAGS_HISTORY (FLAGS_HELP | FLAGS_HOME | FLAG_BIT(FLAG_OUTPUT))
#define FLAGS_PREPARE (FLAGS_HELP | FLAGS_HOME | FLAG_BIT(FLAG_OUTPUT))

/*
 * NAME, word, flags it takes, flags it needs, argument that may follow, its choices, summary.
 * An argument without choices is a release tag and must follow.
 * Its function is command_WORD, its enumerator COMMAND_NAME, its longer text DETAILS_NAME.
 */
#define COMMANDS(X)                                                                                                \
    X(INIT, init, FLAGS_INIT, FLAGS_HOME, NULL, NULL, "make a home folder with commented settings")                \
    X(RUN, run, FLAGS_HELP | FLAGS_HOME, FLAGS_HOME, NULL, NULL,                                                   \
      "run the node of a home folder and take it through upgrades")                                                \
    X(CHECK, check, FLAGS_CHECK, FLAGS_HOME, NULL, NULL,                                                           \
      "see whether a home is fit to run, and for an upgrade; changes nothing")                                     \
    X(PREPARE, prepare, FLAGS_PREPARE, FLAGS_HOME, "TAG", NULL, "fetch, prove and put in place a release by hand") \
    X(HISTORY, history, FLAGS_HISTORY, FLAGS_HOME, NULL, NULL, "show what happened to the node of a home")         \
    X(REEXEC, reexec, FLAGS_HELP | FLAGS_HOME, FLAGS_HOME, NULL, NULL,                                             \
      "let the running visor become the binary now at its path, the node untouched")                               \
    X(REHEARSE, rehearse, FLAGS_HELP | FLAGS_HOME, FLAGS_HOME, NULL, NULL,                                         \
      "see whether this binary could take over from the running visor; changes nothing")                           \
    X(VERSION, version, FLAGS_VERSION, 0, NULL, NULL, "print the version of Visor")                                \
    X(HELP, help, FLAGS_HELP, 0, "TOPIC", TOPICS, "explain a command, or the exit codes")                          \
    X(COMPLETION, completion, FLAGS_HELP, 0, "SHELL", SHELLS, "print a completion script for a shell")

typedef enum Command {
#define X(NAME, word, ...) COMMAND_##NAME,
    COMMANDS(X)
#undef X
        COMMAND_COUNT,
} Command;

typedef struct FlagInfo {
    const char *name;           /* "--home" */
    const char *short_name;     /* "-h"; NULL if it has none */
    const char *value;          /* what the help calls its value; NULL for a switch */
    const char *const *choices; /* the values there are, NULL-terminated; NULL: free */
    bool is_folder;             /* the value is a folder */
    const char *help;
} FlagInfo;

typedef struct Options Options;

typedef struct CommandInfo {
    const char *word;
    unsigned flags;             /* a bit 1 << Flag for each it takes */
    unsigned required_flags;    /* those that must be given */
    const char *argument;       /* what the help calls the word that may follow; NULL: none may */
    const char *const *choices; /* the words that may follow, NULL-terminated; NULL: a release tag must */
    const char *summary;
    const char *details;
    ExitCode (*run)(const Options *options);
} CommandInfo;

extern const FlagInfo FLAGS[FLAG_COUNT];
extern const CommandInfo COMMAND_TABLE[COMMAND_COUNT];

/* One per command: does what the parsed command line asks for and returns what Visor exits with. */
#define X(NAME, word, ...) MUST_USE ExitCode command_##word(const Options *options);
COMMANDS(X)
#undef X
