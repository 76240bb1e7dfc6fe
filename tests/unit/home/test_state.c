#include "home/state.h"

#include "base/cleanup.h"
#include "tests/unit/home/home.h"

#include <fcntl.h>
#include <sys/stat.h>

static unsigned set_aside_count(void) {
    DIR *entries = opendir(folder_path(&folder, ".visor"));
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(entries));)
        count += strstr(entry->d_name, "state.json.damaged-") != NULL;
    (void)closedir(entries);
    return count;
}

static void test_none_yet(void **unused) {
    (void)unused;
    Failure failure = {0};
    State state;
    assert_int_equal(state_load(&home, &state, &failure), 0);
    assert_string_equal(state.release.tag, "");
    assert_null(state.folder);
    state_clear(&state);
}

static void check_kept(const char *tag, const char *path, uint64_t height_blocks, ReleaseStage stage) {
    Failure failure = {0};
    State state = {.release = {.height_blocks = height_blocks, .stage = stage}, .folder = strdup(path)};
    State loaded;
    tag_copy(&state.release.tag, tag);
    assert_int_equal(state_save(&home, &state, &failure), 0);
    assert_int_equal(state_load(&home, &loaded, &failure), 0);
    assert_string_equal(loaded.release.tag, tag);
    assert_string_equal(loaded.folder, path);
    assert_int_equal(loaded.release.height_blocks, height_blocks);
    assert_int_equal(loaded.release.stage, stage);
    state_clear(&state);
    state_clear(&loaded);
    state_clear(&loaded);
    assert_int_equal(set_aside_count(), 0);
}

