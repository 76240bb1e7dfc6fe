#include "sim/release_targets.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "sim/hash.h"
#include "sim/http_condition.h"
#include "sim/http_range.h"

#include <inttypes.h>
#include <string.h>

enum { EMBEDDED_ASSETS = 30, ASSETS_A_PAGE = 30, ASSETS_A_PAGE_LIMIT = 100 };

static bool is_false(const json_t *rule, const char *name) {
    return json_is_false(json_object_get(rule, name));
}

/* -- URLs ------------------------------------------------------------------------------------------------------ */

static void sign(const ReleaseSite *site, const Route *route, char (*ret)[32]) {
    _cleanup_free_ char *text = string_format(
        "%s/%s/%s/%s/%s", route->owner, route->repository, route->tag, route->asset,
        site->token ? site->token : "");
    (void)snprintf(*ret, sizeof *ret, "%016" PRIx64, text ? hash_text(text) : 0);
}

bool release_target_is_signed(const ReleaseSite *site, const Route *route) {
    char signature[32];
    sign(site, route, &signature);
    return streq(route->signature, signature);
}

char *release_target_storage_url(const ReleaseSite *site, const HttpRequest *request, const Route *route) {
    _cleanup_free_ char *base = NULL;
    _cleanup_free_ char *url = NULL;
    char signature[32];

    sign(site, route, &signature);
    base = string_format(
        "http://%.*s:%u", (int)strcspn(request->host, ":"), request->host, (unsigned)site->storage_port);
    url = base ? release_url_file(base, "/storage", route) : NULL;
    return url ? string_format("%s?signature=%s", url, signature) : NULL;
}

int release_target_redirect(HttpAnswer *answer, const char *url) {
    int r = url ? http_answer_set_body(answer, 302, "text/html; charset=utf-8", strdup("")) : -ENOMEM;
    return r < 0 ? r : http_answer_set(answer, "Location", url);
}

/* -- the API --------------------------------------------------------------------------------------------------- */

static int read_files(const ReleaseSite *site, const Route *route, ReleaseFiles *ret) {
    int r = release_files_read(site->folder_fd, route, ret);
    if (r < 0)
        return r;
    r = digests_fill(site->digests, site->folder_fd, route, ret->list, ret->count);
    if (r < 0)
        release_files_free(ret);
    return r;
}

int release_target_resolve(ReleaseSite *site, Route *route) {
    ReleaseFiles files;
    int r = 0;

    if (route->kind != ROUTE_API)
        return 0;
    if (route->target == TARGET_ASSETS)
        r = release_files_find_release(site->folder_fd, route);
    else if (route->target == TARGET_ASSET)
        r = release_files_find_asset(site->folder_fd, route);
    if (r >= 0 && route->target != TARGET_NONE)
        r = read_files(site, route, &files);
    if (r < 0) {
        if (r == -ENOENT)
            route->target = TARGET_NONE;
        return r == -ENOENT ? 0 : r;
    }
    if (route->target == TARGET_NONE)
        return 0;
    release_files_free(&files);
    return r == 0;
}

/* GitHub's validators of API answers are weak: what counts is the body. */
static int answer_json(const HttpRequest *request, json_t *value, HttpAnswer *answer) {
    HttpValidator validator = {.modified = -1};
    int r = http_answer_set_json(answer, 200, value);
    if (r < 0)
        return r;
    (void)snprintf(validator.etag, sizeof validator.etag, "W/\"%016" PRIx64 "\"", hash_text(answer->body));
    r = http_answer_set(answer, "ETag", validator.etag);
    if (r >= 0 && http_is_unchanged(request, &validator)) {
        answer->status = 304;
        answer->without_body = true;
    }
    return r;
}

static int link_pages(const char *base, const Route *route, uint64_t per_page, size_t count, HttpAnswer *answer) {
    _cleanup_free_ char *link = NULL;
    uint64_t last = (count + per_page - 1) / per_page;
    if (route->page >= last)
        return 0;
    link = string_format(
        "<%s/repos/%s/%s/releases/%" PRIu64 "/assets?per_page=%" PRIu64 "&page=%" PRIu64
        ">; rel=\"next\", "
        "<%s/repos/%s/%s/releases/%" PRIu64 "/assets?per_page=%" PRIu64 "&page=%" PRIu64 ">; rel=\"last\"",
        base, route->owner, route->repository, route->id, per_page, route->page + 1, base, route->owner,
        route->repository, route->id, per_page, last);
    return link ? http_answer_set(answer, "Link", link) : -ENOMEM;
}

static int answer_page(
    const HttpRequest *request, const char *base, const Route *route, const ReleaseFiles *files, const json_t *rule,
    HttpAnswer *answer) {
    uint64_t per_page = route->per_page == 0 ? ASSETS_A_PAGE : route->per_page;
    uint64_t first;
    if (per_page > ASSETS_A_PAGE_LIMIT)
        per_page = ASSETS_A_PAGE_LIMIT;
    if (__builtin_mul_overflow(route->page - 1, per_page, &first))
        first = UINT64_MAX;
    json_t *assets = release_json_assets(base, route, files, first, per_page);
    int r = assets ? release_rules_spoil(rule, assets) : -ENOMEM;
    if (r >= 0)
        r = link_pages(base, route, per_page, files->count, answer);
    if (r >= 0)
        return answer_json(request, assets, answer);
    json_decref(assets);
    return r;
}

