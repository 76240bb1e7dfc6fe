/* The values of headers and addresses: the first line is one, the second another. */
#include "fetch/http_header.h"
#include "fetch/url.h"
#include "fetch/web_page.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(const char *text) {
    ContentRange range;
    if (content_range_parse(text, &range) < 0 || !range.satisfied)
        return;
    if (range.first_bytes > range.last_bytes || (range.total_known && range.last_bytes >= range.total_bytes))
        abort();
}

static void check_url(const char *text) {
    char *path = NULL;
    Url url;
    if (url_parse(text, &url, NULL) < 0)
        return;
    if (url.scheme == URL_FILE && url_file_path(&url, &path) >= 0 && path[0] != '/')
        abort();
    if (url.scheme != URL_FILE && (!*url.host || url.port == 0))
        abort();
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *second = strchr(text, '\n');
    if (second)
        *second++ = '\0';

    unsigned seconds = retry_after_seconds(text, second, "0", 1772445600);
    if (seconds > RETRY_AFTER_SECONDS_MAX)
        abort();
    (void)etag_is_strong(text);
    (void)web_page_is((const char *)data, size);
    check_range(text);
    check_url(text);
    free(text);
    return 0;
}
