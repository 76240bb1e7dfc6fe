#include "home/state_copy.h"

#include "base/cleanup.h"
#include "home/lock.h"
#include "home/process_record.h"
#include "tests/unit/home/home.h"

#include <limits.h>

static char v1_text[] = "/srv/v1", v2_text[] = "/srv/v2", binary_text[] = "/srv/v1/vega";

static State sample(ReleaseStage stage) {
    return (State){
        .release = {.tag = "v2", .height_blocks = 7, .stage = stage, .blocks_awaited = stage == STAGE_ANSWERED},
        .folder = v2_text,
        .previous = v1_text};
}

/* The core is dead. */
static void write_lock_of(char *path, ReleaseStage stage, uint64_t other_inode) {
    ProcessRecord record = {
        .name = PROCESS_VEGA, .folder = v1_text, .binary = binary_text, .pid = 77, .start_ticks = 1};
    Failure failure = {0};
    record.state = sample(stage);
    record.state.folder = path;
    assert_int_equal(home_identity(&home, &record.home), 0);
    record.home.inode += other_inode;
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
}

static void write_lock(ReleaseStage stage, uint64_t other_inode) {
    write_lock_of(v2_text, stage, other_inode);
}

static void check_copy(bool removed, ReleaseStage stage) {
    _cleanup_state_ State copy = {0};
    Failure failure = {0};
    const State expected = sample(stage);
    assert_int_equal(state_copy_load(&home, removed, &copy, &failure), 0);
    assert_true(state_equal(&copy, &expected));
}

static void check_none(bool removed) {
    State copy;
    Failure failure = {0};
    memset(&copy, 7, sizeof copy);
    assert_int_equal(state_copy_load(&home, removed, &copy, &failure), 1);
    assert_null(copy.folder);
    assert_null(copy.previous);
    assert_string_equal(failure.message, "");
}

static void test_what_is_recalled(void **unused) {
    (void)unused;
    check_none(false);
    check_none(true);
    for (ReleaseStage stage = 0; stage < RELEASE_STAGE_COUNT; stage++) {
        write_lock(stage, 0);
        check_copy(false, stage);
    }
    write_lock(STAGE_SWITCHED, 0);
    check_copy(true, STAGE_SWITCHED);
    write_lock(STAGE_ANSWERED, 0);
    check_copy(true, STAGE_ANSWERED);
}

static void test_a_decision_is_taken_back_with_its_file(void **unused) {
    _cleanup_state_ State copy = {0};
    Failure failure = {0};
    char path[PATH_MAX];
    (void)unused;
    write_lock(STAGE_DECIDED, 0);
    check_none(true);
    assert_int_equal(mkdirat(home.fd, "v1", 0755), 0);
    assert_int_equal(mkdirat(home.fd, "v2", 0755), 0);
    (void)snprintf(path, sizeof path, "%s/v2", folder.path);
    write_lock_of(path, STAGE_DECIDED, 0);
    check_none(true);
    assert_int_equal(symlinkat("v1", home.fd, "current"), 0);
    check_none(true);
    assert_int_equal(unlinkat(home.fd, "current", 0), 0);
    assert_int_equal(symlinkat("v2", home.fd, "current"), 0);
    assert_int_equal(state_copy_load(&home, true, &copy, &failure), 0); /* that much was done */
    assert_string_equal(copy.folder, path);
}

static void test_the_copy_of_another_home(void **unused) {
    (void)unused;
    write_lock(STAGE_ANSWERED, 1);
    check_none(false);
}

static void test_a_lock_that_cannot_be_understood(void **unused) {
    (void)unused;
    folder_write_text(&folder, ".visor/vega.lock", "77         1                   \n{", 0600);
    check_none(false);
    folder_write_text(&folder, ".visor/vega.lock", "77         1                   \n{\"format\":99}", 0600);
    check_none(false);
    State state = sample(STAGE_ANSWERED);
    Failure failure = {0};
    assert_int_equal(state_copy_save(&home, &state, &failure), 0); /* there is nothing that it could be wrong in */
    check_none(false);
}

static void test_a_new_copy_beside_the_dead(void **unused) {
    _cleanup_process_record_ ProcessRecord record = {0};
    State state = sample(STAGE_ANSWERED);
    Failure failure = {0};
    (void)unused;
    assert_int_equal(state_copy_save(&home, &state, &failure), 0);
    assert_int_equal(faccessat(home.private_fd, "vega.lock", F_OK, 0), -1); /* no lock is made for it */
    write_lock(STAGE_DECIDED, 0);
    assert_int_equal(state_copy_save(&home, &state, &failure), 0);
    check_copy(false, STAGE_ANSWERED);
    assert_int_equal(process_record_load(&home, PROCESS_VEGA, &record, &failure), 0);
    assert_int_equal(record.pid, 77);
    assert_true(record.start_ticks == 1);
    assert_string_equal(record.folder, "/srv/v1");
}

/* A reboot numbers devices anew, a copied folder has another inode. */
static void test_the_copy_of_the_same_home_after_a_reboot(void **unused) {
    ProcessRecord record = {
        .name = PROCESS_VEGA, .folder = v1_text, .binary = binary_text, .state = sample(STAGE_SWITCHED)};
    Failure failure = {0};
    (void)unused;
    assert_int_equal(home_identity(&home, &record.home), 0);
    record.home.device++;
    assert_int_equal(process_record_save(&home, PROCESS_VEGA, &record, &failure), 0);
    check_copy(false, STAGE_SWITCHED);
}

/* Whoever holds it signs it, perhaps in this very moment. */
static void test_a_lock_that_is_held_is_left_alone(void **unused) {
    const State state = sample(STAGE_ANSWERED);
    Failure failure = {0};
    pid_t holder = 0;
    int fd = -1;
    (void)unused;
    write_lock(STAGE_DECIDED, 0);
    assert_int_equal(lock_take(home.private_fd, "vega.lock", &fd, &holder, &failure), 0);
    assert_int_equal(state_copy_save(&home, &state, &failure), 1);
    check_copy(false, STAGE_DECIDED);
    (void)close(fd);
    assert_int_equal(state_copy_save(&home, &state, &failure), 0);
    check_copy(false, STAGE_ANSWERED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        home_test(test_what_is_recalled),
        home_test(test_a_decision_is_taken_back_with_its_file),
        home_test(test_the_copy_of_another_home),
        home_test(test_a_lock_that_cannot_be_understood),
        home_test(test_a_new_copy_beside_the_dead),
        home_test(test_the_copy_of_the_same_home_after_a_reboot),
        home_test(test_a_lock_that_is_held_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
