#include "cli/options.h"

#include "base/strings.h"
#include "core/tag.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The command line split into its parts, before anything is known about the command. */
typedef struct Arguments {
    const char *words[2]; /* the command and what follows it */
    size_t word_count;
    const char *surplus;            /* the first word too many */
    const char *values[FLAG_COUNT]; /* NULL: not given */
} Arguments;

/* The candidate closest to what was typed. */
typedef struct Guess {
    const char *word;
    unsigned distance;
} Guess;

enum { PRINTABLE_BYTES = 80 };

static void guess_consider(Guess *guess, const char *typed, const char *candidate) {
    unsigned distance = string_distance(typed, candidate);
    unsigned length = (unsigned)strlen(candidate);
    unsigned limit = length < 6 ? length / 2 : length / 3;

    if (distance <= limit && (!guess->word || distance < guess->distance))
        *guess = (Guess){.word = candidate, .distance = distance};
}

static int fail_unknown(Failure *failure, const char *kind, const char *typed, const Guess *guess) {
    char printable[PRINTABLE_BYTES];

    string_printable(printable, sizeof printable, typed);
    if (guess->word)
        return failure_set(
            failure, -EINVAL, "unknown %s \"%s\", did you mean \"%s\"?", kind, printable, guess->word);
    return failure_set(failure, -EINVAL, "unknown %s \"%s\", see \"visor help\"", kind, printable);
}

static int fail_unknown_flag(Failure *failure, const char *argument, size_t length) {
    Guess guess = {0};
    char typed[PRINTABLE_BYTES];

    if (length >= sizeof typed)
        length = sizeof typed - 1;
    memcpy(typed, argument, length);
    typed[length] = '\0';

    for (size_t i = 0; i < FLAG_COUNT; i++)
        guess_consider(&guess, typed, FLAGS[i].name);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (streq(typed + strspn(typed, "-"), COMMAND_TABLE[i].word))
            return failure_set(
                failure, -EINVAL, "unknown flag \"%s\", did you mean \"visor %s\"?", typed, COMMAND_TABLE[i].word);
    return fail_unknown(failure, "flag", typed, &guess);
}

/* The flag whose name is the first @length bytes of @argument; FLAG_COUNT if there is none. */
static Flag find_flag(const char *argument, size_t length) {
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const char *names[] = {FLAGS[i].name, FLAGS[i].short_name};
        for (size_t j = 0; j < 2; j++)
            if (names[j] && strlen(names[j]) == length && memcmp(names[j], argument, length) == 0)
                return (Flag)i;
    }
    return FLAG_COUNT;
}

static size_t flag_length(const char *argument) {
    return strcspn(argument, "=");
}

/* Reads the flag at argv[*index] and moves *index to the last argument that belongs to it. */
static int read_flag(char *const *argv, int argc, int *index, Arguments *arguments, Failure *failure) {
    const char *argument = argv[*index];
    size_t length = flag_length(argument);
    Flag flag = find_flag(argument, length);
    const char *value = argument[length] == '=' ? argument + length + 1 : NULL;

    if (flag == FLAG_COUNT)
        return fail_unknown_flag(failure, argument, length);

    if (!value && FLAGS[flag].value) {
        if (*index + 1 >= argc)
            return failure_set(
                failure, -EINVAL, "%s needs a value: %s %s", FLAGS[flag].name, FLAGS[flag].name, FLAGS[flag].value);
        value = argv[++*index];
        /* `--home --with-data-node` is a forgotten value, not a folder of that name. */
        if (find_flag(value, flag_length(value)) != FLAG_COUNT)
            return failure_set(
                failure, -EINVAL, "%s needs a value, but the flag %s follows", FLAGS[flag].name, value);
    }
    arguments->values[flag] = value ? value : "true";
    return 0;
}

static int read_arguments(int argc, char *const *argv, Arguments *arguments, Failure *failure) {
    bool words_only = false;

    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];

        if (!words_only && streq(argument, "--")) {
            words_only = true;
        } else if (!words_only && argument[0] == '-' && argument[1] != '\0') {
            int r = read_flag(argv, argc, &i, arguments, failure);
            if (r < 0)
                return r;
        } else if (arguments->word_count < 2) {
            arguments->words[arguments->word_count++] = argument;
        } else if (!arguments->surplus) {
            arguments->surplus = argument;
        }
    }
    return 0;
}

/* The values that a switch may have, as in `--with-data-node=false`: those of Go's flag parsers. */
static int read_switch(Flag flag, const char *value, bool *ret, Failure *failure) {
    static const char *const WORDS[][2] = {{"false", "true"}, {"f", "t"}, {"0", "1"}};
    char printable[PRINTABLE_BYTES];

    *ret = false;
    if (!value)
        return 0;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        for (int truth = 0; truth <= 1; truth++)
            if (strcasecmp(value, WORDS[i][truth]) == 0) {
                *ret = truth;
                return 0;
            }
    return failure_set(
        failure, -EINVAL, "%s cannot be \"%s\", only true or false", FLAGS[flag].name,
        string_printable(printable, sizeof printable, value));
}

