#include "fetch/url.h"

#include "base/cleanup.h"
#include "base/strings.h"

#include <ctype.h>
#include <string.h>

enum { QUOTE_BYTES = 161 };

static const struct {
    const char *prefix;
    uint16_t port;
} SCHEMES[] = {
    [URL_FILE] = {"file://", 0},
    [URL_HTTP] = {"http://", 80},
    [URL_HTTPS] = {"https://", 443},
};

static int refuse(const char *text, const char *why, Failure *failure) {
    char quote[QUOTE_BYTES];
    return failure_set(
        failure, -EINVAL, "the URL \"%s\" cannot be used: %s", string_printable(quote, sizeof quote, text), why);
}

/* Any other byte would end the request line, or is read in more than one way. */
static bool is_plain(const char *text) {
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f || strchr("#\\\"<>^`{|}", *text))
            return false;
    return true;
}

static bool parse_port(const char *text, size_t length, uint16_t *ret) {
    unsigned port = 0;
    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *ret = (uint16_t)port;
    return port >= 1 && port <= UINT16_MAX;
}

static bool host_is_plain(const char *host, size_t length) {
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    size_t begin = bracketed ? 1 : 0, end = bracketed ? length - 1 : length;
    if (length == 0 || length > URL_HOST_BYTES_MAX)
        return false;
    for (size_t i = begin; i < end; i++) {
        unsigned char letter = (unsigned char)host[i];
        bool fits = bracketed ? isxdigit(letter) || letter == ':' || letter == '.'
                              : isalnum(letter) || letter == '-' || letter == '.' || letter == '_';
        if (!fits)
            return false;
    }
    return true;
}

static int parse_authority(const char *text, const char *authority, size_t length, Url *url, Failure *failure) {
    const char *bracket = memchr(authority, ']', length);
    const char *host_end = bracket ? bracket + 1 : authority;
    const char *colon = memchr(host_end, ':', length - (size_t)(host_end - authority));
    size_t host_length = colon ? (size_t)(colon - authority) : length;

    if (memchr(authority, '@', length))
        return refuse(text, "a user name in it is not supported; a token belongs into tokenFile", failure);
    if (!host_is_plain(authority, host_length))
        return refuse(text, "its host is no name, IPv4 address or IPv6 address in brackets", failure);
    if (colon && !parse_port(colon + 1, length - host_length - 1, &url->port))
        return refuse(text, "its port should be a number from 1 to 65535", failure);
    for (size_t i = 0; i < host_length; i++)
        url->host[i] = (char)tolower((unsigned char)authority[i]);
    url->host[host_length] = '\0';
    return 0;
}

int url_parse(const char *text, Url *ret, Failure *failure) {
    *ret = (Url){0};
    if (strlen(text) > URL_BYTES_MAX || !is_plain(text))
        return refuse(text, "it is too long, or has a blank or a character that must be percent-encoded", failure);
    for (size_t i = 0; i < sizeof SCHEMES / sizeof *SCHEMES; i++) {
        const char *rest = string_after(text, SCHEMES[i].prefix);
        if (!rest)
            continue;
        size_t authority_length = strcspn(rest, "/?");
        ret->scheme = (UrlScheme)i;
        ret->port = SCHEMES[i].port;
        ret->path = rest + authority_length;
        if (i != URL_FILE)
            return parse_authority(text, rest, authority_length, ret, failure);
        if (authority_length > 0 || *rest != '/')
            return refuse(text, "a folder is written with three slashes: file:///PATH", failure);
        return 0;
    }
    return refuse(text, "expected is https://HOST/PATH, http://HOST/PATH or file:///PATH", failure);
}

UrlScheme url_scheme(const char *text) {
    Url url;
    return url_parse(text, &url, NULL) >= 0 ? url.scheme : URL_HTTPS;
}

bool url_same_origin(const Url *left, const Url *right) {
    return left->scheme != URL_FILE && left->scheme == right->scheme && left->port == right->port &&
           streq(left->host, right->host);
}

bool url_is_loopback(const Url *url) {
    if (streq(url->host, "localhost") || streq(url->host, "[::1]"))
        return true;
    /* A name may begin with "127." too; only a dotted number is sure to stay on this machine. */
    return string_after(url->host, "127.") && url->host[strspn(url->host, "0123456789.")] == '\0';
}

/* RFC 3986, 2.3: these and no others mean the same encoded or not. */
static bool is_unreserved(char letter) {
    return isalnum((unsigned char)letter) || strchr("-._~", letter);
}

static char *append_encoded(char *target, const char *segment) {
    static const char HEX[] = "0123456789ABCDEF";
    for (; *segment; segment++) {
        unsigned char byte = (unsigned char)*segment;
        if (is_unreserved(*segment)) {
            *target++ = *segment;
            continue;
        }
        *target++ = '%';
        *target++ = HEX[byte >> 4];
        *target++ = HEX[byte & 15];
    }
    return target;
}

char *url_below(const char *base, const char *const *segments) {
    size_t base_length = strlen(base);
    size_t size_bytes = base_length + 1;
    for (size_t i = 0; segments[i]; i++)
        size_bytes += 1 + 3 * strlen(segments[i]);

    char *url = malloc(size_bytes);
    if (!url)
        return NULL;
    while (base_length > 0 && base[base_length - 1] == '/')
        base_length--;
    memcpy(url, base, base_length);
    char *end = url + base_length;
    for (size_t i = 0; segments[i]; i++) {
        *end++ = '/';
        end = append_encoded(end, segments[i]);
    }
    *end = '\0';
    return url;
}

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

int url_file_path(const Url *url, char **ret) {
    _cleanup_free_ char *path = malloc(strlen(url->path) + 1);
    size_t length = 0;
    if (!path)
        return -ENOMEM;
    for (const char *in = url->path; *in; in++) {
        if (*in != '%') {
            path[length++] = *in;
            continue;
        }
        int high = hex_value(in[1]);
        int low = high < 0 ? -1 : hex_value(in[2]);
        if (low < 0 || high * 16 + low == 0) /* a NUL would end the path early */
            return -EINVAL;
        path[length++] = (char)(high * 16 + low);
        in += 2;
    }
    path[length] = '\0';
    *ret = TAKE_PTR(path);
    return 0;
}
