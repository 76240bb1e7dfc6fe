#include "rpc/http_url.h"

#include "base/strings.h"

#include <arpa/inet.h>
#include <string.h>

static const char SCHEME[] = "http://";
enum { DEFAULT_PORT = 80, QUOTE_BYTES = 161 };

static int refuse(const char *url, const char *why, Failure *failure) {
    char quote[QUOTE_BYTES];
    return failure_set(
        failure, -EINVAL, "the URL \"%s\" cannot be asked: %s", string_printable(quote, sizeof quote, url), why);
}

static bool parse_port(const char *text, in_port_t *ret) {
    unsigned port = 0;
    if (!*text || strlen(text) > 5)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    *ret = htons((in_port_t)port);
    return port >= 1 && port <= UINT16_MAX;
}

/* "[::1]:80" is cut into "::1" and "80", "localhost" into itself and NULL; in place. */
static bool split_authority(char *authority, char **ret_host, char **ret_port) {
    char *host = authority;
    char *end;
    if (*authority == '[') {
        host = authority + 1;
        end = strchr(host, ']');
        if (!end)
            return false;
        *end++ = '\0';
    } else {
        end = authority + strcspn(authority, ":");
    }
    if (*end != '\0' && *end != ':')
        return false;
    *ret_port = *end == ':' ? end + 1 : NULL;
    *end = '\0';
    *ret_host = host;
    return true;
}

static bool set_address(HttpTarget *target, const char *host, bool bracketed, in_port_t port) {
    if (bracketed) {
        target->address.ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        target->address_bytes = sizeof target->address.ipv6;
        return inet_pton(AF_INET6, host, &target->address.ipv6.sin6_addr) == 1;
    }
    target->address.ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    target->address_bytes = sizeof target->address.ipv4;
    return inet_pton(AF_INET, streq(host, "localhost") ? "127.0.0.1" : host, &target->address.ipv4.sin_addr) == 1;
}

static int parse_authority(const char *url, HttpUrl *ret, Failure *failure) {
    char authority[sizeof ret->authority];
    char *host, *port;
    in_port_t number = htons(DEFAULT_PORT);

    memcpy(authority, ret->authority, sizeof authority);
    if (!split_authority(authority, &host, &port))
        return refuse(url, "expected is http://ADDRESS:PORT/PATH", failure);
    if (port && !parse_port(port, &number))
        return refuse(url, "its port should be a number from 1 to 65535", failure);
    if (!set_address(&ret->target, host, *ret->authority == '[', number))
        return refuse(url, "its host should be an IPv4 address, an IPv6 address in brackets or localhost", failure);
    return 0;
}

/* Any other byte would end the request line or begin another one. */
static bool is_plain(const char *url) {
    for (; *url; url++)
        if (*url <= ' ' || *url >= 0x7f || *url == '#')
            return false;
    return true;
}

int http_url_parse(const char *url, HttpUrl *ret, Failure *failure) {
    const char *rest = string_after(url, SCHEME);
    *ret = (HttpUrl){0};
    if (!rest)
        return refuse(url, "expected is http://ADDRESS:PORT/PATH", failure);
    if (strlen(url) > HTTP_URL_MAX || !is_plain(url))
        return refuse(url, "it is too long, or has a blank, a '#' or a character that is not ASCII", failure);

    size_t authority_length = strcspn(rest, "/?");
    const char *path = rest + authority_length;
    if (*path == '?')
        return refuse(url, "a '/' is missing before the '?'", failure);
    memcpy(ret->authority, rest, authority_length);
    memcpy(ret->path, *path ? path : "/", strlen(*path ? path : "/") + 1);
    ret->target.name = ret->authority;
    return parse_authority(url, ret, failure);
}