static int fail_no_choice(Failure *failure, const char *kind, const char *typed, const char *const *choices) {
    char printable[PRINTABLE_BYTES], list[2 * PRINTABLE_BYTES] = "";
    size_t used = 0;

    for (size_t i = 0; choices[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", choices[i]);
    return failure_set(
        failure, -EINVAL, "unknown %s \"%s\", there are: %s", kind,
        string_printable(printable, sizeof printable, typed), list);
}

static int find_command(const char *word, Command *ret, Failure *failure) {
    Guess guess = {0};

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (streq(word, COMMAND_TABLE[i].word)) {
            *ret = (Command)i;
            return 0;
        }
        guess_consider(&guess, word, COMMAND_TABLE[i].word);
    }
    return fail_unknown(failure, "command", word, &guess);
}

/* Finds @value among @choices; @ret is its place. */
static int
find_choice(const char *kind, const char *value, const char *const *choices, size_t *ret, Failure *failure) {
    Guess guess = {0};

    for (size_t i = 0; choices[i]; i++) {
        if (streq(value, choices[i])) {
            *ret = i;
            return 0;
        }
        guess_consider(&guess, value, choices[i]);
    }
    if (guess.word)
        return fail_unknown(failure, kind, value, &guess);
    return fail_no_choice(failure, kind, value, choices);
}

/* Without a command only the help makes sense; a flag shows that a command was meant. */
static int check_no_command(const Arguments *arguments, Failure *failure) {
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (i != FLAG_HELP && arguments->values[i])
            return failure_set(
                failure, -EINVAL, "a command is missing before or after %s, see \"visor help\"", FLAGS[i].name);
    return 0;
}

static int check_flags(const CommandInfo *info, const Arguments *arguments, Failure *failure) {
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const FlagInfo *flag = &FLAGS[i];

        if (arguments->values[i] && !(info->flags & FLAG_BIT((Flag)i)))
            return failure_set(
                failure, -EINVAL, "\"visor %s\" takes no %s, see \"visor help %s\"", info->word, flag->name,
                info->word);
        if (!arguments->values[i] && (info->required_flags & FLAG_BIT((Flag)i)))
            return failure_set(failure, -EINVAL, "\"visor %s\" needs %s %s", info->word, flag->name, flag->value);
    }
    return 0;
}

static int read_tag(const char *what, const char *tag, Options *options, Failure *failure) {
    char printable[PRINTABLE_BYTES];

    if (!tag_is_plain(tag))
        return failure_set(
            failure, -EINVAL, "%s cannot be \"%s\": a release tag is a plain version name such as v0.80.0", what,
            string_printable(printable, sizeof printable, tag));
    options->tag = tag;
    return 0;
}

static int read_values(const Arguments *arguments, Options *options, Failure *failure) {
    const char *output = arguments->values[FLAG_OUTPUT];
    size_t place = 0;
    int r;

    if (output) {
        r = find_choice("value of --output", output, FLAGS[FLAG_OUTPUT].choices, &place, failure);
        if (r < 0)
            return r;
        options->output = place == 0 ? OUTPUT_HUMAN : OUTPUT_JSON;
    }

    if (arguments->values[FLAG_UPGRADE]) {
        r = read_tag(FLAGS[FLAG_UPGRADE].name, arguments->values[FLAG_UPGRADE], options, failure);
        if (r < 0)
            return r;
    }

    options->home = arguments->values[FLAG_HOME];
    if (options->home && options->home[0] == '\0')
        return failure_set(failure, -EINVAL, "--home is empty: it must name a folder");

    return read_switch(
        FLAG_WITH_DATA_NODE, arguments->values[FLAG_WITH_DATA_NODE], &options->with_data_node, failure);
}

static int read_topic(const CommandInfo *info, const Arguments *arguments, Options *options, Failure *failure) {
    char printable[PRINTABLE_BYTES];
    const char *surplus = info->argument ? arguments->surplus : arguments->words[1];
    size_t place = 0;

    if (surplus)
        return failure_set(
            failure, -EINVAL, "\"%s\" is one word too many after \"visor %s\"",
            string_printable(printable, sizeof printable, surplus), info->word);
    if (info->argument && !info->choices && arguments->words[1])
        return read_tag(info->argument, arguments->words[1], options, failure);
    if (info->argument && !info->choices)
        return failure_set(
            failure, -EINVAL, "\"visor %s\" needs a %s, such as v0.80.0", info->word, info->argument);
    if (!arguments->words[1])
        return 0;

    const char *kind = options->command == COMMAND_COMPLETION ? "shell" : "help topic";
    int r = find_choice(kind, arguments->words[1], info->choices, &place, failure);
    if (r < 0)
        return r;
    options->topic = info->choices[place];
    return 0;
}

int options_parse(int argc, char *const *argv, Options *ret, Failure *failure) {
    Arguments arguments = {0};
    Options options = {.program = argc > 0 ? argv[0] : NULL};
    bool help = false;
    int r;

    r = read_arguments(argc, argv, &arguments, failure);
    if (r < 0)
        return r;
    r = read_switch(FLAG_HELP, arguments.values[FLAG_HELP], &help, failure);
    if (r < 0)
        return r;

    *ret = (Options){.command = COMMAND_HELP};
    if (arguments.word_count == 0)
        return help ? 0 : check_no_command(&arguments, failure);
    r = find_command(arguments.words[0], &options.command, failure);
    if (r < 0)
        return r;

    const CommandInfo *info = &COMMAND_TABLE[options.command];
    if (help) {
        *ret = (Options){.command = COMMAND_HELP, .topic = info->word};
        return 0;
    }
    r = read_topic(info, &arguments, &options, failure);
    if (r < 0)
        return r;
    r = check_flags(info, &arguments, failure);
    if (r < 0)
        return r;
    r = read_values(&arguments, &options, failure);
    if (r < 0)
        return r;
    *ret = options;
    return 0;
}
