#include "sim/release_route.h"

#include "base/strings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 2048, WORD_LIMIT = 8 };

static int hex_digit(char character) {
    const char *digits = "0123456789abcdef";
    const char *found = memchr(digits, tolower((unsigned char)character), 16);
    return found ? (int)(found - digits) : -1;
}

/* Decodes a segment into @ret. Returns false for what is no plain name: empty, "." or "..", with '/' or NUL in it.
 */
static bool decode(const char *segment, char (*ret)[ROUTE_NAME_BYTES]) {
    size_t length = 0;
    for (; *segment; segment++) {
        char character = *segment;
        if (character == '%') {
            int high = hex_digit(segment[1]);
            int low = high < 0 ? -1 : hex_digit(segment[2]);
            if (low < 0)
                return false;
            character = (char)(high * 16 + low);
            segment += 2;
        }
        if (character == '\0' || character == '/' || length + 1 == sizeof *ret)
            return false;
        (*ret)[length++] = character;
    }
    (*ret)[length] = '\0';
    return length > 0 && !streq(*ret, ".") && !streq(*ret, "..");
}

static bool read_id(const char *text, uint64_t *ret) {
    char *end;
    *ret = strtoull(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == '\0';
}

static void read_query(char *query, Route *route) {
    for (char *pair; (pair = strsep(&query, "&"));) {
        const char *value;
        if ((value = string_after(pair, "per_page=")))
            route->per_page = strtoull(value, NULL, 10);
        else if ((value = string_after(pair, "page=")))
            route->page = strtoull(value, NULL, 10);
        else if ((value = string_after(pair, "hop=")))
            route->hop = strtoull(value, NULL, 10);
        else if ((value = string_after(pair, "signature=")))
            (void)strncpy(route->signature, value, sizeof route->signature - 1);
    }
    if (route->page == 0)
        route->page = 1;
}

/* The words after /repos. */
static RouteTarget read_api(char *const *words, size_t count, Route *route) {
    if (count < 5 || !streq(words[2], "releases") || !decode(words[0], &route->owner) ||
        !decode(words[1], &route->repository))
        return TARGET_NONE;
    if (count == 5 && streq(words[3], "tags"))
        return decode(words[4], &route->tag) ? TARGET_RELEASE : TARGET_NONE;
    if (count == 5 && streq(words[3], "assets"))
        return read_id(words[4], &route->id) ? TARGET_ASSET : TARGET_NONE;
    if (count == 5 && streq(words[4], "assets"))
        return read_id(words[3], &route->id) ? TARGET_ASSETS : TARGET_NONE;
    return TARGET_NONE;
}

static RouteTarget read_file(char *const *words, size_t count, Route *route) {
    bool right = count == 6 && streq(words[2], "releases") && streq(words[3], "download") &&
                 decode(words[0], &route->owner) && decode(words[1], &route->repository) &&
                 decode(words[4], &route->tag) && decode(words[5], &route->asset);
    return right ? TARGET_FILE : TARGET_NONE;
}

/* A client that takes us for its proxy sends whole URLs; GitHub Enterprise has its API below /api/v3. */
static const char *without_prefix(const char *path) {
    const char *authority = string_after(path, "http://");
    const char *rest;
    if (authority)
        path = authority + strcspn(authority, "/");
    rest = string_after(path, "/api/v3/repos/");
    return rest ? rest - strlen("/repos/") : path;
}

void route_parse(const char *path, bool is_storage, Route *ret) {
    char copy[PATH_BYTES] = {0};
    char *words[WORD_LIMIT];
    size_t count = 0;

    *ret = (Route){.kind = is_storage ? ROUTE_STORAGE : ROUTE_DOWNLOAD, .page = 1};
    path = without_prefix(path);
    if (*path != '/')
        return;
    (void)strncpy(copy, path + 1, sizeof copy - 1);
    char *query = copy;
    char *rest = strsep(&query, "?");
    while (rest && count < WORD_LIMIT)
        words[count++] = strsep(&rest, "/");
    read_query(query, ret);
    if (rest)
        return;
    if (is_storage) {
        if (streq(words[0], "storage"))
            ret->target = read_file(words + 1, count - 1, ret);
    } else if (streq(words[0], "repos")) {
        ret->kind = ROUTE_API;
        ret->target = read_api(words + 1, count - 1, ret);
    } else {
        ret->target = read_file(words, count, ret);
    }
}

const char *route_kind_name(RouteKind kind) {
    static const char *const NAMES[] = {
#define X(kind, name) [ROUTE_##kind] = (name),
        ROUTE_KINDS(X)
#undef X
    };
    return NAMES[kind];
}
