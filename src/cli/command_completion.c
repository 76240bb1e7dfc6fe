#include "base/strings.h"
#include "cli/completion.h"
#include "cli/options.h"

#include <stdio.h>

/* Without a shell there is nothing to print but how to ask: help, as upstream does it. */
ExitCode command_completion(const Options *options) {
    static const struct {
        const char *shell;
        void (*print)(FILE *out);
    } PRINTERS[] = {
        {"bash", completion_bash},
        {"zsh", completion_zsh},
        {"fish", completion_fish},
        {"powershell", completion_powershell},
    };

    if (!options->topic)
        return command_help(&(Options){.command = COMMAND_HELP, .topic = COMMAND_TABLE[COMMAND_COMPLETION].word});
    for (size_t i = 0; i < sizeof PRINTERS / sizeof *PRINTERS; i++)
        if (streq(options->topic, PRINTERS[i].shell))
            PRINTERS[i].print(stdout);
    return EXIT_CODE_OK;
}