static void test_save_and_load(void **unused) {
    (void)unused;
    struct stat status;
    for (ReleaseStage stage = 0; stage < RELEASE_STAGE_COUNT; stage++)
        check_kept("v2.0.0", "/home/v2.0.0", 1034000, stage);
    check_kept("v3", "/with \"quotes\" and \xc3\xbc", 0, STAGE_SWITCHED);
    check_kept("v3", "/", INT64_MAX, STAGE_ANSWERED);
    assert_int_equal(fstatat(home.private_fd, HOME_STATE_FILE, &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void check_set_aside(const char *expected) {
    char name[64] = "", content[64] = "";
    DIR *entries = opendir(folder_path(&folder, ".visor"));
    for (const struct dirent *entry; (entry = readdir(entries));)
        if (strstr(entry->d_name, "state.json.damaged-"))
            (void)snprintf(name, sizeof name, "%.60s", entry->d_name);
    (void)closedir(entries);
    _cleanup_fd_ int fd = openat(home.private_fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, content, sizeof content - 1) > 0);
    assert_string_equal(content, expected);
}

/* Its other name is none that tells anybody that it is damaged. */
static void test_a_damaged_state_that_a_backup_shares(void **unused) {
    State state = {.folder = (char[]){"/v3"}};
    Failure failure = {0};
    (void)unused;
    folder_write_text(&folder, ".visor/" HOME_STATE_FILE, "[", 0600);
    assert_int_equal(linkat(home.private_fd, HOME_STATE_FILE, home.fd, "backup", 0), 0);
    assert_int_equal(state_set_aside(&home, true, &failure), 0);
    assert_int_equal(state_save(&home, &state, &failure), 0);
    check_set_aside("[");
}

/* Two of one second: neither is lost. */
static void test_the_name_of_another_one(void **unused) {
    State state = {.folder = (char[]){"/v3"}};
    Failure failure = {0};
    (void)unused;
    for (int i = 0; i < 2; i++) {
        folder_write_text(&folder, ".visor/" HOME_STATE_FILE, "[", 0600);
        const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
        assert_int_equal(utimensat(home.private_fd, HOME_STATE_FILE, times, 0), 0);
        assert_int_equal(state_set_aside(&home, true, &failure), 0);
        assert_int_equal(state_save(&home, &state, &failure), 0);
    }
    assert_int_equal(set_aside_count(), 2);
}

static void test_set_aside_until_it_is_replaced(void **unused) {
    State state = {.release = {.tag = "v3"}, .folder = (char[]){"/v3"}};
    Failure failure = {0};
    (void)unused;
    folder_write_text(&folder, ".visor/" HOME_STATE_FILE, "{", 0600);
    for (int start = 0; start < 3; start++) { /* none of which comes to its save */
        assert_int_equal(state_set_aside(&home, true, &failure), 0);
        assert_non_null(strstr(failure.message, "state.json.damaged-"));
        assert_int_equal(faccessat(home.private_fd, HOME_STATE_FILE, F_OK, 0), 0);
        assert_int_equal(set_aside_count(), 1);
    }
    assert_int_equal(state_save(&home, &state, &failure), 0);
    assert_int_equal(set_aside_count(), 1);
    check_set_aside("{");
    State loaded;
    assert_int_equal(state_load(&home, &loaded, &failure), 0);
    assert_true(state_equal(&loaded, &state));
    state_clear(&loaded);
}

static void test_duplicate_and_equal(void **unused) {
    State first = {
        .release = {.tag = "v2", .height_blocks = 7, .stage = STAGE_SWITCHED}, .folder = (char[]){"/v2"}};
    State others[7], copy;
    (void)unused;
    first.previous = (char[]){"/v1"};
    assert_int_equal(state_duplicate(&first, &copy), 0);
    assert_true(state_equal(&first, &copy) && copy.folder != first.folder && copy.previous != first.previous);
    state_clear(&copy);
    assert_int_equal(state_duplicate(&copy, &copy), 0);
    assert_true(state_equal(&copy, &(State){0}) && !state_equal(&copy, &first));
    for (size_t i = 0; i < 7; i++)
        others[i] = first;
    tag_copy(&others[0].release.tag, "v3");
    others[1].release.height_blocks++;
    others[2].release.stage = STAGE_ANSWERED;
    others[3].release.blocks_awaited = true;
    others[4].folder = (char[]){"/v3"};
    others[5].previous = (char[]){"/v3"};
    others[6].previous = NULL;
    for (size_t i = 0; i < 7; i++)
        assert_false(state_equal(&first, &others[i]) || state_equal(&others[i], &first));
}

static void test_previous(void **unused) {
    (void)unused;
    Failure failure = {0};
    State state = {.release = {.tag = "v3"}, .folder = strdup("/v3"), .previous = strdup("/with \"quotes\"")};
    State loaded;
    assert_int_equal(state_save(&home, &state, &failure), 0);
    assert_int_equal(state_load(&home, &loaded, &failure), 0);
    assert_string_equal(loaded.previous, "/with \"quotes\"");
    state_clear(&loaded);
    assert_null(loaded.previous);
    free(state.previous);
    state.previous = NULL;
    assert_int_equal(state_save(&home, &state, &failure), 0);
    assert_int_equal(state_load(&home, &loaded, &failure), 0);
    assert_null(loaded.previous);
    state_clear(&loaded);
    state_clear(&state);
}

#define GOOD(release) "{\"format\":2,\"release\":" release "}"
#define WHOLE "{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":\"decided\"}"

static int load(const char *text, size_t length) {
    Failure failure = {0};
    State state;
    folder_write(&folder, ".visor/state.json", text, length, 0600);
    int r = state_load(&home, &state, &failure);
    if (r != 0) {
        assert_string_equal(state.release.tag, "");
        assert_null(state.folder);
        assert_non_null(strstr(failure.message, "state.json"));
    }
    state_clear(&state);
    return r;
}

static void test_damaged(void **unused) {
    (void)unused;
    static const char *const DAMAGED[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "<html></html>",
        "{\"format\":1}",
        "{\"format\":1,\"release\":null}",
        "{\"format\":0,\"release\":" WHOLE "}",
        "{\"format\":\"1\",\"release\":" WHOLE "}",
        "{\"format\":1,\"format\":1,\"release\":" WHOLE "}",
        GOOD("{\"tag\":\"../v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"v2\",\"height\":5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"\",\"height\":5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":-5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5.5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":99999999999999999999,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":1}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":\"\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":\"installed\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"answered\":true}"),
        "{\"format\":1,\"release\":" WHOLE "}",
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\\u0000\",\"height\":5,\"stage\":\"answered\"}"),
        GOOD("{\"tag\":\"v2\",\"folder\":\"/\xff\",\"height\":5,\"stage\":\"answered\"}"),
        GOOD(WHOLE) "trailing",
        "{\"format\":2,\"release\":" WHOLE ",\"previous\":\"v1\"}",
        "{\"format\":2,\"release\":" WHOLE ",\"previous\":\"\"}",
        "{\"format\":2,\"release\":" WHOLE ",\"previous\":7}",
        "{\"format\":2,\"release\":" WHOLE ",\"previous\":null}",
    };
    for (size_t i = 0; i < sizeof DAMAGED / sizeof *DAMAGED; i++) {
        if (load(DAMAGED[i], strlen(DAMAGED[i])) != 1)
            fail_msg("'%s' is damaged", DAMAGED[i]);
        assert_int_equal(faccessat(home.private_fd, HOME_STATE_FILE, F_OK, 0), 0); /* every start shall see it */
        Failure failure = {0};
        assert_int_equal(state_set_aside(&home, false, &failure), 0);
        assert_int_equal(faccessat(home.private_fd, HOME_STATE_FILE, F_OK, 0), -1); /* set aside, not deleted */
        assert_true(set_aside_count() > 0);
    }
    assert_int_equal(load(GOOD(WHOLE), strlen(GOOD(WHOLE))), 0);
    static const char MORE[] = "{\"format\":2,\"later\":[],\"release\":" WHOLE "}";
    assert_int_equal(load(MORE, sizeof MORE - 1), 0);
}

