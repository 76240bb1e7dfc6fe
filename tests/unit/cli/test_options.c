#include "cli/options.h"

#include "base/strings.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 8 };

/* The argv that @line stands for, split at single blanks: "version --output= " ends in an empty word. */
static int parse(const char *line, Options *options, Failure *failure) {
    static char buffer[256]; /* the options borrow from it */
    char *argv[WORDS_MAX + 1] = {buffer};
    char *rest = buffer;
    int argc = 0;

    (void)snprintf(buffer, sizeof buffer, "visor%s%s", *line ? " " : "", line);
    for (char *word; (word = strsep(&rest, " "));)
        argv[argc++] = word;
    memset(options, 0xaa, sizeof *options);
    *failure = (Failure){0};
    return options_parse(argc, argv, options, failure);
}

static Options parsed(const char *line) {
    Options options;
    Failure failure;

    if (parse(line, &options, &failure) != 0)
        fail_msg("visor %s: %s", line, failure.message);
    assert_string_equal(failure.message, "");
    return options;
}

static void refused(const char *line, const char *message) {
    Options options;
    Failure failure;

    assert_int_equal(parse(line, &options, &failure), -EINVAL);
    assert_string_equal(failure.message, message);
}

static void flags_stand_before_and_after_the_command(void **state) {
    static const char *const LINES[] = {
        "run --home dir", "run --home=dir",    "--home dir run",
        "--home=dir run", "--home dir -- run", "run --home dir --",
    };
    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        Options options = parsed(LINES[i]);
        assert_int_equal(options.command, COMMAND_RUN);
        assert_string_equal(options.home, "dir");
        assert_false(options.with_data_node);
        assert_null(options.topic);
    }
}

static void the_last_of_a_repeated_flag_wins(void **state) {
    (void)state;
    assert_string_equal(parsed("--home a run --home=b --home c").home, "c");
    assert_false(parsed("init --home a --with-data-node --with-data-node=false").with_data_node);
}

static void values_may_look_like_anything(void **state) {
    (void)state;
    assert_string_equal(parsed("run --home=--help").home, "--help");
    assert_string_equal(parsed("run --home=a=b").home, "a=b");
    assert_string_equal(parsed("run --home run").home, "run");
    assert_string_equal(parsed("run --home -").home, "-");
    refused("run --home --help", "--home needs a value, but the flag --help follows");
    refused("init --home --with-data-node", "--home needs a value, but the flag --with-data-node follows");
    refused("run --home", "--home needs a value: --home DIR");
    refused("run --home=", "--home is empty: it must name a folder");
    refused("run --home ", "--home is empty: it must name a folder");
}

static void switches_take_the_values_of_go(void **state) {
    (void)state;
    assert_true(parsed("init --home a --with-data-node").with_data_node);
    assert_true(parsed("--with-data-node init --home a").with_data_node);
    assert_true(parsed("init --home a --with-data-node=true").with_data_node);
    assert_true(parsed("init --home a --with-data-node=1").with_data_node);
    assert_true(parsed("init --home a --with-data-node=T").with_data_node);
    assert_false(parsed("init --home a --with-data-node=FALSE").with_data_node);
    assert_false(parsed("init --home a").with_data_node);
    refused("init --home a --with-data-node=yes", "--with-data-node cannot be \"yes\", only true or false");
    refused("init --home a --with-data-node=", "--with-data-node cannot be \"\", only true or false");
    refused("init --home a --with-data-node true", "\"true\" is one word too many after \"visor init\"");
}

static void output_is_human_or_json(void **state) {
    (void)state;
    assert_int_equal(parsed("version").output, OUTPUT_HUMAN);
    assert_int_equal(parsed("version --output human").output, OUTPUT_HUMAN);
    assert_int_equal(parsed("--output=json version").output, OUTPUT_JSON);
    refused("version --output jsn", "unknown value of --output \"jsn\", did you mean \"json\"?");
    refused("version --output=", "unknown value of --output \"\", there are: human, json");
    refused("version --output yaml", "unknown value of --output \"yaml\", there are: human, json");
}

static void help_is_asked_for_in_many_ways(void **state) {
    static const char *const WITHOUT_TOPIC[] = {"", "--", "help", "-h", "--help", "--home a --help"};
    static const char *const OF_RUN[] = {
        "help run", "run --help", "run -h", "-h run", "--help run", "run --home a -h", "run extra --help",
    };
    (void)state;
    for (size_t i = 0; i < sizeof WITHOUT_TOPIC / sizeof *WITHOUT_TOPIC; i++) {
        Options options = parsed(WITHOUT_TOPIC[i]);
        assert_int_equal(options.command, COMMAND_HELP);
        assert_null(options.topic);
    }
    for (size_t i = 0; i < sizeof OF_RUN / sizeof *OF_RUN; i++) {
        Options options = parsed(OF_RUN[i]);
        assert_int_equal(options.command, COMMAND_HELP);
        assert_string_equal(options.topic, "run");
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "help %s", COMMAND_TABLE[i].word);
        assert_string_equal(parsed(line).topic, COMMAND_TABLE[i].word);
    }
    assert_string_equal(parsed("help exit-codes").topic, HELP_TOPIC_EXIT_CODES);
    refused("help rum", "unknown help topic \"rum\", did you mean \"run\"?");
    refused(
        "help nonsense",
        "unknown help topic \"nonsense\", there are: init, run, check, prepare, history, reexec, rehearse, version, help, completion, exit-codes");
    refused("help run now", "\"now\" is one word too many after \"visor help\"");
}

