#include "fetch/landlock.h"

#include "tests/unit/fetch/sandboxed.h"

static void stage_rules(void) {
    char outside[512];
    (void)snprintf(outside, sizeof outside, "%s/outside", folder.path);
    const LandlockRule rules[] = {
        {.fd = inside_fd, .use = LANDLOCK_USE_STAGE},
        {.path = "/etc", .fd = -1, .use = LANDLOCK_USE_READ},
        {.path = "/dev/null", .fd = -1, .use = LANDLOCK_USE_READ},
        {.path = "/there/is/no/such/folder", .fd = -1, .use = LANDLOCK_USE_READ},
    };
    no_new_privileges();
    int r = landlock_restrict(rules, 4);
    if (!kernel_has_landlock()) {
        expect("told that there is none", r == -ENOSYS || r == -EOPNOTSUPP);
        return;
    }
    expect("restricted", r == 0);
    ALLOWED(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    ALLOWED(open("/dev/null", O_RDONLY | O_CLOEXEC));
    DENIED(open("/etc/passwd", O_RDWR | O_CLOEXEC), EACCES);
    DENIED(openat(folder.fd, "outside/secret", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(openat(folder.fd, "outside/secret", O_WRONLY | O_CLOEXEC), EACCES);
    DENIED(truncate(strcat(outside, "/secret"), 0), EACCES);
    DENIED(create(folder.fd, "outside/new"), EACCES);
    DENIED(mkdirat(folder.fd, "outside/new", 0755), EACCES);
    DENIED(unlinkat(folder.fd, "outside/secret", 0), EACCES);
    DENIED(open("/proc/self/status", O_RDONLY | O_CLOEXEC), EACCES);
    ALLOWED(create(inside_fd, "a"));
    ALLOWED(mkdirat(inside_fd, "b", 0755));
    ALLOWED(renameat(inside_fd, "a", inside_fd, "c"));
    ALLOWED(openat(inside_fd, "c", O_RDWR | O_TRUNC | O_CLOEXEC));
    ALLOWED(unlinkat(inside_fd, "c", 0));
    ALLOWED(unlinkat(inside_fd, "b", AT_REMOVEDIR));
    DENIED(symlinkat("/etc/passwd", inside_fd, "link"), EACCES);
    DENIED(mkfifoat(inside_fd, "fifo", 0600), EACCES);
    DENIED(renameat(folder.fd, "outside/secret", inside_fd, "secret"), EACCES);
}

static void test_landlock_of_the_network_stage(void **unused) {
    (void)unused;
    in_child(stage_rules);
    assert_int_equal(faccessat(folder.fd, "outside/secret", R_OK, 0), 0);
}

static void unpack_rules(void) {
    const LandlockRule rule = {.fd = inside_fd, .use = LANDLOCK_USE_UNPACK};
    no_new_privileges();
    int r = landlock_restrict(&rule, 1);
    if (!kernel_has_landlock()) {
        expect("told that there is none", r == -ENOSYS || r == -EOPNOTSUPP);
        return;
    }
    expect("restricted", r == 0);
    int fd = create(inside_fd, "a");
    expect("created", fd >= 0);
    ALLOWED(write(fd, "a", 1));
    ALLOWED(ftruncate(fd, 10));
    ALLOWED(fsync(fd));
    ALLOWED(mkdirat(inside_fd, "b", 0755));
    ALLOWED(openat(inside_fd, "b", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DENIED(openat(inside_fd, "a", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(unlinkat(inside_fd, "a", 0), EACCES);
    DENIED(renameat(inside_fd, "a", inside_fd, "c"), EACCES);
    DENIED(symlinkat("/etc/passwd", inside_fd, "link"), EACCES);
    DENIED(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES);
    DENIED(create(folder.fd, "outside/new"), EACCES);
}

static void test_landlock_of_the_unpacker(void **unused) {
    (void)unused;
    in_child(unpack_rules);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sandbox_test(test_landlock_of_the_network_stage),
        sandbox_test(test_landlock_of_the_unpacker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
