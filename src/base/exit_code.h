/* What Visor's exit codes mean: sysexits.h where it has a word, numbers above it where it has none. */
#pragma once

/* name, number, meaning for the help and the manual */
#define EXIT_CODES(X)                                                                                                \
    X(EXIT_CODE_OK, 0, "all went well; the node was stopped on request")                                             \
    X(EXIT_CODE_USAGE, 64, "the command line is wrong")                                                              \
    X(EXIT_CODE_NO_HOME, 66, "the home folder is missing or was never initialised")                                  \
    X(EXIT_CODE_NODE_FAILED, 69, "the node failed for good: its restarts or its time to answer are used up")         \
    X(EXIT_CODE_INTERNAL, 70, "an error in Visor itself")                                                            \
    X(EXIT_CODE_SYSTEM, 71, "the operating system refused something")                                                \
    X(EXIT_CODE_CANNOT_CREATE, 73, "a file or folder cannot be created, or is there already")                        \
    X(EXIT_CODE_IO, 74, "reading or writing failed")                                                                 \
    X(EXIT_CODE_CONFIG, 78, "a configuration file, a binary or a link it needs is wrong")                            \
    X(EXIT_CODE_ALREADY_RUNNING, 80, "another visor runs this home")                                                 \
    X(EXIT_CODE_NODE_ALIVE, 81,                                                                                      \
      "a node that cannot be taken over is alive: its admin socket answers, or its lock was still held at the stop") \
    X(EXIT_CODE_WARNINGS, 82, "check found warnings only")                                                           \
    X(EXIT_CODE_PROBLEMS, 83, "check found problems")                                                                \
    X(EXIT_CODE_NOT_PREPARED, 84, "prepare did not get the release into its place, or could not prove it")           \
    X(EXIT_CODE_NEWER_STATE, 85, "the home holds what a newer Visor wrote")                                          \
    X(EXIT_CODE_NOT_REEXECED, 86,                                                                                    \
      "reexec: no visor runs the home, it goes on as it was, or the new one cannot take the node over")

typedef enum ExitCode {
#define X(name, number, meaning) name = number,
    EXIT_CODES(X)
#undef X
} ExitCode;
