#include "sim/release_json.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char *release_url_encode(const char *name) {
    char *encoded = malloc(strlen(name) * 3 + 1);
    char *at = encoded;
    if (!encoded)
        return NULL;
    for (; *name; name++) {
        if (isalnum((unsigned char)*name) || strchr("-._~+", *name))
            *at++ = *name;
        else
            at += sprintf(at, "%%%02X", (unsigned)(unsigned char)*name);
    }
    *at = '\0';
    return encoded;
}

char *release_url_file(const char *base, const char *prefix, const Route *route) {
    _cleanup_free_ char *tag = release_url_encode(route->tag);
    _cleanup_free_ char *asset = release_url_encode(route->asset);
    if (!tag || !asset)
        return NULL;
    return string_format(
        "%s%s/%s/%s/releases/download/%s/%s", base, prefix, route->owner, route->repository, tag, asset);
}

/* "%s/repos/OWNER/REPOSITORY/releases/REST". */
static char *api_url(const char *base, const Route *route, const char *rest) {
    return string_format("%s/repos/%s/%s/releases/%s", base, route->owner, route->repository, rest);
}

static char *
number_url(const char *base, const Route *route, const char *before, uint64_t number, const char *after) {
    char rest[64];
    (void)snprintf(rest, sizeof rest, "%s%" PRIu64 "%s", before, number, after);
    return api_url(base, route, rest);
}

static const char *content_type(const char *name) {
    const char *dot = strrchr(name, '.');
    if (dot && streq(dot, ".zip"))
        return "application/zip";
    if (dot && (streq(dot, ".gz") || streq(dot, ".tgz")))
        return "application/gzip";
    return "application/octet-stream";
}

static void format_time(time_t seconds, char (*ret)[32]) {
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(*ret, sizeof *ret, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

json_t *release_json_asset(const char *base, const Route *release, const ReleaseFile *file) {
    _cleanup_free_ char *url = number_url(base, release, "assets/", file->id, "");
    _cleanup_free_ char *digest = *file->sha256 ? string_format("sha256:%s", file->sha256) : NULL;
    _cleanup_free_ char *browser_url = NULL;
    Route route = *release;
    char time[32];

    strcpy(route.asset, file->name);
    browser_url = release_url_file(base, "", &route);
    format_time(file->status.st_mtime, &time);
    return json_pack(
        "{s:s, s:I, s:s, s:n, s:s, s:s, s:I, s:s?, s:i, s:s, s:s, s:s}", "url", url, "id", (json_int_t)file->id,
        "name", file->name, "label", "content_type", content_type(file->name), "state", "uploaded", "size",
        (json_int_t)file->status.st_size, "digest", digest, "download_count", 0, "created_at", time, "updated_at",
        time, "browser_download_url", browser_url);
}

json_t *
release_json_assets(const char *base, const Route *release, const ReleaseFiles *files, size_t first, size_t limit) {
    json_t *assets = json_array();
    for (size_t i = first; i < files->count && i - first < limit; i++) {
        if (json_array_append_new(assets, release_json_asset(base, release, &files->list[i])) < 0) {
            json_decref(assets);
            return NULL;
        }
    }
    return assets;
}

json_t *release_json_release(const char *base, const Route *release, json_t *assets) {
    uint64_t id = release_files_id(release);
    _cleanup_json_ json_t *list = assets;
    _cleanup_free_ char *tag = release_url_encode(release->tag);
    _cleanup_free_ char *url = number_url(base, release, "", id, "");
    _cleanup_free_ char *assets_url = number_url(base, release, "", id, "/assets");
    _cleanup_free_ char *html_url =
        string_format("%s/%s/%s/releases/tag/%s", base, release->owner, release->repository, tag ? tag : "");

    return json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:s, s:b, s:b, s:O}", "url", url, "assets_url", assets_url, "html_url", html_url,
        "id", (json_int_t)id, "tag_name", release->tag, "name", release->tag, "draft", 0, "prerelease",
        strchr(release->tag, '-') != NULL, "assets", list);
}

json_t *release_json_error(int status, const char *message) {
    char text[16];
    (void)snprintf(text, sizeof text, "%d", status);
    return json_pack(
        "{s:s, s:s, s:s}", "message", message, "documentation_url", "https://docs.github.com/rest", "status", text);
}
