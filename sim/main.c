/* vega-sim: a simulated Vega node, and a server of its releases, for the end-to-end tests and the demo. `vega-sim
 * help` tells what it does. */
#include "base/clock.h"
#include "base/strings.h"
#include "sim/commands.h"
#include "sim/report.h"

#include <stdio.h>
#include <string.h>

typedef struct Command {
    const char *words;
    const char *process;
    int (*run)(Program *program);
} Command;

static const Command COMMAND_TABLE[] = {
#define X(words, process, name) {words, process, command_##name},
    COMMANDS(X)
#undef X
};

/* How many words of the command line are @words, "a b c"; 0 if it begins with others. */
static size_t count_matching(const Arguments *arguments, const char *words) {
    for (size_t i = 0; i < arguments->word_count; i++) {
        words = string_after(words, arguments->words[i]);
        if (!words)
            return 0;
        if (!*words)
            return i + 1;
        if (*words++ != ' ')
            return 0;
    }
    return 0;
}

static int run(Program *program) {
    Arguments *arguments = &program->arguments;
    if (arguments->unknown_flag &&
        (streq(arguments->unknown_flag, "--help") || streq(arguments->unknown_flag, "-h")))
        return command_help(program);
    for (size_t i = 0; i < sizeof COMMAND_TABLE / sizeof *COMMAND_TABLE; i++) {
        size_t count = count_matching(arguments, COMMAND_TABLE[i].words);
        if (count == 0)
            continue;
        program->process = COMMAND_TABLE[i].process;
        arguments->word_count -= count;
        memmove(arguments->words, arguments->words + count, (arguments->word_count + 1) * sizeof *arguments->words);
        return COMMAND_TABLE[i].run(program);
    }
    if (arguments->word_count == 0)
        return report_error(EXIT_CODE_USAGE, "which command? See vega-sim help");
    return report_error(EXIT_CODE_USAGE, "unknown command: %s; see vega-sim help", arguments->words[0]);
}

int main(int argc, char **argv) {
    Program program = {.main_usec = clock_monotonic_usec(), .version = stamp_read()};
    Failure failure;

    if (arguments_parse(argc, argv, &program.arguments, &failure) < 0)
        return report_error(EXIT_CODE_USAGE, "%s", failure.message);
    int code = run(&program);
    arguments_free(&program.arguments);
    return code;
}
