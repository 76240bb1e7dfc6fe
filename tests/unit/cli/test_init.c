#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "cli/new_home.h"
#include "cli/template.h"
#include "config/config.h"
#include "config/run_config.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static const char *const FILES[] = {"config.toml", "genesis/run-config.toml", "vX.X.X/run-config.toml"};

/* A folder of its own for each test, as the current one: the paths below are relative to it. */
static int enter_scratch(void **state) {
    const char *parent = getenv("TMPDIR");
    char *path = string_format("%s/visor-init-XXXXXX", parent && *parent ? parent : "/tmp");
    *state = path;
    return path && mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static int leave_scratch(void **state) {
    int r = chdir("/") < 0 ? -1 : nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return r;
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void create(const char *path, bool with_data_node) {
    Failure failure = {0};
    if (new_home_create(path, with_data_node, &failure) != 0)
        fail_msg("%s", failure.message);
}

static void create_fails(const char *path, int expected, const char *needle) {
    Failure failure = {0};
    assert_int_equal(new_home_create(path, false, &failure), expected);
    if (!strstr(failure.message, needle))
        fail_msg("\"%s\" is missing in: %s", needle, failure.message);
}

static char *read_text(const char *folder, const char *name) {
    _cleanup_free_ char *path = string_format("%s/%s", folder, name);
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(file_read(path, 1 << 16, &text, &length, NULL), 0);
    return text;
}

static void put_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    (void)close_fd(fd);
}

/* How many entries the current folder has. */
static int count_entries(void) {
    _cleanup_directory_ DIR *folder = opendir(".");
    int count = -2; /* "." and ".." */
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    return count;
}

static void modes_do_not_depend_on_the_umask(void **state) {
    static const mode_t MASKS[] = {0, 022, 077, 0777};
    (void)state;
    for (size_t i = 0; i < sizeof MASKS / sizeof *MASKS; i++) {
        _cleanup_free_ char *home = string_format("parent%zu/of/home", i);
        mode_t old_mask = umask(MASKS[i]);
        create(home, false);
        (void)umask(old_mask);

        assert_int_equal(chdir(home), 0);
        assert_int_equal(mode_of("../.."), 0755);
        assert_int_equal(mode_of(".."), 0755);
        assert_int_equal(mode_of("."), 0755);
        assert_int_equal(mode_of("genesis"), 0755);
        assert_int_equal(mode_of("vX.X.X"), 0755);
        for (size_t j = 0; j < sizeof FILES / sizeof *FILES; j++)
            assert_int_equal(mode_of(FILES[j]), 0600);
        assert_int_equal(count_entries(), 3);
        assert_int_equal(chdir("../../.."), 0);
    }
}

static void paths_may_be_written_in_many_ways(void **state) {
    static const char *const PATHS[] = {"a/", "b//c///", "./d", "e/../f", "./g/./h/."};
    (void)state;
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        _cleanup_free_ char *absolute = string_format("%s/absolute/%s", (const char *)*state, PATHS[i]);
        create(PATHS[i], false);
        free(read_text(PATHS[i], "config.toml"));
        create(absolute, false);
        free(read_text(absolute, "config.toml"));
    }
}

static void an_empty_folder_is_used_as_it_is(void **state) {
    (void)state;
    assert_int_equal(mkdir("home", 0700), 0);
    assert_int_equal(symlink("home", "link"), 0);
    create("link", false);
    assert_int_equal(mode_of("home"), 0700);
    assert_int_equal(mode_of("home/genesis"), 0755);
}

static void a_folder_with_content_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkdir("home", 0755), 0);
    put_file("home/.hidden");
    create_fails("home", -ENOTEMPTY, "home is not empty (it holds .hidden)");
    assert_int_equal(unlink("home/.hidden"), 0);
    create("home", false);
    create_fails("home", -ENOTEMPTY, "home is not empty");
    for (size_t j = 0; j < sizeof FILES / sizeof *FILES; j++)
        free(read_text("home", FILES[j]));
    create_fails("/", -ENOTEMPTY, "/ is not empty");
}

