/* `help`. */
#include "sim/commands.h"

#include <stdio.h>

int command_help(Program *program) {
    (void)program;
    (void)fputs(
        "vega-sim plays a Vega node, for tests and the demo.\n"
        "\n"
        "  vega-sim start --home DIR [--snapshot.load-from-block-height N]    the core; alias: node\n"
        "  vega-sim datanode start --home DIR                                 the data node; alias: datanode node\n"
        "  vega-sim [datanode] network-history latest-history-segment [--home DIR]\n"
        "  vega-sim [datanode] version [--output human|json]\n"
        "  vega-sim stamp --version VERSION OUT       writes a copy of this program that is that release\n"
        "  vega-sim wait --log FILE [--timeout SECONDS] EVENT[,KEY=VALUE...]\n"
        "                                             prints the first such event; exit code 1 if none comes\n"
        "\n"
        "What a node does is told by DIR/scenario.json, or --scenario FILE, which is read again whenever it\n"
        "changes, and by --set KEY=VALUE. What it did is written to DIR/events.jsonl.\n",
        stdout);
    return 0;
}
