#include "fetch/web_page.h"

#include <string.h>

static bool begins_with(const char *text, size_t length, const char *word) {
    return length >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

bool web_page_is(const char *text, size_t length) {
    static const char *const BEGINNINGS[] = {
        "<!doctype", "<html", "<head", "<body", "<script", "<meta", "<title", "<?xml", "<!--", "<error",
    };
    if (begins_with(text, length, "\xef\xbb\xbf")) { /* a byte order mark */
        text += 3;
        length -= 3;
    }
    while (length > 0 && strchr(" \t\r\n\f\v", *text) && *text) {
        text++;
        length--;
    }
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
        if (begins_with(text, length, BEGINNINGS[i]))
            return true;
    return false;
}
