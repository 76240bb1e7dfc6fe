/* What every command gets, and the table of them. */
#pragma once

#include "sim/arguments.h"
#include "sim/stamp.h"

#include <stdint.h>

enum {
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 64,        /* sysexits.h */
    EXIT_CODE_DOUBLE_START = 99, /* another copy of this process runs on this home */
};

/** This run of the program. */
typedef struct Program {
    uint64_t main_usec;  /* CLOCK_MONOTONIC as main() began */
    const char *process; /* what is played: "vega", "data-node", "segment", "version"; NULL for the sim's own */
    Version version;
    Arguments arguments;
} Program;

/* words, process it plays, its function: COMMAND_... */
#define COMMANDS(X)                                                                                                \
    X("start", "vega", node)                                                                                       \
    X("node", "vega", node)                                                                                        \
    X("datanode start", "data-node", node)                                                                         \
    X("datanode node", "data-node", node)                                                                          \
    X("version", "version", version)                                                                               \
    X("datanode version", "version", version)                                                                      \
    X("network-history latest-history-segment", "segment", segment)                                                \
    X("datanode network-history latest-history-segment", "segment", segment)                                       \
    X("releases", "releases", releases)                                                                            \
    X("asset", NULL, asset)                                                                                        \
    X("stamp", NULL, stamp)                                                                                        \
    X("wait", NULL, wait)                                                                                          \
    X("help", NULL, help)

/** Each does what the command line asks for and returns the exit code. The command's own words are gone by then. */
MUST_USE int command_node(Program *program);
MUST_USE int command_version(Program *program);
MUST_USE int command_segment(Program *program);
MUST_USE int command_releases(Program *program);
MUST_USE int command_asset(Program *program);
MUST_USE int command_stamp(Program *program);
MUST_USE int command_wait(Program *program);
MUST_USE int command_help(Program *program);
