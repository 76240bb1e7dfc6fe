#include "fetch/url.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

static void test_good(void **state) {
    static const struct {
        const char *text;
        UrlScheme scheme;
        const char *host;
        int port;
        const char *path;
    } GOOD[] = {
        {"https://api.github.com", URL_HTTPS, "api.github.com", 443, ""},
        {"https://API.GitHub.com/repos?x=y", URL_HTTPS, "api.github.com", 443, "/repos?x=y"},
        {"http://127.0.0.1:8080/a%20b", URL_HTTP, "127.0.0.1", 8080, "/a%20b"},
        {"http://[::1]/", URL_HTTP, "[::1]", 80, "/"},
        {"http://[::1]:1", URL_HTTP, "[::1]", 1, ""},
        {"https://host?query", URL_HTTPS, "host", 443, "?query"},
        {"file:///srv/releases", URL_FILE, "", 0, "/srv/releases"},
        {"file:///", URL_FILE, "", 0, "/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        Url url;
        if (url_parse(GOOD[i].text, &url, NULL) != 0)
            fail_msg("refused: %s", GOOD[i].text);
        assert_int_equal(url.scheme, GOOD[i].scheme);
        assert_string_equal(url.host, GOOD[i].host);
        assert_int_equal(url.port, GOOD[i].port);
        assert_string_equal(url.path, GOOD[i].path);
    }
}

static void test_bad(void **state) {
    static const char *const BAD[] = {
        "",
        "https://",
        "https:///x",
        "HTTPS://host",
        "//host/x",
        "host/x",
        "ftp://host/x",
        "https:/host",
        "https://user@host/",
        "https://user:word@host/",
        "https://ho st/",
        "https://host/a b",
        "https://host/#x",
        "https://host\\@other/",
        "https://host/\"",
        "https://host:/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:+1/",
        "https://host:1x/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[x]/",
        "https://[]/",
        "https://h%6fst/",
        "https://host/\n",
        "https://host/\xc3\xa4",
        "file://host/x",
        "file://x",
        "file:",
        "https://host;x/",
        "https://host,other/",
        "https://[fe80::1%25eth0]/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        Failure failure = {0};
        Url url;
        if (url_parse(BAD[i], &url, &failure) != -EINVAL)
            fail_msg("not refused: %s", BAD[i]);
        assert_non_null(strstr(failure.message, "cannot be used"));
    }
}

static void test_too_long(void **state) {
    char text[URL_BYTES_MAX + 2] = "https://host/";
    Url url;
    (void)state;
    (void)memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
    assert_int_equal(url_parse(text, &url, NULL), -EINVAL);
    text[URL_BYTES_MAX] = '\0';
    assert_int_equal(url_parse(text, &url, NULL), 0);
    (void)memset(text + strlen("https://"), 'x', 256);
    assert_int_equal(url_parse(text, &url, NULL), -EINVAL);
}

static bool same(const char *left, const char *right) {
    Url a, b;
    assert_int_equal(url_parse(left, &a, NULL), 0);
    assert_int_equal(url_parse(right, &b, NULL), 0);
    return url_same_origin(&a, &b);
}

static void test_origin(void **state) {
    (void)state;
    assert_true(same("https://host/a", "https://HOST:443/b?c"));
    assert_true(same("http://host", "http://host:80/"));
    assert_false(same("https://host", "http://host"));
    assert_false(same("https://host", "http://host:443"));
    assert_false(same("https://host", "https://host:444"));
    assert_false(same("https://host", "https://host.evil"));
    assert_false(same("https://host", "https://sub.host"));
    assert_false(same("https://127.0.0.1", "https://localhost"));
    assert_false(same("https://host", "https://host.")); /* the root's dot: other for a certificate too */
    assert_false(same("file:///a", "file:///a"));
}

static void test_loopback(void **state) {
    static const struct {
        const char *text;
        bool loopback;
    } CASES[] = {
        {"http://localhost/", true},         {"http://127.0.0.1:80/", true},
        {"http://127.9.9.9", true},          {"http://[::1]/", true},
        {"http://128.0.0.1", false},         {"http://127.0.0.1.evil.example", false},
        {"http://localhost.example", false}, {"http://[::2]/", false},
        {"http://example.org", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Url url;
        assert_int_equal(url_parse(CASES[i].text, &url, NULL), 0);
        assert_int_equal(url_is_loopback(&url), CASES[i].loopback);
    }
}

static void check_below(const char *base, const char *name, const char *expected) {
    char *url = url_below(base, (const char *const[]){"owner", name, NULL});
    assert_string_equal(url, expected);
    free(url);
}

static void test_below(void **state) {
    (void)state;
    check_below("https://host", "v1.0", "https://host/owner/v1.0");
    check_below("https://host/a/", "v1", "https://host/a/owner/v1");
    check_below("https://host//", "a+b c", "https://host/owner/a%2Bb%20c");
    check_below("file:///", "../x", "file:/owner/..%2Fx"); /* a '/' of a name is none of the path */
    check_below("https://host", "\xc3\xa4?#%", "https://host/owner/%C3%A4%3F%23%25");
}

static void check_file(const char *text, int expected_error, const char *expected) {
    char *path = NULL;
    Url url;
    assert_int_equal(url_parse(text, &url, NULL), 0);
    assert_int_equal(url_file_path(&url, &path), expected_error);
    if (expected)
        assert_string_equal(path, expected);
    free(path);
}

static void test_file(void **state) {
    (void)state;
    check_file("file:///srv/x", 0, "/srv/x");
    check_file("file:///my%20releases/%c3%A4", 0, "/my releases/\xc3\xa4");
    check_file("file:///a%00b", -EINVAL, NULL);
    check_file("file:///a%", -EINVAL, NULL);
    check_file("file:///a%2", -EINVAL, NULL);
    check_file("file:///a%2x", -EINVAL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),   cmocka_unit_test(test_bad),      cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_origin), cmocka_unit_test(test_loopback), cmocka_unit_test(test_below),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
