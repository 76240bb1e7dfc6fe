#include "fetch/find.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/api.h"
#include "fetch/verify.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_BYTES = 1024 };

void place_clear(Place *place) {
    free(place->url);
    *place = (Place){0};
}

void found_clear(Found *found) {
    api_release_clear(&found->release);
    place_clear(&found->place);
}

/* An address out of the API's answer is a stranger's: http only where the operator wrote http, never a file. */
static UrlScheme scheme_of_strangers(const Request *request) {
    return url_scheme(request->api_url) == URL_HTTP || url_scheme(request->download_url) == URL_HTTP ? URL_HTTP
                                                                                                     : URL_HTTPS;
}

/* With a token the API's own address is taken: the one for everybody answers 404 for a private repository. */
static int place_in_list(const ApiAsset *asset, const Request *request, Place *ret) {
    bool by_api = asset->url && (*request->token_file || !asset->download_url);
    *ret = (Place){
        .url = strdup(by_api ? asset->url : asset->download_url),
        .least_scheme = scheme_of_strangers(request),
        .accept = "application/octet-stream",
        .bytes = asset->bytes,
    };
    return ret->url ? 0 : -ENOMEM;
}

static int place_below(const Request *request, const char *name, Place *ret) {
    *ret = (Place){
        .url = url_below(
            request->download_url,
            (const char *const[]){
                request->owner, request->repository, "releases", "download", request->tag, name, NULL}),
        .least_scheme = url_scheme(request->download_url),
        .accept = "application/octet-stream",
        .bytes = BYTES_UNKNOWN,
    };
    return ret->url ? 0 : -ENOMEM;
}

int found_place(const Found *found, const Request *request, const char *name, Place *ret) {
    *ret = (Place){0};
    if (!found->from_api)
        return place_below(request, name, ret);
    const ApiAsset *asset = api_release_find(&found->release, name);
    return asset && asset->uploaded ? place_in_list(asset, request, ret) : 1;
}

static bool wants_more(const ApiRelease *release, const Request *request) {
    const ApiAsset *asset = api_release_find(release, request->asset);
    return !asset || !verify_can(release, request, asset);
}

static int choose(const Request *request, Found *found, Failure *failure) {
    char names[NAMES_BYTES];
    const ApiAsset *asset = api_release_find(&found->release, request->asset);
    if (!asset && found->release.count == 0)
        return failure_set(
            failure, -ENOENT, "release %s of %s/%s has no assets yet", request->tag, request->owner,
            request->repository);
    if (!asset)
        return failure_set(
            failure, -ENOENT, "release %s has no asset \"%s\", but: %s; correct autoInstall.asset.name",
            request->tag, request->asset, api_release_names(&found->release, names, sizeof names));
    if (!asset->uploaded)
        return failure_set(
            failure, -ENOENT, "the asset %s of release %s is not completely uploaded yet", request->asset,
            request->tag);
    found->from_api = true;
    memcpy(found->sha256, asset->sha256, sizeof found->sha256);
    if (place_in_list(asset, request, &found->place) < 0)
        return failure_set(failure, -ENOMEM, "out of memory");
    return 0;
}

static int warn_of_plain_http(const char *key, const char *base, Progress *progress) {
    char text[sizeof((Failure *)NULL)->message];
    Url url;
    if (url_parse(base, &url, NULL) < 0 || url.scheme != URL_HTTP || url_is_loopback(&url))
        return 0;
    (void)snprintf(
        text, sizeof text,
        "autoInstall.%s is %s: anybody on the way can read and change what comes by http; use https:// if the server "
        "has it",
        key, base);
    return progress_warning(progress, text);
}

static int warn_of_api(const Failure *failure, Progress *progress) {
    char text[sizeof failure->message];
    (void)snprintf(
        text, sizeof text,
        "The release is looked for below autoInstall.downloadURL, because the API did not help: %.*s",
        (int)sizeof text - 128, failure->message);
    return progress_warning(progress, text);
}

/* Failures that are ours and not the API's: the download URL would not cure them. */
static bool is_ours(int error) {
    return error == -ENOMEM || error == -EPIPE || error_is_of_the_disk(error);
}

static int ask_api(
    Http *http, const Request *request, const Staging *staging, Progress *progress, Found *found,
    Failure *failure) {
    HttpResponse response;
    int r = api_get_release(http, request, staging, wants_more, &found->release, &response, failure);
    found->server_seconds = response.date_seconds;
    if (r >= 0)
        return choose(request, found, failure);
    if (is_ours(r))
        return r;
    found->api_failure = *failure;
    found->retry_after_seconds = response.retry_after_seconds;
    if (r != -ENOENT) { /* a mirror has no API, and says 404: nothing to worry about */
        r = warn_of_api(failure, progress);
        if (r < 0)
            return r;
    }
    return 0;
}

int find(
    Http *http, const Request *request, const Staging *staging, Progress *progress, Found *ret, Failure *failure) {
    bool has_api = url_scheme(request->api_url) != URL_FILE;
    *ret = (Found){.server_seconds = -1};
    int r = has_api ? warn_of_plain_http("apiURL", request->api_url, progress) : 0;
    if (r >= 0)
        r = warn_of_plain_http("downloadURL", request->download_url, progress);
    if (r >= 0 && has_api)
        r = ask_api(http, request, staging, progress, ret, failure);
    if (r < 0 || ret->from_api)
        return r;
    if (place_below(request, request->asset, &ret->place) < 0)
        return failure_set(failure, -ENOMEM, "out of memory");
    return 0;
}

int found_tell(const Found *found, Progress *progress, uint64_t bytes) {
    return progress_event(
        progress,
        json_pack(
            "{s:s, s:s, s:s, s:o, s:b}", "event", "found", "source", found->from_api ? "api" : "download", "url",
            found->place.url, "bytes", bytes == BYTES_UNKNOWN ? json_null() : json_integer((json_int_t)bytes),
            "digest", *found->sha256 != '\0'));
}

int found_add_api_failure(const Found *found, int code, Failure *failure) {
    const Failure own = *failure;
    const char *cure = code == -ENOENT ? ". Is the release published, and are autoInstall's repositoryOwner, "
                                         "repository and asset.name right?"
                                       : "";
    bool has_api = *found->api_failure.message != '\0';
    return failure_set(
        failure, code, "%.900s%s%.900s%s", own.message, has_api ? "; and before, from the API: " : "",
        found->api_failure.message, cure);
}
