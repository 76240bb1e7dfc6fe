#include "sim/arguments.h"

#include "base/strings.h"

#include <stdlib.h>

/* Where the value of a known flag goes; NULL if @flag, of @length characters, is none. */
static const char **member_of(Arguments *arguments, const char *flag, size_t length) {
    struct {
        const char *name;
        const char **value;
    } known[] = {
#define X(member, flag_name) {flag_name, &arguments->member},
        ARGUMENT_FLAGS(X)
#undef X
            {"--set", &arguments->settings[arguments->setting_count]},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *rest = string_after(flag, known[i].name);
        if (rest == flag + length)
            return known[i].value;
    }
    return NULL;
}

static int read_flag(Arguments *arguments, int *at, Failure *failure) {
    const char *flag = arguments->argv[*at];
    const char *equals = __builtin_strchr(flag, '=');
    size_t length = equals ? (size_t)(equals - flag) : __builtin_strlen(flag);
    const char **value = member_of(arguments, flag, length);

    if (!value && streq(flag, "--sums")) {
        arguments->sums = true;
        return 0;
    }
    if (!value) {
        if (!arguments->unknown_flag)
            arguments->unknown_flag = flag;
        return 0;
    }
    if (!equals && *at + 1 == arguments->argc)
        return failure_set(failure, -EINVAL, "%s needs a value", flag);
    *value = equals ? equals + 1 : arguments->argv[++*at];
    if (arguments->settings[arguments->setting_count])
        arguments->setting_count++;
    return 0;
}

int arguments_parse(int argc, char **argv, Arguments *ret, Failure *failure) {
    Arguments arguments = {.argc = argc, .argv = argv};
    size_t places = (size_t)argc + 1;
    int r = 0;

    arguments.settings = calloc(places, sizeof *arguments.settings);
    arguments.words = calloc(places, sizeof *arguments.words);
    if (!arguments.settings || !arguments.words)
        r = failure_set(failure, -ENOMEM, "out of memory");
    for (int i = 1; r >= 0 && i < argc; i++) {
        if (string_after(argv[i], "-"))
            r = read_flag(&arguments, &i, failure);
        else
            arguments.words[arguments.word_count++] = argv[i];
    }
    if (r < 0)
        arguments_free(&arguments);
    else
        *ret = arguments;
    return r;
}

void arguments_free(Arguments *arguments) {
    free(arguments->settings);
    free(arguments->words);
    *arguments = (Arguments){0};
}
