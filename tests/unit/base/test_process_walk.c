/* Walks over the real /proc; the children of the test are what is looked for. */
#include "base/process_walk.h"

#include "tests/unit/children.h"

#include <string.h>

typedef struct Family {
    pid_t pids[3];
    int looks_left; /* so many, and then descriptors run out */
} Family;

static int is_family(int proc_fd, const char *pid, void *userdata) {
    Family *family = userdata;
    assert_int_equal(faccessat(proc_fd, "self", F_OK, AT_SYMLINK_NOFOLLOW), 0);
    if (family->looks_left-- == 0)
        return -EMFILE;
    for (size_t i = 0; i < 3; i++)
        if (family->pids[i] == atoi(pid))
            return 1;
    return 0;
}

static Family start(void) {
    return (Family){.pids = {fork_still(), fork_still(), fork_still()}, .looks_left = -1};
}

static bool is_in(pid_t pid, const Family *family) {
    return pid == family->pids[0] || pid == family->pids[1] || pid == family->pids[2];
}

static void test_all_are_found_and_no_more_are_told_than_there_is_room_for(void **unused) {
    pid_t found[4] = {0};
    (void)unused;
    Family family = start();
    assert_int_equal(process_walk(is_family, &family, found, 4), 3);
    assert_true(is_in(found[0], &family) && is_in(found[1], &family) && is_in(found[2], &family));
    assert_int_equal(found[3], 0);
    memset(found, 0, sizeof found);
    assert_int_equal(process_walk(is_family, &family, found, 1), 3);
    assert_true(is_in(found[0], &family));
    assert_int_equal(found[1], 0);
    for (size_t i = 0; i < 3; i++)
        kill_and_reap(family.pids[i]);
    assert_int_equal(process_walk(is_family, &family, found, 4), 0);
}

static void test_a_look_that_is_not_possible_ends_it(void **unused) {
    Family none = {.looks_left = 0};
    (void)unused;
    assert_int_equal(process_walk(is_family, &none, NULL, 0), -EMFILE);
}

static void test_all_but_the_caller_are_signalled(void **unused) {
    (void)unused;
    Family family = start();
    Family with_us = family;
    with_us.pids[0] = getpid();
    process_walk_signal(is_family, &with_us, SIGKILL);
    for (size_t i = 1; i < 3; i++)
        assert_int_equal(waitpid(family.pids[i], NULL, 0), family.pids[i]);
    assert_int_equal(waitpid(family.pids[0], NULL, WNOHANG), 0);
    kill_and_reap(family.pids[0]);
}

static void test_what_is_not_ours_to_see(void **unused) {
    (void)unused;
    assert_int_equal(process_unseen(-EACCES), 0);
    assert_int_equal(process_unseen(-ESRCH), 0);
    assert_int_equal(process_unseen(-EMFILE), -EMFILE);
    assert_int_equal(process_unseen(-ENOMEM), -ENOMEM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_found_and_no_more_are_told_than_there_is_room_for),
        cmocka_unit_test(test_a_look_that_is_not_possible_ends_it),
        cmocka_unit_test(test_all_but_the_caller_are_signalled),
        cmocka_unit_test(test_what_is_not_ours_to_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