/* A member that came later than the format: what lacks it waits for nothing. */
static void test_blocks_awaited(void **unused) {
    (void)unused;
    Failure failure = {0};
    State loaded;
    for (unsigned awaited = 0; awaited < 2; awaited++) {
        State state = {.release = {.tag = "v2", .stage = STAGE_ANSWERED, .blocks_awaited = awaited}};
        state.folder = strdup("/v2");
        assert_int_equal(state_save(&home, &state, &failure), 0);
        assert_int_equal(state_load(&home, &loaded, &failure), 0);
        assert_int_equal(loaded.release.blocks_awaited, awaited);
        state_clear(&state);
        state_clear(&loaded);
    }
    assert_int_equal(state_decode(GOOD(WHOLE), strlen(GOOD(WHOLE)), &loaded), 0);
    assert_false(loaded.release.blocks_awaited);
    state_clear(&loaded);
    static const char WRONG[] =
        GOOD("{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"stage\":\"answered\",\"blocksAwaited\":1}");
    assert_int_equal(load(WRONG, sizeof WRONG - 1), 1);
}

/* The first format knew two stages. */
static void test_first_format(void **unused) {
    (void)unused;
    static const char *const TEXTS[] = {
        "{\"format\":1,\"release\":{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"answered\":false}}",
        "{\"format\":1,\"release\":{\"tag\":\"v2\",\"folder\":\"/v2\",\"height\":5,\"answered\":true},"
        "\"previous\":\"/v1\"}",
    };
    static const ReleaseStage STAGES[] = {STAGE_SWITCHED, STAGE_ANSWERED};
    for (size_t i = 0; i < 2; i++) {
        State state;
        assert_int_equal(state_decode(TEXTS[i], strlen(TEXTS[i]), &state), 0);
        assert_int_equal(state.release.stage, STAGES[i]);
        assert_int_equal(state.release.height_blocks, 5);
        state_clear(&state);
    }
}

/* What a newer Visor wrote is neither guessed at nor set aside. */
static void test_newer_format(void **unused) {
    (void)unused;
    static const char *const NEWER[] = {
        "{\"format\":3,\"release\":" WHOLE "}",
        "{\"format\":9223372036854775807}",
    };
    for (size_t i = 0; i < sizeof NEWER / sizeof *NEWER; i++) {
        assert_int_equal(load(NEWER[i], strlen(NEWER[i])), -EPROTO);
        assert_int_equal(faccessat(home.private_fd, HOME_STATE_FILE, F_OK, 0), 0);
    }
}

