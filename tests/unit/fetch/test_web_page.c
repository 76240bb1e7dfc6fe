#include "fetch/web_page.h"

#include "tests/unit/test.h"

#include <string.h>

static void test_pages(void **state) {
    static const char *const PAGES[] = {
        "<!DOCTYPE html>",
        "<!doctype HTML><html>",
        "<html>",
        " \r\n\t<HTML lang=en>",
        "\xef\xbb\xbf<html>",
        "<head>",
        "<script>x",
        "<?xml version=\"1.0\"?><Error>",
        "<!-- x --><html>",
        "<title>x",
        "<Error>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++)
        if (!web_page_is(PAGES[i], strlen(PAGES[i])))
            fail_msg("not seen: %s", PAGES[i]);
}

static void test_others(void **state) {
    static const char *const OTHERS[] = {
        "",        " ", "<", "<htm", "PK\3\4", "\177ELF", "#!/bin/sh\necho '<html>'", "html", "{\"a\":\"<html>\"}",
        "< html>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (web_page_is(OTHERS[i], strlen(OTHERS[i])))
            fail_msg("taken for a page: %s", OTHERS[i]);
    assert_false(web_page_is("<html>", 4));
    assert_false(web_page_is("\0<html>", 7));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
