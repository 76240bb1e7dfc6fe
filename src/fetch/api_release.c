#include "fetch/api_release.h"

#include "base/strings.h"
#include "fetch/json_skim.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASSET_BYTES_MAX = 64 * 1024, /* of the text about one; GitHub's have 2000 */
    MORE_BYTES = 32,             /* room for " and 1999 more" */
};

static void asset_clear(ApiAsset *asset) {
    free(asset->name);
    free(asset->url);
    free(asset->download_url);
}

void api_release_clear(ApiRelease *release) {
    for (size_t i = 0; i < release->count; i++)
        asset_clear(&release->assets[i]);
    free(release->assets);
    free(release->assets_url);
    free(release->tag);
    *release = (ApiRelease){0};
}

/* A copy of the string @value in @ret, which stays NULL if it is no string or too long. */
static int copy_string(const json_t *value, size_t limit_bytes, char **ret) {
    const char *text = json_string_value(value);
    if (!text || !*text || strlen(text) > limit_bytes)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

static int copy_slice(JsonSlice slice, size_t limit_bytes, char **ret) {
    _cleanup_json_ json_t *value = NULL;
    if (*ret || slice.length > ASSET_BYTES_MAX)
        return 0;
    value = json_loadb(slice.text, slice.length, JSON_DECODE_ANY, NULL);
    return copy_string(value, limit_bytes, ret);
}

static void read_digest(const char *digest, char (*ret)[API_SHA256_BYTES]) {
    const char *hex = digest ? string_after(digest, "sha256:") : NULL;
    (*ret)[0] = '\0';
    if (!hex || strlen(hex) != API_SHA256_BYTES - 1 ||
        strspn(hex, "0123456789abcdefABCDEF") != API_SHA256_BYTES - 1)
        return;
    for (size_t i = 0; i < API_SHA256_BYTES; i++)
        (*ret)[i] = (char)tolower((unsigned char)hex[i]);
}

static int read_asset(const json_t *json, ApiAsset *asset) {
    const json_t *size = json_object_get(json, "size");
    const char *state = json_string_value(json_object_get(json, "state"));
    int r = copy_string(json_object_get(json, "name"), API_NAME_BYTES_MAX, &asset->name);
    if (r >= 0)
        r = copy_string(json_object_get(json, "url"), API_URL_BYTES_MAX, &asset->url);
    if (r >= 0)
        r = copy_string(json_object_get(json, "browser_download_url"), API_URL_BYTES_MAX, &asset->download_url);
    asset->bytes =
        json_is_integer(size) && json_integer_value(size) >= 0 ? (uint64_t)json_integer_value(size) : UINT64_MAX;
    asset->uploaded = state && streq(state, "uploaded");
    read_digest(json_string_value(json_object_get(json, "digest")), &asset->sha256);
    return r;
}

static int add_asset(ApiRelease *release, const ApiAsset *asset) {
    if ((release->count & (release->count - 1)) == 0) { /* room for a power of two */
        size_t capacity = release->count > 0 ? 2 * release->count : 1;
        ApiAsset *larger = reallocarray(release->assets, capacity, sizeof *larger);
        if (!larger)
            return -ENOMEM;
        release->assets = larger;
    }
    release->assets[release->count++] = *asset;
    return 0;
}

static int take_asset(ApiRelease *release, JsonSlice slice) {
    _cleanup_json_ json_t *json = NULL;
    ApiAsset asset = {0};

    release->listed++;
    if (slice.length > ASSET_BYTES_MAX || release->count >= API_ASSETS_MAX)
        return 0;
    json = json_loadb(slice.text, slice.length, 0, NULL);
    int r = read_asset(json, &asset);
    bool makes_sense = asset.name && (asset.url || asset.download_url);
    if (r >= 0 && makes_sense)
        r = add_asset(release, &asset);
    if (r < 0 || !makes_sense)
        asset_clear(&asset);
    return r;
}

static int malformed(Failure *failure) {
    return failure_set(failure, -EBADMSG, "the answer is no release as GitHub's API describes one");
}

static int read_assets(ApiRelease *release, JsonSlice text, Failure *failure) {
    JsonSlice key, element;
    JsonSkim skim;
    if (!json_skim_begin(&skim, text) || skim.closing != ']')
        return malformed(failure);
    while (json_skim_next(&skim, &key, &element)) {
        int r = take_asset(release, element);
        if (r < 0)
            return failure_set(failure, r, "the answer cannot be read: out of memory");
    }
    return skim.broken ? malformed(failure) : 0;
}

static int read_member(ApiRelease *release, JsonSlice key, JsonSlice value, bool *has_assets, Failure *failure) {
    if (json_slice_is(key, "\"assets\"") && !*has_assets) {
        *has_assets = true;
        return read_assets(release, value, failure);
    }
    if (json_slice_is(key, "\"assets_url\""))
        return copy_slice(value, API_URL_BYTES_MAX, &release->assets_url);
    if (json_slice_is(key, "\"tag_name\""))
        return copy_slice(value, API_NAME_BYTES_MAX, &release->tag);
    return 0;
}

static int read_release(ApiRelease *release, JsonSlice text, Failure *failure) {
    JsonSlice key, value;
    JsonSkim skim;
    bool has_assets = false;
    if (!json_skim_begin(&skim, text))
        return malformed(failure);
    if (skim.closing == ']')
        return read_assets(release, text, failure);
    while (json_skim_next(&skim, &key, &value)) {
        int r = read_member(release, key, value, &has_assets, failure);
        if (r < 0)
            return r;
    }
    return skim.broken || !has_assets ? malformed(failure) : 0;
}

int api_release_parse(const char *text, size_t length, ApiRelease *ret, Failure *failure) {
    ApiRelease release = {0};
    int r = read_release(&release, (JsonSlice){text, length}, failure);
    if (r < 0)
        api_release_clear(&release);
    *ret = release;
    return r;
}

int api_release_append(ApiRelease *release, ApiRelease *more) {
    int r = 0;
    for (size_t i = 0; i < more->count && r >= 0 && release->count < API_ASSETS_MAX; i++) {
        r = add_asset(release, &more->assets[i]);
        if (r >= 0)
            more->assets[i] = (ApiAsset){0}; /* its strings have a new owner */
    }
    release->listed += more->listed;
    api_release_clear(more);
    return r;
}

const ApiAsset *api_release_find(const ApiRelease *release, const char *name) {
    for (size_t i = 0; i < release->count; i++)
        if (streq(release->assets[i].name, name))
            return &release->assets[i];
    return NULL;
}

const char *api_release_names(const ApiRelease *release, char *buffer, size_t size_bytes) {
    char printable[API_NAME_BYTES_MAX + 1];
    size_t used = 0;
    *buffer = '\0';
    for (size_t i = 0; i < release->count; i++) {
        (void)string_printable(printable, sizeof printable, release->assets[i].name);
        if (used + strlen(printable) + MORE_BYTES > size_bytes) {
            (void)snprintf(buffer + used, size_bytes - used, " and %zu more", release->count - i);
            break;
        }
        used += (size_t)snprintf(buffer + used, size_bytes - used, "%s%s", i > 0 ? ", " : "", printable);
    }
    return buffer;
}

static json_t *encode_asset(const ApiAsset *asset) {
    char digest[sizeof "sha256:" + API_SHA256_BYTES];
    (void)snprintf(digest, sizeof digest, "sha256:%s", asset->sha256);
    return json_pack(
        "{s:s, s:s*, s:s*, s:o*, s:s, s:s*}", "name", asset->name, "url", asset->url, "browser_download_url",
        asset->download_url, "size", asset->bytes == UINT64_MAX ? NULL : json_integer((json_int_t)asset->bytes),
        "state", asset->uploaded ? "uploaded" : "open", "digest", *asset->sha256 ? digest : NULL);
}

json_t *api_release_encode(const ApiRelease *release) {
    json_t *assets = json_array();
    for (size_t i = 0; i < release->count; i++) {
        if (json_array_append_new(assets, encode_asset(&release->assets[i])) < 0) {
            json_decref(assets);
            return NULL;
        }
    }
    return json_pack(
        "{s:s*, s:s*, s:o}", "tag_name", release->tag, "assets_url", release->assets_url, "assets", assets);
}
