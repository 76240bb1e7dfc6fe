#include "fetch/api.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/api_cache.h"
#include "fetch/api_wait.h"
#include "fetch/http_error.h"
#include "fetch/web_page.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_BYTES_MAX = 8 * 1024 * 1024,
    FIRST_PAGE_ASSETS = 30, /* a list of so many may go on */
    PAGE_ASSETS = 100,      /* the most that GitHub gives in one */
    PAGES_MAX = 10,         /* GitHub allows 1000 assets in a release */
};

/* Returns 0 with the text; 1 for "304 Not Modified". */
static int
get(Http *http, const Request *request, const char *url, const char *etag, char **ret, size_t *ret_length,
    HttpResponse *response, Failure *failure) {
    HttpRequest ask = {
        .url = url,
        .least_scheme = url_scheme(request->api_url),
        .accept = "application/vnd.github+json",
        .api = true,
        .etag = etag && *etag ? etag : NULL,
    };
    int r = http_get_text(http, &ask, ANSWER_BYTES_MAX, ret, ret_length, response, failure);
    if (r < 0)
        return r;
    if (response->status == 304 && ask.etag)
        return 1;
    if (response->status != 200)
        return http_error_status(url, response->status, response->excerpt, failure);
    if (web_page_is(*ret, *ret_length))
        return failure_set(
            failure, -EBADMSG,
            "%s answers with a web page, not as GitHub's API does: is it the right autoInstall.apiURL, or does a "
            "proxy or login page stand in between?",
            url);
    return 0;
}

static int get_first(
    Http *http, const Request *request, const Staging *staging, const char *url, ApiRelease *release,
    HttpResponse *response, Failure *failure) {
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    ApiCache cache;

    api_cache_load(staging, url, &cache);
    int r = get(http, request, url, cache.etag, &text, &length, response, failure);
    if (r > 0) {
        *release = cache.release;
        return 0;
    }
    api_release_clear(&cache.release);
    if (r >= 0)
        r = api_release_parse(text, length, release, failure);
    if (r < 0)
        return r;
    if (release->tag && !streq(release->tag, request->tag))
        return failure_set(failure, -EBADMSG, "%s answers about another release than %s", url, request->tag);
    return 0;
}

static int get_page(
    Http *http, const Request *request, const char *list_url, unsigned number, ApiRelease *ret,
    HttpResponse *response, Failure *failure) {
    _cleanup_free_ char *url = NULL;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    url =
        string_format("%s%cper_page=%d&page=%u", list_url, strchr(list_url, '?') ? '&' : '?', PAGE_ASSETS, number);
    if (!url)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = get(http, request, url, NULL, &text, &length, response, failure);
    return r < 0 ? r : api_release_parse(text, length, ret, failure);
}

/* The first answer's list is replaced: the pages begin at its beginning. */
static int get_pages(
    Http *http, const Request *request, ApiWantsMore wants_more, ApiRelease *release, HttpResponse *response,
    Failure *failure) {
    _cleanup_api_release_ ApiRelease all = {0};
    for (unsigned number = 1; number <= PAGES_MAX; number++) {
        ApiRelease page = {0};
        int r = get_page(http, request, release->assets_url, number, &page, response, failure);
        size_t listed = page.listed;
        if (r >= 0)
            r = api_release_append(&all, &page);
        if (r < 0) {
            api_release_clear(&page);
            return r;
        }
        if (listed < PAGE_ASSETS || !wants_more(&all, request))
            break;
    }
    all.tag = TAKE_PTR(release->tag);
    all.assets_url = TAKE_PTR(release->assets_url);
    api_release_clear(release);
    *release = all;
    all = (ApiRelease){0};
    return 0;
}

static char *release_url(const Request *request) {
    return url_below(
        request->api_url,
        (const char *const[]){
            "repos", request->owner, request->repository, "releases", "tags", request->tag, NULL});
}

int api_get_release(
    Http *http, const Request *request, const Staging *staging, ApiWantsMore wants_more, ApiRelease *ret,
    HttpResponse *ret_response, Failure *failure) {
    _cleanup_free_ char *url = release_url(request);
    _cleanup_api_release_ ApiRelease release = {0};

    *ret = (ApiRelease){0};
    *ret_response = (HttpResponse){.date_seconds = -1};
    if (!url)
        return failure_set(failure, -ENOMEM, "out of memory");
    ret_response->retry_after_seconds = api_wait_seconds(staging, request, url, failure);
    if (ret_response->retry_after_seconds > 0)
        return -EAGAIN;
    int r = get_first(http, request, staging, url, &release, ret_response, failure);
    char etag[HTTP_VALIDATOR_BYTES];
    bool is_new = ret_response->status == 200;
    memcpy(etag, ret_response->etag, sizeof etag);
    if (r >= 0 && release.listed >= FIRST_PAGE_ASSETS && release.assets_url && wants_more(&release, request))
        r = get_pages(http, request, wants_more, &release, ret_response, failure);
    if (r >= 0 && is_new)
        r = api_cache_save(staging, url, etag, &release, failure);
    if ((r == -EACCES || r == -EAGAIN) && ret_response->retry_after_seconds > 0)
        api_wait_remember(staging, request, url, ret_response->retry_after_seconds, failure);
    if (r < 0)
        return r;
    *ret = release;
    release = (ApiRelease){0};
    return 0;
}
