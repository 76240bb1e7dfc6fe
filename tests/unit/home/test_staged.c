#include "home/staged.h"

#include "home/release.h"
#include "tests/unit/home/releases.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

static char staging[512];

static int staging_make(void **unused) {
    int r = home_make(unused);
    (void)snprintf(staging, sizeof staging, "%s/staging", folder.path);
    assert_int_equal(mkdir(staging, 0700), 0);
    stage(staging);
    return r;
}

/* Owned by the caller; NULL if the result is not 0. */
static Staged *read_for(const char *binary, int expected, const char *said) {
    Failure failure = {0};
    Staged *staged = NULL;
    _cleanup_json_ json_t *request = make_request(binary);
    int r = staging_read(staging, request, &staged, &failure);
    if (r != expected)
        fail_msg("%d, %s", r, failure.message);
    assert_int_equal(staged != NULL, r == 0);
    check_says(&failure, said);
    return staged;
}

static void check_read(int expected, const char *said) {
    (void)staged_free(read_for("bin/vega", expected, said));
}

static void test_complete(void **unused) {
    (void)unused;
    _cleanup_staged_ Staged *staged = read_for("bin/vega", 0, "");
    assert_string_equal(staged->staging, staging);
    assert_string_equal(staged->folder, folder_path(&folder, "staging/release"));
    assert_string_equal(staged->binary, "bin/vega");
    assert_string_equal(staged->asset, "vega.zip");
    assert_string_equal(staged->url, "https://host/vega.zip");
    assert_string_equal(staged->sha256, SHA256);
    assert_int_equal(staged->bytes, 7);
    assert_string_equal(staged->verified[0], "the digest that the API tells");
    assert_null(staged->verified[1]);
    assert_null(staged_free(NULL));
}

static void test_nothing_staged(void **unused) {
    (void)unused;
    (void)read_for("vega", 1, "other settings");
    assert_int_equal(unlink(folder_path(&folder, "staging/" STAGED_FILE)), 0);
    check_read(1, "nothing complete");
    assert_int_equal(rename(staging, folder_path(&folder, "moved")), 0);
    check_read(1, "nothing is staged");
    assert_int_equal(symlink("moved", staging), 0);
    check_read(-ENOTDIR, "staging");
}

#define REQUEST "{\"tag\":\"v2.0.0\",\"asset\":\"vega.zip\",\"binary\":\"bin/vega\"}"

static void check_file(int expected, const char *format, const char *request, const char *rest) {
    _cleanup_free_ char *text =
        string_format("{\"format\":%s,\"request\":%s,\"files\":1,%s}", format, request, rest);
    write_file(staging, STAGED_FILE, text, 0600);
    check_read(expected, expected == 0 ? "" : "staging");
}

#define URL "\"url\":\"file:///x\","
#define NUMBERS "\"bytes\":1,\"unpackedBytes\":1,"
#define REST(asset, url, sha256, verified, numbers)                                                                \
    "\"asset\":" asset "," url "\"sha256\":\"" sha256 "\"," numbers "\"verified\":" verified

static void test_hostile_file(void **unused) {
    (void)unused;
    static const char GOOD[] = REST("\"vega.zip\"", URL, SHA256, "[]", NUMBERS);
    _cleanup_free_ char *many = calloc(1, 300 * 1024);
    _cleanup_free_ char *good_file = read_file(staging, STAGED_FILE);
    _cleanup_free_ char *cut = strdup(good_file);

    check_file(0, "1", REQUEST, GOOD);
    check_file(1, "1", "{}", GOOD);
    check_file(1, "1", "{\"tag\":\"v2.0.1\",\"asset\":\"vega.zip\",\"binary\":\"bin/vega\"}", GOOD);
    check_file(1, "1", "{\"tag\":\"v2.0.0\",\"asset\":\"vega.zip\",\"binary\":\"bin/vega\",\"more\":1}", GOOD);
    check_file(1, "1", "null", GOOD);
    check_file(-EBADMSG, "2", REQUEST, GOOD);
    check_file(-EBADMSG, "\"1\"", REQUEST, GOOD);
    check_file(-EBADMSG, "1", REQUEST, REST("7", URL, SHA256, "[]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", "", SHA256, "[]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", "\"url\":7,", SHA256, "[]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, "abc", "[]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, "E" SHA256, "[]", NUMBERS));
    check_file(
        -EBADMSG, "1", REQUEST,
        REST("\"a\"", URL, "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "[]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "{}", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[7]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[\"x\\u0000\"]", NUMBERS));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[]", "\"bytes\":-1,\"unpackedBytes\":1,"));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[]", "\"bytes\":1,\"unpackedBytes\":-1,"));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[]", "\"bytes\":1.5,\"unpackedBytes\":1,"));
    check_file(-EBADMSG, "1", REQUEST, REST("\"a\"", URL, SHA256, "[]", NUMBERS "\"bytes\":1,"));
    write_file(
        staging, STAGED_FILE,
        "{\"format\":1,\"files\":0,\"request\":" REQUEST "," REST("\"a\"", URL, SHA256, "[]", NUMBERS) "}", 0600);
    check_read(-EBADMSG, "damaged");

    (void)strcpy(many, "\"asset\":\"a\"," NUMBERS "\"sha256\":\"" SHA256 "\",\"verified\":[],\"url\":\"");
    memset(many + strlen(many), 'x', 9000);
    (void)strcat(many, "\"");
    check_file(-EBADMSG, "1", REQUEST, many);
    memset(many, 0, 300 * 1024);
    (void)strcpy(many, URL "\"asset\":\"a\"," NUMBERS "\"sha256\":\"" SHA256 "\",\"verified\":[\"1\"");
    for (int i = 0; i < 32; i++)
        (void)strcat(many, ",\"1\"");
    (void)strcat(many, "]");
    check_file(-EBADMSG, "1", REQUEST, many);
    memset(many, ' ', 299 * 1024);
    write_file(staging, STAGED_FILE, many, 0600);
    check_read(-EBADMSG, "too long");
    for (size_t length = 0; length < strlen(good_file); length++) {
        cut[length] = '\0';
        write_file(staging, STAGED_FILE, cut, 0600);
        check_read(-EBADMSG, "damaged");
        cut[length] = good_file[length];
    }
}

