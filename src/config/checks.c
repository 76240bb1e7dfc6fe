#include "config/checks.h"

#include "base/strings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char DIGITS[] = "0123456789";
static const char NAME_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool consists_of(const char *text, const char *characters) {
    return text[strspn(text, characters)] == '\0';
}

/* What may stand in a URL or request line as it is: RFC 3986 leaves out blanks, controls and all beyond ASCII. */
static bool is_url_text(const char *text) {
    for (; *text; text++)
        if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text))
            return false;
    return true;
}

static bool has_parent_component(const char *path) {
    while (path) {
        if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
            return true;
        path = strchr(path, '/');
        path = path ? path + 1 : NULL;
    }
    return false;
}

const char *check_github_name(const char *value) {
    bool is_name =
        strlen(value) <= 100 && consists_of(value, NAME_CHARACTERS) && !streq(value, ".") && !streq(value, "..");
    return is_name ? NULL : "must be a name on GitHub: letters, digits, '.', '-' and '_'";
}

const char *check_asset_name(const char *value) {
    bool is_name = !strchr(value, '/') && !streq(value, ".") && !streq(value, "..");
    return is_name ? NULL : "must be the name of one file of the release, without '/'";
}

const char *check_inner_path(const char *value) {
    bool is_inner = value[0] != '/' && !has_parent_component(value);
    return is_inner ? NULL : "must be a path within the asset: relative and without '..'";
}

const char *check_minisign_key(const char *value) {
    /* 42 bytes are 56 characters; "Ed" in front makes "RW" and one of Q, R, S, T. */
    bool is_key = *value == '\0' || (strlen(value) == 56 && consists_of(value, BASE64) &&
                                     string_after(value, "RW") && strchr("QRST", value[2]));
    return is_key ? NULL : "must be a minisign public key: the line of the .pub file that begins with RW";
}

const char *check_base_url(const char *value) {
    const char *rest = string_after(value, "https://");
    if (!rest)
        rest = string_after(value, "http://");
    if (!rest)
        rest = string_after(value, "file:///");
    bool has_user = rest && !string_after(value, "file:") && memchr(rest, '@', strcspn(rest, "/"));
    if (has_user)
        return "must have no user name in it; a token belongs into autoInstall.tokenFile";
    bool is_base = rest && *rest && *rest != '/' && is_url_text(rest) && !strpbrk(rest, "?#");
    return is_base ? NULL : "must be a http://, https:// or file:/// URL without '?' and '#'";
}

/* ":PORT", PORT from 1 to 65535. Returns what follows, or NULL. */
static const char *skip_port(const char *text) {
    size_t length = *text == ':' ? strspn(text + 1, DIGITS) : 0;
    if (length == 0 || length > 5)
        return NULL;
    long port = strtol(text + 1, NULL, 10);
    return port >= 1 && port <= 65535 ? text + 1 + length : NULL;
}

static bool is_address(int family, const char *text, size_t length) {
    unsigned char address[sizeof(struct in6_addr)];
    char copy[INET6_ADDRSTRLEN];
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return inet_pton(family, copy, address) == 1;
}

/* "[IPv6]". Returns what follows, or NULL. */
static const char *skip_ipv6(const char *text) {
    const char *end = *text == '[' ? strchr(text, ']') : NULL;
    return end && is_address(AF_INET6, text + 1, (size_t)(end - text - 1)) ? end + 1 : NULL;
}

/* An address in figures or "localhost". Returns what follows, or NULL. */
static const char *skip_local_host(const char *text) {
    if (*text == '[')
        return skip_ipv6(text);
    size_t length = strcspn(text, ":/?#");
    bool is_localhost = length == strlen("localhost") && strncasecmp(text, "localhost", length) == 0;
    return is_localhost || is_address(AF_INET, text, length) ? text + length : NULL;
}

const char *check_local_url(const char *value) {
    static const char EXPECTATION[] =
        "must be a http:// URL whose host is localhost or an address in figures, such "
        "as http://127.0.0.1:3003/statistics";
    const char *rest = string_after(value, "http://");
    rest = rest ? skip_local_host(rest) : NULL;
    if (rest && *rest == ':')
        rest = skip_port(rest);
    bool is_url = rest && (*rest == '\0' || *rest == '/') && is_url_text(rest) && !strchr(rest, '#');
    return is_url ? NULL : EXPECTATION;
}

const char *check_listen_address(const char *value) {
    const char *rest = value;
    if (*value == '\0')
        return NULL;
    if (*value == '[') {
        rest = skip_ipv6(value);
    } else {
        size_t length = strspn(value, NAME_CHARACTERS);
        rest = length > 0 ? value + length : NULL;
    }
    rest = rest ? skip_port(rest) : NULL;
    return rest && *rest == '\0' ? NULL : "must be \"host:port\", such as 127.0.0.1:8430 or [::1]:8430";
}

const char *check_absolute_path(const char *value) {
    return *value == '\0' || *value == '/' ? NULL : "must be an absolute path";
}

const char *check_filled_in(const char *value) {
    const char *open = strchr(value, '<');
    return open && strchr(open, '>') ? "must not be a placeholder; put in what it stands for" : NULL;
}

const char *check_path(const char *value) {
    return *value ? check_filled_in(value) : "must name a file";
}

const char *check_http_path(const char *value) {
    bool is_path = *value == '/' && is_url_text(value) && !strchr(value, '#');
    return is_path ? NULL : "must begin with '/' and have no blanks, such as \"/rpc\"";
}

/* The first component that counts: "./current/" is "current". "" if there is none. */
static const char *first_component(const char *path, size_t *ret_length) {
    while (path[0] == '/' || (path[0] == '.' && (path[1] == '/' || path[1] == '\0')))
        path++;
    *ret_length = strcspn(path, "/");
    return path;
}

const char *check_release_folder(const char *value) {
    size_t length;
    const char *first = first_component(value, &length);
    if (length == 0)
        return "must name a folder";
    if (has_parent_component(value))
        return "must not contain '..'; write the folder's absolute path";
    if (*value == '/')
        return NULL;
    bool is_own = (length == strlen("current") && strncmp(first, "current", length) == 0) ||
                  (length == strlen(".visor") && strncmp(first, ".visor", length) == 0);
    return is_own ? "must not be 'current' or '.visor': these are Visor's own" : NULL;
}

const char *check_sha256(const char *value) {
    bool is_digest = strlen(value) == 64 && consists_of(value, "0123456789abcdefABCDEF");
    return is_digest ? NULL : "must be a SHA-256 digest: 64 hexadecimal digits";
}
