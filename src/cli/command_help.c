#include "base/strings.h"
#include "cli/options.h"

#include <stdio.h>

static void print_flag(const FlagInfo *flag) {
    char name[64];

    (void)snprintf(
        name, sizeof name, "%s%s%s%s%s", flag->short_name ? flag->short_name : "", flag->short_name ? ", " : "",
        flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
    printf("  %-18s %s\n", name, flag->help);
}

static void print_usage(const CommandInfo *command) {
    printf("Usage: visor %s", command->word);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const FlagInfo *flag = &FLAGS[i];
        bool required = command->required_flags & FLAG_BIT((Flag)i);

        if (i == FLAG_HELP || !(command->flags & FLAG_BIT((Flag)i)))
            continue;
        printf(
            required ? " %s%s%s" : " [%s%s%s]", flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
    }
    if (command->argument)
        printf(command->choices ? " [%s]" : " %s", command->argument);
    printf("\n");
}

static void print_command(const CommandInfo *command) {
    print_usage(command);
    printf("\nDoes: %s.\n", command->summary);
    if (command->details[0])
        printf("\n%s", command->details);
    if (command->choices) {
        printf("\n%s is one of:", command->argument);
        for (size_t i = 0; command->choices[i]; i++)
            printf(" %s", command->choices[i]);
        printf("\n");
    }
    printf("\nFlags:\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (command->flags & FLAG_BIT((Flag)i))
            print_flag(&FLAGS[i]);
}

static void print_exit_codes(void) {
    printf("Visor exits with:\n");
#define X(name, number, meaning) printf("  %3d  %s\n", number, meaning);
    EXIT_CODES(X)
#undef X
}

static void print_overview(void) {
    printf(
        "Visor runs a Vega node and takes it through protocol upgrades.\n\n"
        "Usage: visor COMMAND [FLAGS]\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-18s %s\n", COMMAND_TABLE[i].word, COMMAND_TABLE[i].summary);
    printf("\nFlags, before or after the command:\n");
    for (size_t i = 0; i < FLAG_COUNT; i++)
        print_flag(&FLAGS[i]);
    printf("\n\"visor help COMMAND\" tells more, \"visor help " HELP_TOPIC_EXIT_CODES "\" how Visor can end.\n");
}

ExitCode command_help(const Options *options) {
    if (!options->topic) {
        print_overview();
        return EXIT_CODE_OK;
    }
    if (streq(options->topic, HELP_TOPIC_EXIT_CODES))
        print_exit_codes();
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (streq(options->topic, COMMAND_TABLE[i].word))
            print_command(&COMMAND_TABLE[i]);
    return EXIT_CODE_OK;
}