static void test_fetched_file_that_is_none(void **unused) {
    (void)unused;
    const char *path = folder_path(&folder, "staging/" STAGED_FILE);
    assert_int_equal(chmod(path, 0), 0);
    check_read(-EACCES, STAGED_FILE);
    assert_int_equal(rename(path, folder_path(&folder, "other")), 0);
    assert_int_equal(symlink("../other", path), 0);
    check_read(-EBADMSG, "is no file");
}

/* A binary without an archive around it has the name of the asset. */
static void test_bare_binary(void **unused) {
    (void)unused;
    char text[1024];
    for (int i = 0; i < 3; i++) {
        static const char *const ASSETS[] = {"vega-linux", "../release/vega-linux", "/etc/passwd"};
        (void)snprintf(
            text, sizeof text,
            "{\"format\":1,\"request\":{\"tag\":\"v2.0.0\",\"asset\":\"vega.zip\",\"binary\":\"\"},\"files\":1,"
            "\"asset\":\"%s\"," URL NUMBERS "\"sha256\":\"" SHA256 "\",\"verified\":[]}",
            ASSETS[i]);
        write_file(staging, STAGED_FILE, text, 0600);
        write_file(staging, "release/vega-linux", SCRIPT, 0755);
        _cleanup_staged_ Staged *staged = read_for("", i == 0 ? 0 : -EBADMSG, i == 0 ? "" : "staging");
        if (staged)
            assert_string_equal(staged->binary, "vega-linux");
    }
}

static void test_hostile_release(void **unused) {
    (void)unused;
    const char *vega = folder_path(&folder, "staging/release/bin/vega");
    const char *added = folder_path(&folder, "staging/release/added");
    const char *release = folder_path(&folder, "staging/release");
    assert_int_equal(symlink("/etc/passwd", added), 0);
    check_read(-EBADMSG, "neither a file nor a folder");
    assert_int_equal(unlink(added), 0);
    write_file(release, "added", "", 0644);
    assert_int_equal(chmod(added, 04755), 0);
    check_read(-EBADMSG, "rights");
    assert_int_equal(chmod(added, 02755), 0);
    check_read(-EBADMSG, "rights");
    assert_int_equal(chmod(added, 0646), 0);
    check_read(-EBADMSG, "rights");
    assert_int_equal(unlink(added), 0);
    assert_int_equal(mkdir(added, 0755), 0);
    assert_int_equal(chmod(added, 02755), 0); /* a folder takes it over from the one around it */
    check_read(0, "");
    assert_int_equal(chmod(added, 0757), 0);
    check_read(-EBADMSG, "rights");
    assert_int_equal(rmdir(added), 0);
    write_file(release, "\xc3\x28", "", 0644);
    check_read(-EBADMSG, "no UTF-8");
    assert_int_equal(unlink(folder_path(&folder, "staging/release/\xc3\x28")), 0);
    write_file(release, "\xc3\xa9", "", 0644);
    check_read(0, "");
    assert_int_equal(chmod(vega, 0644), 0);
    check_read(-EBADMSG, "not executable");
    assert_int_equal(truncate(vega, 0), 0);
    check_read(-EBADMSG, "binary is missing");
    assert_int_equal(unlink(vega), 0);
    check_read(-EBADMSG, "binary is missing");
    assert_int_equal(mkdir(vega, 0755), 0);
    check_read(-EBADMSG, "binary is missing");
    assert_int_equal(chmod(release, 0), 0);
    check_read(-EACCES, "release");
    assert_int_equal(chmod(release, 0755), 0);
    assert_int_equal(rename(release, folder_path(&folder, "v2.0.0")), 0);
    check_read(-EBADMSG, "release is missing"); /* put in place already, by a Visor that was killed then */
    assert_int_equal(symlink("../v2.0.0", release), 0);
    check_read(-EBADMSG, "release is missing");
}

