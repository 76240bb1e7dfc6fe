/* The URLs Visor asks by itself: plain http to a numeric address, because a resolver would block. Pure. */
#pragma once

#include "base/failure.h"
#include "rpc/http_connect.h"

#include <netinet/in.h>

enum { HTTP_URL_MAX = 1023 }; /* bytes */

/** A URL taken apart. */
typedef struct HttpUrl {
    char authority[HTTP_URL_MAX + 1]; /* as written: "localhost:3003" */
    char path[HTTP_URL_MAX + 1];      /* begins with '/'; its query included */
    HttpTarget target;                /* its name is @authority */
} HttpUrl;

/**
 * Reads http://HOST[:PORT][/PATH]: HOST is an IPv4 address, an IPv6 address in brackets, or "localhost", which is
 * 127.0.0.1; PORT is 80 if it is left out.
 * Returns 0, or -EINVAL described in @failure. @ret points into itself: it must not be moved.
 */
MUST_USE int http_url_parse(const char *url, HttpUrl *ret, Failure *failure);