static void test_every_truncation(void **unused) {
    (void)unused;
    static const char TEXT[] = GOOD(WHOLE);
    for (size_t length = 0; length < sizeof TEXT - 1; length++)
        assert_int_equal(load(TEXT, length), 1);
}

static void test_zeroes_and_size(void **unused) {
    (void)unused;
    static char zeroes[4096], huge[100 * 1024];
    assert_int_equal(load(zeroes, sizeof zeroes), 1); /* what some file systems leave after a power cut */
    memset(huge, ' ', sizeof huge);
    assert_int_equal(load(huge, sizeof huge), 1);
}

static void test_no_file_at_all(void **unused) {
    (void)unused;
    Failure failure = {0};
    State state;
    assert_int_equal(mkdirat(home.private_fd, HOME_STATE_FILE, 0700), 0);
    assert_int_equal(state_load(&home, &state, &failure), -EISDIR);
    assert_null(state.folder);
    State mine = {.release = {.tag = "v2"}, .folder = strdup("/v2")};
    assert_true(state_save(&home, &mine, &failure) < 0);
    assert_non_null(strstr(failure.message, home.path));
    state_clear(&mine);
}

static void check_put_right(const State *state) {
    Failure failure = {0};
    State loaded;
    assert_int_equal(state_keep(&home, state, &failure), 1);
    assert_int_equal(state_keep(&home, state, &failure), 0);
    assert_int_equal(state_load(&home, &loaded, &failure), 0);
    assert_string_equal(loaded.release.tag, state->release.tag);
    state_clear(&loaded);
}

static void test_what_somebody_has_changed(void **unused) {
    (void)unused;
    Failure failure = {0};
    State state = {.release = {.tag = "v3"}, .folder = strdup("/v3")}, other = {.folder = (char[]){"/v2"}};
    check_put_right(&state); /* it was removed */
    assert_int_equal(state_save(&home, &other, &failure), 0);
    check_put_right(&state);
    folder_write_text(&folder, ".visor/state.json", "", 0600);
    check_put_right(&state);
    /* In a home that was moved it is looked for where it is written. */
    assert_int_equal(renameat(home.fd, ".visor", home.fd, "moved"), 0);
    assert_int_equal(state_keep(&home, &state, &failure), 0);
    assert_int_equal(renameat(home.fd, "moved", home.fd, ".visor"), 0);
    assert_int_equal(unlinkat(home.private_fd, HOME_STATE_FILE, 0), 0);
    assert_int_equal(mkdirat(home.private_fd, HOME_STATE_FILE, 0700), 0);
    assert_true(state_keep(&home, &state, &failure) < 0);
    assert_non_null(strstr(failure.message, HOME_STATE_FILE));
    state_clear(&state);
}

static void test_failed_save_keeps_the_old(void **unused) {
    (void)unused;
    Failure failure = {0};
    check_kept("v2", "/v2", 5, false);
    assert_int_equal(mkdirat(home.private_fd, ".state.json.new", 0700), 0);
    State mine = {.release = {.tag = "v3"}, .folder = strdup("/v3")};
    assert_true(state_save(&home, &mine, &failure) < 0);
    state_clear(&mine);
    assert_int_equal(state_load(&home, &mine, &failure), 0);
    assert_string_equal(mine.release.tag, "v2");
    state_clear(&mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_none_yet),
        home_test(test_save_and_load),
        home_test(test_set_aside_until_it_is_replaced),
        home_test(test_a_damaged_state_that_a_backup_shares),
        home_test(test_the_name_of_another_one),
        home_test(test_duplicate_and_equal),
        home_test(test_previous),
        home_test(test_damaged),
        home_test(test_blocks_awaited),
        home_test(test_first_format),
        home_test(test_newer_format),
        home_test(test_every_truncation),
        home_test(test_zeroes_and_size),
        home_test(test_no_file_at_all),
        home_test(test_what_somebody_has_changed),
        home_test(test_failed_save_keeps_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
