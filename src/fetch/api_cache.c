#include "fetch/api_cache.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"

#include <string.h>

enum {
    CACHE_FORMAT = 1,
    CACHE_BYTES_MAX = 1024 * 1024, /* a release with more assets is asked for anew each time */
};

static void decode(const json_t *cache, const char *url, ApiCache *ret) {
    _cleanup_free_ char *text = NULL;
    const char *cached_url, *etag;
    json_t *release;
    int format;
    if (json_unpack(
            (json_t *)(uintptr_t)cache, "{s:i, s:s, s:s, s:o}", "format", &format, "url", &cached_url, "etag",
            &etag, "release", &release) < 0)
        return;
    if (format != CACHE_FORMAT || !streq(cached_url, url) || strlen(etag) >= sizeof ret->etag)
        return;
    text = json_dumps(release, JSON_COMPACT);
    if (text && api_release_parse(text, strlen(text), &ret->release, NULL) >= 0)
        memcpy(ret->etag, etag, strlen(etag) + 1);
}

void api_cache_load(const Staging *staging, const char *url, ApiCache *ret) {
    _cleanup_free_ char *path = staging ? string_format("%s/" STAGING_API, staging->path) : NULL;
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *cache = NULL;
    size_t length;

    *ret = (ApiCache){0};
    if (!path || file_read(path, CACHE_BYTES_MAX, &text, &length, NULL) < 0)
        return;
    cache = json_loadb(text, length, 0, NULL);
    decode(cache, url, ret);
}

int api_cache_save(
    const Staging *staging, const char *url, const char *etag, const ApiRelease *release, Failure *failure) {
    _cleanup_json_ json_t *cache = NULL;
    _cleanup_free_ char *text = NULL;
    if (!staging || !*etag)
        return 0;
    cache = json_pack(
        "{s:i, s:s, s:s, s:o}", "format", CACHE_FORMAT, "url", url, "etag", etag, "release",
        api_release_encode(release));
    text = cache ? json_dumps(cache, JSON_COMPACT) : NULL;
    if (!text || strlen(text) > CACHE_BYTES_MAX)
        return 0; /* it only saves a request */
    int r = file_replace(staging->fd, STAGING_API, text, strlen(text), 0600, failure);
    return r < 0 ? failure_prefix(failure, r, "in %s", staging->path) : 0;
}
