/*
 * URLs as far as a fetch decides by them: which scheme is allowed, which host may see the token, where an asset
 * lies below a download URL. What libcurl makes of a URL is its own affair; one that the two could read differently
 * (user names, backslashes, blanks) is refused here. Pure.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    URL_BYTES_MAX = 4096, /* signed links of object stores have about 1000 */
    URL_HOST_BYTES_MAX = 255,
};

typedef enum UrlScheme {
    URL_FILE,
    URL_HTTP,
    URL_HTTPS,
} UrlScheme;

/** A URL taken apart. */
typedef struct Url {
    UrlScheme scheme;
    char host[URL_HOST_BYTES_MAX + 1]; /* in lower case, an IPv6 address with its brackets; "" for a file */
    uint16_t port;                     /* the scheme's own if none is written; 0 for a file */
    const char *path;                  /* into the text: "" or from the '/' on, with the query */
} Url;

/**
 * Takes @text apart: https://HOST[:PORT][/PATH], http://... or file:///PATH. @ret borrows @text.
 * Returns 0, or -EINVAL described in @failure.
 */
MUST_USE int url_parse(const char *text, Url *ret, Failure *failure);

/** The scheme of @text; the strictest if it is no URL. */
UrlScheme url_scheme(const char *text);

/** The same scheme, host and port: what RFC 6454 calls an origin. Two files are never of the same one. */
bool url_same_origin(const Url *left, const Url *right);

/** Does the URL lead to this machine: localhost, 127.0.0.0/8 or ::1? */
bool url_is_loopback(const Url *url);

/**
 * @base + "/" + the segments, each percent-encoded, "/" between them; the list ends with NULL.
 * Owned by the caller; NULL when memory is out.
 */
char *url_below(const char *base, const char *const *segments);

/** The path that a file:// URL names, percent-decoded; owned by the caller. Returns 0; -EINVAL or -ENOMEM. */
MUST_USE int url_file_path(const Url *url, char **ret);
