/* `help`. */
#include "sim/commands.h"

#include <stdio.h>

int command_help(Program *program) {
    (void)program;
    (void)fputs(
        "vega-sim plays a Vega node, or a server of its releases, for tests and the demo.\n"
        "\n"
        "  vega-sim start --home DIR [--snapshot.load-from-block-height N]    the core; alias: node\n"
        "  vega-sim datanode start --home DIR                                 the data node; alias: datanode node\n"
        "  vega-sim [datanode] network-history latest-history-segment [--home DIR]\n"
        "  vega-sim [datanode] version [--output human|json]\n"
        "  vega-sim stamp --version VERSION OUT       writes a copy of this program that is that release\n"
        "  vega-sim asset --version VERSION --binary NAME [--bytes N] [--sums] FILE\n"
        "                                             writes the same as a release's asset: FILE.zip or FILE.tar.gz\n"
        "                                             with the program NAME in it, else the bare program; padded to\n"
        "                                             about N bytes; --sums: told in SHA256SUMS beside it too\n"
        "  vega-sim releases --folder DIR [--port N] [--token T] [--log FILE] [--scenario FILE] [--set KEY=VALUE]\n"
        "                                             serves DIR/OWNER/REPOSITORY/releases/download/TAG/ASSET on\n"
        "                                             127.0.0.1, with GitHub's API, and a storage on another port\n"
        "  vega-sim wait --log FILE [--timeout SECONDS] EVENT[,KEY=VALUE...]\n"
        "                                             prints the first such event; exit code 1 if none comes\n"
        "\n"
        "What a node does is told by DIR/scenario.json, or --scenario FILE, which is read again whenever it\n"
        "changes, and by --set KEY=VALUE. What it did is written to DIR/events.jsonl. What a release server does\n"
        "wrong is told the same way; sim/release_rules.h has the members.\n",
        stdout);
    return 0;
}