static void completion_knows_its_shells(void **state) {
    (void)state;
    assert_null(parsed("completion").topic);
    assert_string_equal(parsed("completion powershell").topic, "powershell");
    refused("completion bsh", "unknown shell \"bsh\", did you mean \"bash\"?");
    refused("completion tcl", "unknown shell \"tcl\", there are: bash, zsh, fish, powershell");
}

static void tags_are_plain(void **state) {
    (void)state;
    assert_string_equal(parsed("prepare v0.80.0 --home a").tag, "v0.80.0");
    assert_string_equal(parsed("--home a prepare -- v0.80.0").tag, "v0.80.0");
    assert_string_equal(parsed("check --home a --upgrade v1").tag, "v1");
    assert_string_equal(parsed("check --home a --upgrade=v1").tag, "v1");
    assert_null(parsed("check --home a").tag);
    refused("prepare --home a", "\"visor prepare\" needs a TAG, such as v0.80.0");
    refused("prepare v1", "\"visor prepare\" needs --home DIR");
    refused(
        "prepare ../x --home a", "TAG cannot be \"../x\": a release tag is a plain version name such as v0.80.0");
    refused(
        "check --home a --upgrade current",
        "--upgrade cannot be \"current\": a release tag is a plain version name such as v0.80.0");
    refused(
        "check --home a --upgrade=",
        "--upgrade cannot be \"\": a release tag is a plain version name such as v0.80.0");
    refused("check --home a v1", "\"v1\" is one word too many after \"visor check\"");
    refused("prepare v1 v2 --home a", "\"v2\" is one word too many after \"visor prepare\"");
    refused("run --home a --upgrade v1", "\"visor run\" takes no --upgrade, see \"visor help run\"");
}

static void mistakes_are_named_with_their_cure(void **state) {
    (void)state;
    refused("rnu", "unknown command \"rnu\", see \"visor help\"");
    refused("versoin", "unknown command \"versoin\", did you mean \"version\"?");
    refused("initt --home a", "unknown command \"initt\", did you mean \"init\"?");
    refused("restart", "unknown command \"restart\", see \"visor help\"");
    refused(" --home a", "unknown command \"\", see \"visor help\"");
    refused("-", "unknown command \"-\", see \"visor help\"");
    refused("nonsense --help", "unknown command \"nonsense\", see \"visor help\"");
    refused("a\033[2Jb", "unknown command \"a?[2Jb\", see \"visor help\"");
    refused("run --hom a", "unknown flag \"--hom\", did you mean \"--home\"?");
    refused("run -home a", "unknown flag \"-home\", did you mean \"--home\"?");
    refused("run --hoem=a", "unknown flag \"--hoem\", did you mean \"--home\"?");
    refused("run -x", "unknown flag \"-x\", see \"visor help\"");
    refused("run --=", "unknown flag \"--\", see \"visor help\"");
    refused("--version", "unknown flag \"--version\", did you mean \"visor version\"?");
    refused("--home a", "a command is missing before or after --home, see \"visor help\"");
    refused("run", "\"visor run\" needs --home DIR");
    refused("init --with-data-node", "\"visor init\" needs --home DIR");
    refused("run --home a b", "\"b\" is one word too many after \"visor run\"");
    refused("run --home a b c", "\"b\" is one word too many after \"visor run\"");
    refused("run -- --home a", "\"--home\" is one word too many after \"visor run\"");
    refused("version --home a", "\"visor version\" takes no --home, see \"visor help version\"");
    refused("run --home a --with-data-node", "\"visor run\" takes no --with-data-node, see \"visor help run\"");
}

static void a_long_word_is_cut(void **state) {
    char word[4000] = "--";
    char *argv[] = {(char[]){"visor"}, word, NULL};
    Options options;
    Failure failure;

    (void)state;
    memset(word + 2, 'x', sizeof word - 3);
    assert_int_equal(options_parse(2, argv, &options, &failure), -EINVAL);
    assert_true(strlen(failure.message) < 160);
}

static void no_arguments_at_all_is_help(void **state) {
    char *argv[] = {NULL};
    Options options;
    Failure failure;

    (void)state;
    assert_int_equal(options_parse(0, argv, &options, &failure), 0);
    assert_int_equal(options.command, COMMAND_HELP);
}

/* Shells get to see them between single quotes, zsh splits at colons and brackets. */
static void the_texts_of_the_tables_are_plain(void **state) {
    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        assert_null(strpbrk(COMMAND_TABLE[i].summary, "'\"`$\\:[]\n"));
    for (size_t i = 0; i < FLAG_COUNT; i++)
        assert_null(strpbrk(FLAGS[i].help, "'\"`$\\:[]\n"));
}

static void what_a_command_needs_it_takes(void **state) {
    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const CommandInfo *command = &COMMAND_TABLE[i];
        assert_int_equal(command->required_flags & ~command->flags, 0);
        assert_true(command->flags & FLAG_BIT(FLAG_HELP));
        assert_true(command->argument || !command->choices);
        assert_non_null(command->run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_stand_before_and_after_the_command),
        cmocka_unit_test(the_last_of_a_repeated_flag_wins),
        cmocka_unit_test(values_may_look_like_anything),
        cmocka_unit_test(switches_take_the_values_of_go),
        cmocka_unit_test(output_is_human_or_json),
        cmocka_unit_test(help_is_asked_for_in_many_ways),
        cmocka_unit_test(completion_knows_its_shells),
        cmocka_unit_test(tags_are_plain),
        cmocka_unit_test(mistakes_are_named_with_their_cure),
        cmocka_unit_test(a_long_word_is_cut),
        cmocka_unit_test(no_arguments_at_all_is_help),
        cmocka_unit_test(the_texts_of_the_tables_are_plain),
        cmocka_unit_test(what_a_command_needs_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
