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
    [FLAG_HOME] = {.name = "--home", .value = "DIR", .help = "the home folder of Visor"},
    [FLAG_WITH_DATA_NODE] = {.name = "--with-data-node", .help = "also write settings for a data node"},
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
    "\n"
    "\"visor help exit-codes\" explains how it can end.\n";

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
