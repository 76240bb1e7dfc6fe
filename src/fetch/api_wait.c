#include "fetch/api_wait.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"
#include "fetch/http_header.h"

#include <string.h>

enum {
    WAIT_FORMAT = 1,
    WAIT_BYTES_MAX = 64 * 1024,
};

static int64_t now_seconds(void) {
    return (int64_t)(clock_realtime_usec() / USEC_PER_SEC);
}

unsigned api_wait_seconds(const Staging *staging, const Request *request, const char *url, Failure *failure) {
    _cleanup_free_ char *path = staging ? string_format("%s/" STAGING_API_WAIT, staging->path) : NULL;
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *wait = NULL;
    const char *api, *token_file, *said;
    json_int_t not_before_seconds;
    size_t length;
    int format;

    if (!path || file_read(path, WAIT_BYTES_MAX, &text, &length, NULL) < 0)
        return 0;
    wait = json_loadb(text, length, 0, NULL);
    if (json_unpack(
            wait, "{s:i, s:s, s:s, s:I, s:s}", "format", &format, "url", &api, "tokenFile", &token_file,
            "notBefore", &not_before_seconds, "said", &said) < 0)
        return 0;
    if (format != WAIT_FORMAT || !streq(api, url) || !streq(token_file, request->token_file))
        return 0;
    int64_t now = now_seconds();
    /* Longer than anybody may ask for: the clock was set back. */
    if (not_before_seconds <= now || not_before_seconds > now + RETRY_AFTER_SECONDS_MAX)
        return 0;
    unsigned seconds = (unsigned)(not_before_seconds - now);
    (void)failure_set(failure, 0, "%s; it is not asked again for %u s", said, seconds);
    return seconds;
}

void api_wait_remember(
    const Staging *staging, const Request *request, const char *url, unsigned seconds, const Failure *failure) {
    _cleanup_json_ json_t *wait = NULL;
    _cleanup_free_ char *text = NULL;
    char said[sizeof failure->message];
    if (!staging)
        return;
    wait = json_pack(
        "{s:i, s:s, s:s, s:I, s:s}", "format", WAIT_FORMAT, "url", url, "tokenFile", request->token_file,
        "notBefore", (json_int_t)(now_seconds() + seconds), "said",
        string_printable(said, sizeof said, failure->message));
    text = wait ? json_dumps(wait, JSON_INDENT(2)) : NULL;
    if (text)
        (void)!file_replace(staging->fd, STAGING_API_WAIT, text, strlen(text), 0600, NULL);
}