static void check_composed(const Staged *staged, int expected, const char *said) {
    Failure failure = {0};
    int r = staging_compose(staged, folder_path(&folder, "old.toml"), "v2.0.0", &failure);
    if (r != expected)
        fail_msg("%d, %s", r, failure.message);
    check_says(&failure, said);
}

static void test_compose(void **unused) {
    (void)unused;
    struct stat status;
    uint64_t when_seconds;
    _cleanup_staged_ Staged *staged = read_for("bin/vega", 0, "");
    const char *release = staged->folder;
    write_file(folder.path, "old.toml", RUN_CONFIG, 0644);
    write_file(release, RUN_CONFIG_FILE, "from the archive", 0644);
    for (int i = 0; i < 2; i++) { /* what killed tries leave is no part of it */
        write_file(release, "." RUN_CONFIG_FILE ".new", "half", 0600);
        write_file(release, "." MARKER_FILE ".new", "half", 0600);
        check_composed(staged, 0, "");
        check_content(
            release, RUN_CONFIG_FILE,
            "# mine\nname = \"v2.0.0\"\n[vega.binary]\npath = \"bin/vega\"\nargs = ['start']\n[vega.rpc]\n"
            "socketPath = '/s'\n");
        assert_int_equal(stat(folder_path(&folder, "staging/release/" RUN_CONFIG_FILE), &status), 0);
        assert_int_equal(status.st_mode, S_IFREG | 0600);
        _cleanup_fd_ int fd = open(release, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(marker_check(fd, release, &when_seconds, NULL), 0);
        staged = staged_free(staged);
        staged = read_for("bin/vega", 0, ""); /* it is still what was fetched */
        release = staged->folder;
    }
}

static void test_one_at_a_time(void **unused) {
    (void)unused;
    Staged *staged = read_for("bin/vega", 0, "");
    check_read(-EBUSY, "somebody else is at work in");
    staged = staged_free(staged);
    check_read(0, "");

    _cleanup_fd_ int fd = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* as visor-fetch does it */
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    check_read(-EBUSY, "somebody else is at work in");
    assert_int_equal(flock(fd, LOCK_UN), 0);
    check_read(0, "");
}

static void test_not_composed(void **unused) {
    (void)unused;
    _cleanup_staged_ Staged *staged = read_for("bin/vega", 0, "");
    const char *release = staged->folder;
    check_composed(staged, -ENOENT, "old.toml");
    write_file(folder.path, "old.toml", "name = 5\n", 0644);
    check_composed(staged, -EBADMSG, "old.toml: ");
    check_composed(staged, -EBADMSG, "1:1: 'name' is a whole number");
    write_file(folder.path, "old.toml", RUN_CONFIG, 0644);
    assert_int_equal(chmod(release, 0500), 0);
    check_composed(staged, -EACCES, release);
    assert_int_equal(chmod(release, 0755), 0);
    assert_int_equal(mkdir(folder_path(&folder, "staging/release/" RUN_CONFIG_FILE), 0755), 0);
    check_composed(staged, -EISDIR, release);
    assert_int_equal(rmdir(folder_path(&folder, "staging/release/" RUN_CONFIG_FILE)), 0);
    assert_false(exists(release, MARKER_FILE));
    assert_int_equal(rename(release, folder_path(&folder, "moved")), 0);
    check_composed(staged, -ENOENT, "release");
}

/* A full disk, as far as that can be had without one: no file may grow. */
static void test_not_composed_without_space(void **unused) {
    (void)unused;
    struct rlimit old, none;
    _cleanup_staged_ Staged *staged = read_for("bin/vega", 0, "");
    write_file(folder.path, "old.toml", RUN_CONFIG, 0644);
    check_composed(staged, 0, "");
    _cleanup_free_ char *marker = read_file(staged->folder, MARKER_FILE);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    Failure failure = {0};
    int r = staging_compose(staged, folder_path(&folder, "old.toml"), "v2.0.0", &failure);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(r, -EFBIG);
    check_says(&failure, RUN_CONFIG_FILE);
    check_content(staged->folder, MARKER_FILE, marker); /* all is as it was, and nothing half-made is left */
    assert_false(exists(staged->folder, "." RUN_CONFIG_FILE ".new"));
    check_composed(staged, 0, "");
}

#define staging_test(function) cmocka_unit_test_setup_teardown(function, staging_make, home_clear)

int main(void) {
    become_anybody();
    const struct CMUnitTest tests[] = {
        staging_test(test_complete),     staging_test(test_nothing_staged),
        staging_test(test_hostile_file), staging_test(test_fetched_file_that_is_none),
        staging_test(test_bare_binary),  staging_test(test_hostile_release),
        staging_test(test_compose),      staging_test(test_one_at_a_time),
        staging_test(test_not_composed), staging_test(test_not_composed_without_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
