#include "rpc/http_connect.h"

#include "tests/unit/rpc/server.h"

#include <fcntl.h>
#include <limits.h>

static int try_connect(const char *path, int *ret_fd, Failure *failure) {
    HttpTarget target = {.name = path, .socket_path = path};
    *failure = (Failure){0};
    return http_connect(&target, ret_fd, failure);
}

static void expect_failure(const char *path, int expected, const char *said) {
    int fd = -1;
    Failure failure;
    assert_int_equal(try_connect(path, &fd, &failure), expected);
    assert_int_equal(fd, -1);
    if (!strstr(failure.message, said) || !strstr(failure.message, path))
        fail_msg("\"%s\" or the path is not in \"%s\"", said, failure.message);
}

static void test_nobody(void **state) {
    char expected[600];
    Server server;
    (void)state;
    server_prepare(&server, NULL);
    (void)snprintf(expected, sizeof expected, "nobody listens at %s", server.path);
    expect_failure(server.path, -ENOENT, expected);
    server_listen_unix(&server);
    server_stop(&server); /* leaves the socket's file behind */
    expect_failure(server.path, -ECONNREFUSED, expected);
    expect_failure("/dev/null/admin.sock", -ENOTDIR, "cannot connect to");
    server_clear(&server);
}

static void test_descriptor(void **state) {
    _cleanup_fd_ int fd = -1;
    Failure failure;
    Server server;
    (void)state;
    server_prepare(&server, NULL);
    server_listen_unix(&server);
    assert_int_equal(try_connect(server.path, &fd, &failure), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    server_clear(&server);
}

/* unix(7): connect() says EAGAIN when a non-blocking socket finds the queue full. */
static void test_overloaded(void **state) {
    enum { CONNECTIONS = 8 };
    int fds[CONNECTIONS], connected = 0, r = 0;
    Failure failure;
    Server server;
    (void)state;
    server_prepare(&server, NULL);
    server_listen_unix(&server);
    assert_return_code(listen(server.fd, 1), errno);
    while (connected < CONNECTIONS && (r = try_connect(server.path, &fds[connected], &failure)) == 0)
        connected++;
    assert_int_equal(r, -EAGAIN);
    assert_non_null(strstr(failure.message, "the node's admin socket is overloaded"));
    while (connected > 0)
        (void)close_fd(fds[--connected]);
    server_clear(&server);
}

/* A socket in a folder whose path is longer than sun_path. */
static void test_long_path(void **state) {
    enum { FOLDERS = 3 };
    char folders[FOLDERS][512], path[1024];
    _cleanup_fd_ int fd = -1;
    Failure failure;
    Server server;
    (void)state;
    server_prepare(&server, NULL);
    server_listen_unix(&server);
    const char *parent = server.folder;
    for (int i = 0; i < FOLDERS; i++) {
        (void)snprintf(folders[i], sizeof folders[i], "%.300s/%060d", parent, i);
        assert_return_code(mkdir(folders[i], 0700), errno);
        parent = folders[i];
    }
    (void)snprintf(path, sizeof path, "%s/admin.sock", parent);
    expect_failure(path, -ENOENT, "nobody listens at");
    assert_return_code(rename(server.path, path), errno);
    assert_true(strlen(path) > 107);
    assert_int_equal(try_connect(path, &fd, &failure), 0);
    server_run_until(&server, &server.accepted, 1);
    assert_return_code(unlink(path), errno);
    for (int i = FOLDERS; i-- > 0;)
        assert_return_code(rmdir(folders[i]), errno);
    server_clear(&server);
}

static void test_too_long(void **state) {
    char path[2 * PATH_MAX] = "/tmp/";
    size_t length = strlen(path);
    Failure failure;
    int fd = -1;
    (void)state;
    (void)memset(path + length, 'x', sizeof path - 1 - length);
    assert_int_equal(try_connect(path, &fd, &failure), -ENAMETOOLONG);
    path[2 * PATH_MAX - 100] = '/';
    assert_int_equal(try_connect(path, &fd, &failure), -ENAMETOOLONG);
    path[200] = '\0'; /* a name over 107 bytes has no short way */
    assert_int_equal(try_connect(path, &fd, &failure), -ENAMETOOLONG);
    assert_int_equal(try_connect(path + 5, &fd, &failure), -ENAMETOOLONG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),    cmocka_unit_test(test_descriptor), cmocka_unit_test(test_overloaded),
        cmocka_unit_test(test_long_path), cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
