#include "rpc/socket.h"

#include "tests/unit/rpc/server.h"

static void test_answers(void **state) {
    Server server;
    pid_t peer = 1;
    (void)state;
    server_prepare(&server, NULL);
    assert_false(socket_answers(server.path, &peer));
    assert_int_equal(peer, 0);
    server_listen_unix(&server);
    assert_true(socket_answers(server.path, &peer));
    assert_int_equal(peer, getpid());
    server_stop(&server); /* leaves the socket's file behind */
    assert_false(socket_answers(server.path, &peer));
    assert_int_equal(peer, 0);
    server_clear(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