static int answer_release(
    const ReleaseSite *site, const HttpRequest *request, const char *base, const Route *route,
    const ReleaseFiles *files, const json_t *rule, HttpAnswer *answer) {
    size_t shown = (size_t)scenario_integer(site->scenario, "embedded_assets", EMBEDDED_ASSETS);
    json_t *assets = release_json_assets(base, route, files, 0, shown);
    int r = assets ? release_rules_spoil(rule, assets) : -ENOMEM;
    if (r >= 0)
        return answer_json(request, release_json_release(base, route, assets), answer);
    json_decref(assets);
    return r;
}

static int answer_asset(
    const ReleaseSite *site, const HttpRequest *request, const char *base, const Route *route,
    const ReleaseFiles *files, const json_t *rule, HttpAnswer *answer) {
    _cleanup_free_ char *url = NULL;
    if (json_is_true(json_object_get(rule, "missing")))
        return -ENOENT;
    if (strstr(request->accept, "application/octet-stream")) {
        url = release_target_storage_url(site, request, route);
        return release_target_redirect(answer, url);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (files->list[i].id != route->id)
            continue;
        json_t *asset = release_json_asset(base, route, &files->list[i]);
        int r = asset ? release_rules_spoil(rule, asset) : -ENOMEM;
        if (r >= 0)
            return answer_json(request, asset, answer);
        json_decref(asset);
        return r;
    }
    return -ENOENT;
}

static int answer_api(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule,
    HttpAnswer *answer) {
    _cleanup_free_ char *base = string_format("http://%s", request->host);
    ReleaseFiles files;

    int r = base ? read_files(site, route, &files) : -ENOMEM;
    if (r < 0)
        return r;
    if (route->target == TARGET_RELEASE)
        r = answer_release(site, request, base, route, &files, rule, answer);
    else if (route->target == TARGET_ASSETS)
        r = answer_page(request, base, route, &files, rule, answer);
    else
        r = answer_asset(site, request, base, route, &files, rule, answer);
    release_files_free(&files);
    return r;
}

/* -- files ----------------------------------------------------------------------------------------------------- */

static int set_validator(
    const ReleaseSite *site, const struct stat *status, const json_t *rule, HttpValidator *ret,
    HttpAnswer *answer) {
    FileIdentity identity = file_identity(status);
    bool changes = json_is_true(json_object_get(rule, "etag_changes"));
    uint64_t offset = changes ? site->answer_count : 0;
    char date[HTTP_DATE_BYTES];

    ret->modified = status->st_mtime - (time_t)offset;
    (void)snprintf(
        ret->etag, sizeof ret->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", identity.inode, identity.size_bytes,
        identity.mtime_nsec + offset);
    http_date_format(ret->modified, &date);
    int r = http_answer_set(answer, "ETag", ret->etag);
    return r < 0 ? r : http_answer_set(answer, "Last-Modified", date);
}

static int answer_part(const HttpRange *range, uint64_t size_bytes, HttpAnswer *answer) {
    char text[80];
    answer->status = 206;
    answer->file_offset_bytes = range->first;
    answer->file_bytes = range->length;
    (void)snprintf(
        text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first, range->first + range->length - 1,
        size_bytes);
    return http_answer_set(answer, "Content-Range", text);
}

static int answer_no_part(uint64_t size_bytes, HttpAnswer *answer) {
    char text[40];
    (void)snprintf(text, sizeof text, "bytes */%" PRIu64, size_bytes);
    int r = http_answer_set_body(answer, 416, "text/plain; charset=utf-8", strdup("no such part\n"));
    return r < 0 ? r : http_answer_set(answer, "Content-Range", text);
}

static int
answer_range(const HttpRequest *request, const HttpValidator *validator, const json_t *rule, HttpAnswer *answer) {
    uint64_t size_bytes = answer->file_bytes;
    HttpRange range;

    if (is_false(rule, "ranges"))
        return 0;
    int r = http_answer_set(answer, "Accept-Ranges", "bytes");
    if (r < 0 || !streq(request->method, "GET"))
        return r;
    if (!is_false(rule, "if_range") && !http_if_range_holds(request, validator))
        return 0;
    r = http_range_parse(request->range, size_bytes, &range);
    if (r == -ERANGE)
        return answer_no_part(size_bytes, answer);
    return r > 0 ? answer_part(&range, size_bytes, answer) : 0;
}

static int answer_file(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule,
    HttpAnswer *answer) {
    HttpValidator validator;
    struct stat status;

    if (json_is_true(json_object_get(rule, "missing")))
        return -ENOENT;
    int r = release_files_open(site->folder_fd, route, &answer->file_fd, &status);
    if (r < 0)
        return r;
    answer->file_bytes = (uint64_t)status.st_size;
    r = http_answer_set(answer, "Content-Type", "application/octet-stream");
    if (r >= 0)
        r = set_validator(site, &status, rule, &validator, answer);
    if (r >= 0 && http_is_unchanged(request, &validator)) {
        answer->status = 304;
        answer->without_body = true;
        return 0;
    }
    return r < 0 ? r : answer_range(request, &validator, rule, answer);
}

int release_target_answer(
    const ReleaseSite *site, const HttpRequest *request, const Route *route, const json_t *rule,
    HttpAnswer *answer) {
    if (route->target == TARGET_NONE)
        return -ENOENT;
    if (route->kind == ROUTE_API)
        return answer_api(site, request, route, rule, answer);
    if (route->kind == ROUTE_DOWNLOAD && scenario_boolean(site->scenario, "redirect_downloads", false)) {
        _cleanup_free_ char *url = release_target_storage_url(site, request, route);
        return release_target_redirect(answer, url);
    }
    return answer_file(site, request, route, rule, answer);
}