static void what_is_no_folder_is_refused(void **state) {
    (void)state;
    put_file("file");
    create_fails("file", -ENOTDIR, "file is there already");
    create_fails("file/home", -ENOTDIR, "file is there already");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    create_fails("dangling", -EEXIST, "cannot make the folder dangling");
    create_fails("dangling/home", -EEXIST, "cannot make the folder dangling");
    assert_int_equal(count_entries(), 2);
}

/* Makes the home @path while no file may grow beyond @limit_bytes. */
static void fail_at_size(rlim_t limit_bytes, const char *path) {
    struct rlimit old_limit, limit;
    Failure failure = {0};

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
    limit = (struct rlimit){.rlim_cur = limit_bytes, .rlim_max = old_limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int r = new_home_create(path, true, &failure);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
    assert_int_equal(r, -EFBIG);
    assert_non_null(strstr(failure.message, ".toml: File too large"));
}

static void a_failure_half_way_leaves_nothing_behind(void **state) {
    (void)state;
    assert_int_equal(mkdir("empty", 0755), 0);
    /* 0: the first file fails at once. 10: a part of it is written. 1024: only the last file, config.toml, fails.
     */
    static const rlim_t LIMITS[] = {0, 10, 1024};
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        fail_at_size(LIMITS[i], "new/parents/home");
        assert_int_equal(count_entries(), 1);
        fail_at_size(LIMITS[i], "empty");
        assert_int_equal(rmdir("empty"), 0);
        assert_int_equal(mkdir("empty", 0755), 0);
    }
}

static void a_name_too_long_leaves_nothing_behind(void **state) {
    char path[400] = "new/parents/";
    (void)state;
    memset(path + strlen(path), 'x', 300);
    create_fails(path, -ENAMETOOLONG, "cannot make the folder new/parents/xxx");
    assert_int_equal(count_entries(), 0);
}

static void signals_are_as_before(void **state) {
    struct sigaction action;
    sigset_t mask;
    (void)state;
    create("home", false);
    assert_int_equal(sigaction(SIGXFSZ, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGTERM));
}

static void the_data_node_is_there_if_asked_for(void **state) {
    (void)state;
    create("with", true);
    create("without", false);
    for (size_t i = 1; i < sizeof FILES / sizeof *FILES; i++) {
        _cleanup_free_ char *with = read_text("with", FILES[i]);
        _cleanup_free_ char *without = read_text("without", FILES[i]);
        assert_non_null(strstr(with, "args = [\"datanode\", \"start\", \"--home\", \"<DATA_NODE_HOME>\"]"));
        assert_null(strstr(without, "data_node"));
        assert_non_null(strstr(without, "args = [\"start\", \"--home\", \"<VEGA_HOME>\"]"));
        assert_memory_equal(with, without, strlen(without));
    }
}

static void the_asset_is_that_of_the_machine(void **state) {
    (void)state;
    assert_string_equal(template_architecture("x86_64"), "amd64");
    assert_string_equal(template_architecture("aarch64"), "arm64");
    assert_string_equal(template_architecture("riscv64"), "riscv64");
    create("home", false);
    _cleanup_free_ char *config = read_text("home", "config.toml");
#if defined(__x86_64__)
    assert_non_null(strstr(config, "name = \"vega-linux-amd64.zip\""));
#elif defined(__aarch64__)
    assert_non_null(strstr(config, "name = \"vega-linux-arm64.zip\""));
#endif
}

/* No error; that a feature is not there yet may be a warning. */
static Config *load_config(const char *path) {
    _cleanup_problems_ Problems problems = {0};
    Config *config = NULL;
    if (config_load(path, &config, &problems) != 0)
        fail_msg("%s:%u: %s", path, problems.items[0].line, problems.items[0].text);
    return config;
}

