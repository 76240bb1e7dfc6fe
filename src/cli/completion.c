#include "cli/completion.h"

#include "cli/commands.h"

#include <stdbool.h>

static bool takes(const CommandInfo *command, size_t flag) {
    return command->flags & FLAG_BIT(flag);
}

static void write_words(FILE *out, const char *const *words, const char *separator) {
    for (size_t i = 0; words[i]; i++)
        fprintf(out, "%s%s", i > 0 ? separator : "", words[i]);
}

static void write_commands(FILE *out, const char *separator) {
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "%s%s", i > 0 ? separator : "", COMMAND_TABLE[i].word);
}

/* The flags that have a value. */
static void write_value_flags(FILE *out, const char *separator) {
    bool first = true;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (FLAGS[i].value) {
            fprintf(out, "%s%s", first ? "" : separator, FLAGS[i].name);
            first = false;
        }
}

/* The flags that @command takes; all if it is NULL. */
static void write_flags(FILE *out, const CommandInfo *command, const char *separator) {
    bool first = true;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (!command || takes(command, i)) {
            fprintf(out, "%s%s", first ? "" : separator, FLAGS[i].name);
            first = false;
        }
}

static void write_bash_values(FILE *out) {
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (!FLAGS[i].value)
            continue;
        fprintf(out, "    %s)\n", FLAGS[i].name);
        if (FLAGS[i].choices) {
            fputs("        COMPREPLY=($(compgen -W \"", out);
            write_words(out, FLAGS[i].choices, " ");
            fputs("\" -- \"$current\")) ;;\n", out);
        } else if (!FLAGS[i].is_folder) {
            fputs("        ;;\n", out);
        } else {
            fputs(
                "        compopt -o filenames 2>/dev/null\n"
                "        mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n",
                out);
        }
    }
}

static void write_bash_words(FILE *out) {
    fputs("        '') words='", out);
    write_commands(out, " ");
    fputs(" ", out);
    write_flags(out, NULL, " ");
    fputs("' ;;\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "        %s) words='", COMMAND_TABLE[i].word);
        if (COMMAND_TABLE[i].choices) {
            write_words(out, COMMAND_TABLE[i].choices, " ");
            fputs(" ", out);
        }
        write_flags(out, &COMMAND_TABLE[i], " ");
        fputs("' ;;\n", out);
    }
}

/* readline splits `--home=DIR` into three words and completes the last. */
void completion_bash(FILE *out) {
    fputs(
        "# bash completion for visor\n"
        "_visor() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= i words\n"
        "    if [[ $current == = ]]; then\n"
        "        current=\n"
        "    elif [[ $previous == = ]]; then\n"
        "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    fi\n"
        "    COMPREPLY=()\n"
        "    case $previous in\n",
        out);
    write_bash_values(out);
    fputs(
        "    *)\n"
        "        for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "            case ${COMP_WORDS[i]} in\n"
        "            ",
        out);
    write_value_flags(out, "|");
    fputs(
        ") [[ ${COMP_WORDS[i+1]} == = ]] && ((i += 2)) || ((i += 1)) ;;\n"
        "            =) ((i += 1)) ;;\n"
        "            -*) ;;\n"
        "            *) command=${COMP_WORDS[i]}; break ;;\n"
        "            esac\n"
        "        done\n"
        "        case $command in\n",
        out);
    write_bash_words(out);
    fputs(
        "        *) words= ;;\n"
        "        esac\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
        "    esac\n"
        "}\n"
        "complete -F _visor visor\n",
        out);
}

static void write_zsh_flags(FILE *out, const CommandInfo *command) {
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const FlagInfo *flag = &FLAGS[i];

        if (command && !takes(command, i))
            continue;
        if (flag->short_name)
            fprintf(out, " \\\n            '%s[%s]'", flag->short_name, flag->help);
        fprintf(out, " \\\n            '%s%s[%s]", flag->name, flag->value ? "=" : "", flag->help);
        if (flag->choices) {
            fprintf(out, ":%s:(", flag->value);
            write_words(out, flag->choices, " ");
            fputs(")", out);
        } else if (flag->value) {
            fprintf(out, ":%s:%s", flag->value, flag->is_folder ? "_files -/" : " ");
        }
        fputs("'", out);
    }
}

