#include "cli/commands.h"

static const char *const OUTPUTS[] = {"human", "json", NULL};
static const char *const SHELLS[] = {"bash", "zsh", "fish", "powershell", NULL};
static const char *const TOPICS[] = {
#define X(NAME, word, ...) #word,
    COMMANDS(X)
#undef X
        HELP_TOPIC_EXIT_CODES,
    NULL,
};

const FlagInfo FLAGS[FLAG_COUNT] = {
    [FLAG_HOME] = {.name = "--home", .value = "DIR", .is_folder = true, .help = "the home folder of Visor"},
    [FLAG_WITH_DATA_NODE] = {.name = "--with-data-node", .help = "also write settings for a data node"},
    [FLAG_UPGRADE] =
        {.name = "--upgrade", .value = "TAG", .help = "also check what an upgrade to this release needs"},
    [FLAG_OUTPUT] =
        {.name = "--output", .value = "FORMAT", .choices = OUTPUTS, .help = "human (the default) or json"},
    [FLAG_HELP] = {.name = "--help", .short_name = "-h", .help = "help for the command"},
};

static const char DETAILS_INIT[] =
    "DIR and its missing parents are made; an existing folder must be empty. It then holds\n"
    "  config.toml               the settings of Visor, each with a comment\n"
    "  genesis/run-config.toml   how the node is run at first\n"
    "  vX.X.X/run-config.toml    an example of how an upgraded node is run\n"
    "Replace what stands in angle brackets before \"visor run\". If anything fails, nothing is left behind.\n";

static const char DETAILS_RUN[] =
    "Visor stays in the foreground and runs what DIR/current names (genesis at first). At the block of an\n"
    "upgrade it stops the node, switches to the new release and starts that.\n"
    "\n"
    "Signals:\n"
    "  TERM, INT   stop the node gracefully, then Visor; a second one hastens it\n"
    "  HUP         read config.toml again (a changed one is noticed without it)\n"
    "  USR2        become the binary now at visor's path, as \"visor reexec\" asks for\n"
    "\n"
    "If visor itself dies, the node lives on, and the next \"visor run\" takes it over as it is.\n"
    "\n"
    "\"visor help exit-codes\" explains how it can end.\n";

static const char DETAILS_CHECK[] =
    "Looks at the settings, the folders, the binaries and the versions they report, the admin socket, the locks,\n"
    "the disk, the clock and whether autoInstall could fetch a release: with --upgrade that one, otherwise the one\n"
    "that runs. Each finding is a line: ok, warning or problem, with what cures it. Nothing is changed, a running\n"
    "visor is not disturbed. Run it as the user that runs visor, whose rights are what counts.\n"
    "\n"
    "It exits with 0 if all is well, 82 if there are warnings only, 83 if there are problems.\n";

static const char DETAILS_PREPARE[] =
    "Does now what \"visor run\" does when the network has accepted an upgrade to TAG: fetches the release as\n"
    "[autoInstall] of config.toml says (also if it is not enabled), verifies and unpacks it, asks its binaries for\n"
    "their version and puts the folder in its place. A folder that is complete already is only proven. What an\n"
    "operator placed is never changed, except that a missing binary is added.\n"
    "\n"
    "Interrupted, it goes on from there the next time. It works with and without a running visor.\n";

static const char DETAILS_HISTORY[] =
    "Prints what \"visor run\" has noted: starts, answers, failures, every step of an upgrade with its times; the\n"
    "newest line is the last. At most 2 MiB are kept. With --output json each line is the object as it was written.\n"
    "It works with and without a running visor and changes nothing.\n";

static const char DETAILS_REEXEC[] =
    "After an update of Visor itself: the running visor of DIR replaces itself by the binary that lies now at the\n"
    "path by which it was started; a link is followed anew. It keeps its pid, and the node runs on, supervised all\n"
    "the time. Before that the new binary is asked to rehearse it; if it cannot take over, the old visor goes on.\n"
    "While the node is being stopped or switched, visor brings that to its end first.\n"
    "\n"
    "It waits for the outcome and exits with 0 if the new binary supervises the node, with 86 if not. SIGUSR2 sent\n"
    "to visor does the same, with the outcome in the log only.\n";

static const char DETAILS_REHEARSE[] =
    "Looks at DIR as \"visor run\" would, beside the visor that runs: at the settings, the record of the releases,\n"
    "what the locks tell, what lives, and the run-config of that. \"visor reexec\" asks the new binary for it.\n"
    "\n"
    "It exits with 0 if this binary could take over, and warns of what would fail the next start of the node; with\n"
    "81 if something is alive that it could not take over, with 78 or 85 if a file stands in the way.\n";

static const char DETAILS_VERSION[] = "";

static const char DETAILS_HELP[] = "Without a word: the list of commands.\n";

static const char DETAILS_COMPLETION[] =
    "The script goes to standard output:\n"
    "  bash         source <(visor completion bash)\n"
    "  zsh          source <(visor completion zsh), after compinit\n"
    "  fish         visor completion fish | source\n"
    "  powershell   visor completion powershell | Out-String | Invoke-Expression\n";

const CommandInfo COMMAND_TABLE[COMMAND_COUNT] = {
#define X(NAME, word_, flags_, required_flags_, argument_, choices_, summary_)                                     \
    [COMMAND_##NAME] = {                                                                                           \
        .word = #word_,                                                                                            \
        .flags = flags_,                                                                                           \
        .required_flags = required_flags_,                                                                         \
        .argument = argument_,                                                                                     \
        .choices = choices_,                                                                                       \
        .summary = summary_,                                                                                       \
        .details = DETAILS_##NAME,                                                                                 \
        .run = command_##word_,                                                                                    \
    },
    COMMANDS(X)
#undef X
};