/* Takes away each # that a key or table header follows directly. */
static void reveal_defaults(char *text) {
    char *to = text;
    bool line_begins = true;
    for (const char *from = text; *from; from++) {
        if (line_begins && *from == '#' && from[1] != ' ')
            continue;
        line_begins = *from == '\n' || (line_begins && *from == ' ');
        *to++ = *from;
    }
    *to = '\0';
}

static void change_is_a_mistake(const char *key, const char *from, const char *to, void *userdata) {
    (void)userdata;
    fail_msg("%s: the default is %s, the template shows %s", key, from, to);
}

static void the_settings_are_valid_and_show_the_defaults(void **state) {
    (void)state;
    create("home", false);
    _cleanup_config_ Config *config = load_config("home/config.toml");
    assert_int_equal(config->max_first_connection_retries, 175000);
    assert_true(config->auto_install.enabled);
    assert_string_equal(config->auto_install.asset_binary_name, "vega");
    assert_string_equal(config_upgrade_folder(config, "vX.X.X"), "vX.X.X");

    _cleanup_free_ char *text = read_text("home", "config.toml");
    _cleanup_fd_ int folder_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t old_length = strlen(text);
    reveal_defaults(text);
    assert_int_equal(old_length - strlen(text), 25); /* as many new keys as architecture.md has */
    assert_int_equal(file_replace(folder_fd, "revealed.toml", text, strlen(text), 0600, NULL), 0);
    _cleanup_config_ Config *revealed = load_config("revealed.toml");
    config_compare(config, revealed, change_is_a_mistake, NULL);
}

/* As a person would do it, so that only what has to be filled in is. */
static void the_run_settings_are_valid_when_filled_in(void **state) {
    static const char *const FOLDERS[] = {"genesis", "vX.X.X"};
    (void)state;
    create("home", true);
    for (size_t i = 0; i < 2; i++) {
        _cleanup_free_ char *folder = string_format("%s/home/%s", (const char *)*state, FOLDERS[i]);
        _cleanup_fd_ int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *text = read_text(folder, "run-config.toml");
        _cleanup_run_config_ RunConfig *config = NULL, *revealed = NULL;
        _cleanup_problems_ Problems problems = {0};

        for (char *place = text; (place = strpbrk(place, "<>"));)
            *place = '/';
        assert_int_equal(file_replace(folder_fd, "run-config.toml", text, strlen(text), 0600, NULL), 0);
        assert_int_equal(run_config_load(folder, &config, &problems), 0);
        assert_int_equal(problems.count, 0);
        assert_string_equal(config->name, FOLDERS[i]);
        assert_string_equal(config->rpc_http_path, "/rpc");
        assert_true(config->has_data_node);
        assert_string_equal(arguments_flag(config->data_node.arguments, "--home"), "/DATA_NODE_HOME/");
        assert_null(config->statistics_url);

        reveal_defaults(text);
        assert_int_equal(file_replace(folder_fd, "run-config.toml", text, strlen(text), 0600, NULL), 0);
        assert_int_equal(run_config_load(folder, &revealed, &problems), 0);
        assert_string_equal(revealed->statistics_url, "http://127.0.0.1:3003/statistics");
    }
}

#define SCRATCH_TEST(function) cmocka_unit_test_setup_teardown(function, enter_scratch, leave_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(modes_do_not_depend_on_the_umask),
        SCRATCH_TEST(paths_may_be_written_in_many_ways),
        SCRATCH_TEST(an_empty_folder_is_used_as_it_is),
        SCRATCH_TEST(a_folder_with_content_is_refused),
        SCRATCH_TEST(what_is_no_folder_is_refused),
        SCRATCH_TEST(a_failure_half_way_leaves_nothing_behind),
        SCRATCH_TEST(a_name_too_long_leaves_nothing_behind),
        SCRATCH_TEST(signals_are_as_before),
        SCRATCH_TEST(the_data_node_is_there_if_asked_for),
        SCRATCH_TEST(the_asset_is_that_of_the_machine),
        SCRATCH_TEST(the_settings_are_valid_and_show_the_defaults),
        SCRATCH_TEST(the_run_settings_are_valid_when_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