void completion_zsh(FILE *out) {
    fputs(
        "#compdef visor\n"
        "_visor() {\n"
        "    local curcontext=$curcontext state line\n"
        "    local -a commands\n"
        "    commands=(\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "        '%s:%s'\n", COMMAND_TABLE[i].word, COMMAND_TABLE[i].summary);
    fputs(
        "    )\n"
        "    _arguments -C",
        out);
    write_zsh_flags(out, NULL);
    fputs(
        " \\\n"
        "            '1:command:->command' '*::argument:->argument'\n"
        "    case $state in\n"
        "    command) _describe command commands ;;\n"
        "    argument)\n"
        "        case $line[1] in\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const CommandInfo *command = &COMMAND_TABLE[i];

        fprintf(out, "        %s) _arguments", command->word);
        write_zsh_flags(out, command);
        if (command->choices) {
            fprintf(out, " \\\n            '1:%s:(", command->argument);
            write_words(out, command->choices, " ");
            fputs(")'", out);
        } else if (command->argument) {
            fprintf(out, " \\\n            '1:%s: '", command->argument);
        }
        fputs(" ;;\n", out);
    }
    fputs(
        "        esac ;;\n"
        "    esac\n"
        "}\n"
        "if [[ ${funcstack[1]} == _visor ]]; then _visor \"$@\"; else compdef _visor visor; fi\n",
        out);
}

static void write_fish_condition(FILE *out, size_t flag) {
    fputs("complete -c visor -n '__fish_seen_subcommand_from", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (takes(&COMMAND_TABLE[i], flag))
            fprintf(out, " %s", COMMAND_TABLE[i].word);
    fputs("; or not __fish_seen_subcommand_from ", out);
    write_commands(out, " ");
    fputs("'", out);
}

void completion_fish(FILE *out) {
    fputs("# fish completion for visor\ncomplete -c visor -f\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const CommandInfo *command = &COMMAND_TABLE[i];

        fputs("complete -c visor -n 'not __fish_seen_subcommand_from ", out);
        write_commands(out, " ");
        fprintf(out, "' -a %s -d '%s'\n", command->word, command->summary);
        if (command->choices) {
            fprintf(out, "complete -c visor -n '__fish_seen_subcommand_from %s' -a '", command->word);
            write_words(out, command->choices, " ");
            fputs("'\n", out);
        }
    }
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const FlagInfo *flag = &FLAGS[i];

        write_fish_condition(out, i);
        fprintf(out, " -l %s -d '%s'", flag->name + 2, flag->help);
        if (flag->short_name)
            fprintf(out, " -s %s", flag->short_name + 1);
        if (flag->choices) {
            fputs(" -x -a '", out);
            write_words(out, flag->choices, " ");
            fputs("'", out);
        } else if (flag->value) {
            fputs(flag->is_folder ? " -x -a '(__fish_complete_directories)'" : " -x", out);
        }
        fputs("\n", out);
    }
}

static void write_powershell_case(FILE *out, const char *name, const CommandInfo *command) {
    fprintf(out, "        '%s' { @('", name);
    if (!command)
        write_commands(out, "', '");
    else if (command->choices)
        write_words(out, command->choices, "', '");
    if (!command || command->choices)
        fputs("', '", out);
    write_flags(out, command, "', '");
    fputs("') }\n", out);
}

void completion_powershell(FILE *out) {
    fputs(
        "# PowerShell completion for visor\n"
        "Register-ArgumentCompleter -Native -CommandName visor -ScriptBlock {\n"
        "    param($wordToComplete, $commandAst, $cursorPosition)\n"
        "    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |\n"
        "        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })\n"
        "    $previous = if ($words.Count -gt 0) { $words[-1] } else { '' }\n"
        "    $command = $words | Where-Object { $_ -in @('",
        out);
    write_commands(out, "', '");
    fputs(
        "') } | Select-Object -First 1\n"
        "    $candidates = switch ($previous) {\n",
        out);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (!FLAGS[i].value)
            continue;
        fprintf(out, "        '%s' { ", FLAGS[i].name);
        if (FLAGS[i].choices) {
            fputs("@('", out);
            write_words(out, FLAGS[i].choices, "', '");
            fputs("') }\n", out);
        } else {
            fputs("return }\n", out);
        }
    }
    fputs("        default { switch (\"$command\") {\n", out);
    write_powershell_case(out, "", NULL);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        write_powershell_case(out, COMMAND_TABLE[i].word, &COMMAND_TABLE[i]);
    fputs(
        "        } }\n"
        "    }\n"
        "    $candidates | Where-Object { $_ -like \"$wordToComplete*\" } | ForEach-Object {\n"
        "        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n"
        "    }\n"
        "}\n",
        out);
}
