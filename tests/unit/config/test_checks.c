#include "config/checks.h"

#include "config/schema.h"
#include "tests/unit/test.h"

#include <string.h>

/* Lists end with NULL. */
static void assert_passes(SchemaCheck check, const char *const *values) {
    for (; *values; values++)
        if (check(*values))
            fail_msg("\"%s\" is refused: %s", *values, check(*values));
}

static void assert_refuses(SchemaCheck check, const char *const *values) {
    for (; *values; values++) {
        const char *expectation = check(*values);
        if (!expectation)
            fail_msg("\"%s\" passes", *values);
        else
            assert_int_equal(strncmp(expectation, "must ", 5), 0);
    }
}

#define PASSES(check, ...) assert_passes(check, (const char *const[]){__VA_ARGS__, NULL})
#define REFUSES(check, ...) assert_refuses(check, (const char *const[]){__VA_ARGS__, NULL})

static void test_names(void **state) {
    (void)state;
    PASSES(check_github_name, "", "vegaprotocol", "a-b_c.d", ".github");
    REFUSES(
        check_github_name, "a/b", "..", ".", "a b", "\xc3\xa4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    PASSES(check_asset_name, "", "vega-linux-amd64.zip", "with blank");
    REFUSES(check_asset_name, "a/b", "/", ".", "..");
    PASSES(check_inner_path, "", "vega", "bin/vega", "a..b/..c");
    REFUSES(check_inner_path, "/vega", "../vega", "bin/../vega", "bin/..", "..");
}

static void test_minisign_key(void **state) {
    (void)state;
    PASSES(check_minisign_key, "", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
    REFUSES(
        check_minisign_key, "RWQ", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3=",
        "SWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
        "RWAf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
        "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GF 3", "untrusted comment: minisign public key");
}

static void test_base_url(void **state) {
    (void)state;
    PASSES(
        check_base_url, "https://api.github.com", "http://127.0.0.1:8080", "https://host/api/v3/",
        "https://host/x@y", "file:///srv", "file:///srv@home");
    REFUSES(
        check_base_url, "", "github.com", "ftp://host", "https://", "http:///path", "file://host/x", "file:///",
        "https://host/a b", "https://host?x", "https://host#x", "https://h\xc3\xb6st", "HTTP://host",
        "https://a\"b", "https://me:secret@host", "http://me@host/x");
}

static void test_local_url(void **state) {
    (void)state;
    PASSES(
        check_local_url, "http://127.0.0.1:3003/statistics", "http://localhost/statistics", "http://LOCALHOST",
        "http://[::1]:3003/statistics", "http://10.0.0.7:1/a?b=c");
    REFUSES(
        check_local_url, "", "https://127.0.0.1/", "http://node.example/statistics", "http://",
        "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:/", "http://127.0.0.1:99999999999/",
        "http://127.0.0.1:80x/", "http://user@127.0.0.1/", "http://[::1/", "http://[::g]/", "http://127.1/",
        "http://127.0.0.1/a b", "http://127.0.0.1/#a", "http://127.0.0.1?x",
        "http://[1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19]/", "http://localhost.example/");
}

static void test_listen_address(void **state) {
    (void)state;
    PASSES(
        check_listen_address, "", "127.0.0.1:8430", "localhost:1", "0.0.0.0:65535", "[::1]:8430", "[::]:80",
        "node-1.example.org:8430");
    REFUSES(
        check_listen_address, "8430", ":8430", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:84x", "127.0.0.1:-1", "127.0.0.1: 80", "::1:8430", "[::1]", "[::1:80", "[x]:80",
        "http://127.0.0.1:80", "host:000080");
}

static void test_paths(void **state) {
    (void)state;
    PASSES(check_absolute_path, "", "/", "/etc/token");
    REFUSES(check_absolute_path, "token", "./token", "~/token");
    PASSES(check_http_path, "/", "/rpc", "/a/b?c=d", "/%20");
    REFUSES(check_http_path, "", "rpc", "/a b", "/a\nb", "/a\tb", "/\x7f", "/\xc3\xa4", "http://x/rpc", "/rpc#x");
}

static void test_placeholders(void **state) {
    (void)state;
    PASSES(check_filled_in, "", "vega", "a<b", "a>b<c", "--home=/x");
    REFUSES(check_filled_in, "<VEGA_HOME>", "--home=<VEGA_HOME>", "/srv/<name>/vega", "<>");
    PASSES(check_path, "vega", "/usr/bin/vega");
    REFUSES(check_path, "", "<PATH>");
}

static void test_release_folder(void **state) {
    (void)state;
    PASSES(
        check_release_folder, "vX.X.X", "v1", "releases/v1", "/srv/v1", "./v1", "currents", "genesis", ".visors",
        "a..b", "/srv/current");
    REFUSES(
        check_release_folder, "", ".", "./", "/", "current", "./current", "current/", "current/x", ".visor",
        ".//.visor/staging", "..", "../v1", "a/../b", "/srv/../v1", "a/..");
}

static void test_sha256(void **state) {
    (void)state;
    PASSES(check_sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852B855");
    REFUSES(
        check_sha256, "", "e3b0", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),        cmocka_unit_test(test_minisign_key),   cmocka_unit_test(test_base_url),
        cmocka_unit_test(test_local_url),    cmocka_unit_test(test_listen_address), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_placeholders), cmocka_unit_test(test_release_folder), cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
