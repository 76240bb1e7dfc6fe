/* What a path of the release server stands for, and that none leads out of its folder. */
#include "tests/unit/test.h"

#include "sim/release_route.h"

#include <string.h>

static Route parse(const char *path, bool is_storage) {
    Route route;
    route_parse(path, is_storage, &route);
    return route;
}

static void check_release(const char *path) {
    Route route = parse(path, false);
    assert_int_equal(route.kind, ROUTE_API);
    assert_int_equal(route.target, TARGET_RELEASE);
    assert_string_equal(route.owner, "o");
    assert_string_equal(route.repository, "r");
    assert_string_equal(route.tag, "v1+x");
}

static void test_the_api(void **state) {
    (void)state;
    check_release("/repos/o/r/releases/tags/v1+x");
    check_release("/repos/o/r/releases/tags/v1%2bx?a=b");
    check_release("/api/v3/repos/o/r/releases/tags/v1%2Bx");
    check_release("http://api.example/repos/o/r/releases/tags/v1+x");
    check_release("http://api.example:1/api/v3/repos/o/r/releases/tags/v1+x");

    Route route = parse("/repos/o/r/releases/17/assets?per_page=5&page=3", false);
    assert_int_equal(route.target, TARGET_ASSETS);
    assert_int_equal(route.id, 17);
    assert_int_equal(route.per_page, 5);
    assert_int_equal(route.page, 3);
    route = parse("/repos/o/r/releases/assets/2147483647", false);
    assert_int_equal(route.target, TARGET_ASSET);
    assert_int_equal(route.id, 2147483647);
    assert_int_equal(route.page, 1);
}

static void check_file(const char *path, bool is_storage, RouteKind kind) {
    Route route = parse(path, is_storage);
    assert_int_equal(route.kind, kind);
    assert_int_equal(route.target, TARGET_FILE);
    assert_string_equal(route.tag, "v1");
    assert_string_equal(route.asset, "a b");
}

static void test_files(void **state) {
    (void)state;
    check_file("/o/r/releases/download/v1/a%20b", false, ROUTE_DOWNLOAD);
    check_file("/storage/o/r/releases/download/v1/a%20b?hop=3&signature=xyz", true, ROUTE_STORAGE);
    Route route = parse("/storage/o/r/releases/download/v1/a?hop=3&signature=xyz", true);
    assert_int_equal(route.hop, 3);
    assert_string_equal(route.signature, "xyz");
    /* Each at its own door only. */
    assert_int_equal(parse("/o/r/releases/download/v1/a", true).target, TARGET_NONE);
    assert_int_equal(parse("/storage/o/r/releases/download/v1/a", false).target, TARGET_NONE);
    assert_int_equal(parse("/repos/o/r/releases/tags/v1", true).target, TARGET_NONE);
}

static void test_nothing(void **state) {
    static const char *const PATHS[] = {
        "",
        "x",
        "/",
        "//",
        "*",
        "/repos",
        "/repos/o/r",
        "/repos/o/r/releases/tags",
        "/repos/o/r/releases/tags/",
        "/repos/o/r/releases/tags/v1/x",
        "/repos/o/r/releases/assets/",
        "/repos/o/r/releases/assets/5x",
        "/repos/o/r/releases/assets/-5",
        "/repos/o/r/tags/v1",
        "/repos/../r/releases/tags/v1",
        "/o/r/releases/download/v1",
        "/o/r/releases/download/v1/",
        "/o/r/releases/download/v1/a/b",
        "/o/r/releases/download/../a",
        "/o/r/releases/download/%2e%2e/a",
        "/o/r/releases/download/./a",
        "/o/r/releases/download/v1/..%2fa",
        "/o/r/releases/download/v1/a%00",
        "/o/r/releases/download/v1/a%",
        "/o/r/releases/download/v1/a%2",
        "/o/r/releases/download/v1/a%zz",
        "/../r/releases/download/v1/a",
        "/a/b/c/d/e/f/g/h/i/j/k",
        "/?a=b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++)
        if (parse(PATHS[i], false).target != TARGET_NONE)
            fail_msg("%s is something", PATHS[i]);
}

static void test_a_name_that_is_too_long_is_nothing(void **state) {
    char path[1024] = "/o/r/releases/download/v1/";
    size_t length = strlen(path);
    (void)state;
    memset(path + length, 'a', ROUTE_NAME_BYTES - 1);
    assert_int_equal(parse(path, false).target, TARGET_FILE);
    path[length + ROUTE_NAME_BYTES - 1] = 'a';
    assert_int_equal(parse(path, false).target, TARGET_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_api),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_a_name_that_is_too_long_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
