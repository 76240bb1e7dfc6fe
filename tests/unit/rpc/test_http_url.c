#include "rpc/http_url.h"

#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

static void test_good(void **state) {
    static const struct {
        const char *url;
        const char *authority;
        const char *address;
        int port;
        const char *path;
    } GOOD[] = {
        {"http://127.0.0.1:3003/statistics", "127.0.0.1:3003", "127.0.0.1", 3003, "/statistics"},
        {"http://127.0.0.1/statistics?a=b/c", "127.0.0.1", "127.0.0.1", 80, "/statistics?a=b/c"},
        {"http://localhost:65535", "localhost:65535", "127.0.0.1", 65535, "/"},
        {"http://localhost/", "localhost", "127.0.0.1", 80, "/"},
        {"http://[::1]:1/x", "[::1]:1", "::1", 1, "/x"},
        {"http://[::1]/x:y", "[::1]", "::1", 80, "/x:y"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        HttpUrl url;
        char address[INET6_ADDRSTRLEN];
        assert_int_equal(http_url_parse(GOOD[i].url, &url, NULL), 0);
        assert_string_equal(url.authority, GOOD[i].authority);
        assert_string_equal(url.path, GOOD[i].path);
        assert_ptr_equal(url.target.name, url.authority);
        assert_null(url.target.socket_path);
        bool v6 = url.target.address.generic.sa_family == AF_INET6;
        assert_int_equal(
            ntohs(v6 ? url.target.address.ipv6.sin6_port : url.target.address.ipv4.sin_port), GOOD[i].port);
        const void *bytes =
            v6 ? (const void *)&url.target.address.ipv6.sin6_addr : &url.target.address.ipv4.sin_addr;
        assert_string_equal(inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, address, sizeof address), GOOD[i].address);
    }
}

static void test_bad(void **state) {
    static const char *const BAD[] = {
        "",
        "http://",
        "http:///x",
        "https://127.0.0.1/x",
        "127.0.0.1:3003/statistics",
        "http://example.org/x",
        "http://127.0.0/x",
        "http://127.0.0.1:/x",
        "http://127.0.0.1:0/x",
        "http://127.0.0.1:65536/x",
        "http://127.0.0.1:99999999999/x",
        "http://127.0.0.1:-1/x",
        "http://127.0.0.1: 80/x",
        "http://user@127.0.0.1/x",
        "http://127.0.0.1?x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a#b",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1/\xc3\xa4",
        "http://::1/x",
        "http://[::1/x",
        "http://[::1]x/x",
        "http://[127.0.0.1]/x",
        "http://[]/x",
        "http://[fe80::1%eth0]/x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        HttpUrl url;
        Failure failure = {0};
        if (http_url_parse(BAD[i], &url, &failure) != -EINVAL)
            fail_msg("not refused: %s", BAD[i]);
        assert_non_null(strstr(failure.message, "cannot be asked"));
    }
}

static void test_length(void **state) {
    char text[HTTP_URL_MAX + 2] = "http://127.0.0.1/";
    HttpUrl url;
    (void)state;
    (void)memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
    text[HTTP_URL_MAX + 1] = '\0';
    assert_int_equal(http_url_parse(text, &url, NULL), -EINVAL);
    text[HTTP_URL_MAX] = '\0';
    assert_int_equal(http_url_parse(text, &url, NULL), 0);
    assert_int_equal(strlen(url.path), HTTP_URL_MAX - strlen("http://127.0.0.1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
