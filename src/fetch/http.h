/*
 * GET over https (http and file:// where the operator says so): the one door to the outside. libcurl does the
 * protocol; what is decided here is which host may see the token, where a redirect may lead, and how long silence
 * is borne. There is no limit on a whole transfer, only on a time without a byte.
 *
 * Redirects are followed here and not by libcurl, so that each hop is judged like a first address: the token goes
 * only to the origin it is for, and never from https down to http.
 */
#pragma once

#include "base/failure.h"
#include "fetch/progress.h"
#include "fetch/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Http Http;

typedef struct HttpSettings {
    const char *token;     /* NULL for none */
    const char *token_url; /* whose origin alone may see it */
    uint64_t stall_timeout_usec;
    Progress *progress; /* its heart beats while we wait */
} HttpSettings;

enum { HTTP_ENOUGH = 1 }; /* what a handler returns to end a transfer early and well */

enum {
    HTTP_VALIDATOR_BYTES = 256,
    HTTP_DATE_BYTES = 64,
    HTTP_RANGE_BYTES = 96,
    HTTP_EXCERPT_BYTES = 1024,
};

/** What the server says before the body, "" for a header that is missing or too long. */
typedef struct HttpResponse {
    unsigned status;       /* of file://: 200, 206, 403, 404 */
    uint64_t length_bytes; /* of this body, BYTES_UNKNOWN */
    bool end_is_told;      /* by a length or by chunks: a cut cannot look like the end */
    char etag[HTTP_VALIDATOR_BYTES];
    char last_modified[HTTP_DATE_BYTES];
    char content_range[HTTP_RANGE_BYTES];
    unsigned retry_after_seconds;     /* 0 if nothing is asked for */
    int64_t date_seconds;             /* the server's clock, since 1970; -1 if it does not tell */
    char excerpt[HTTP_EXCERPT_BYTES]; /* how the body of an answer other than 2xx begins */
} HttpResponse;

/** What becomes of a body of 2xx. A handler returns 0, HTTP_ENOUGH, or -errno, which http_get() then returns. */
typedef struct HttpReceiver {
    int (*begin)(const HttpResponse *response, void *userdata); /* once, before the body, be it empty */
    int (*body)(const char *bytes, size_t length, void *userdata);
    void *userdata;
} HttpReceiver;

typedef struct HttpRequest {
    const char *url;
    UrlScheme least_scheme; /* the least secure one that is allowed */
    const char *accept;     /* NULL for anything */
    bool api;               /* to the GitHub API: its version header goes along */
    const char *etag;       /* If-None-Match; NULL for none */
    bool ranged;            /* ask for a part: */
    uint64_t first_bytes;
    uint64_t last_bytes;         /* BYTES_UNKNOWN for the end */
    const char *if_range;        /* strong ETag or Last-Modified that the part must still have; NULL for any */
    uint64_t whole_timeout_usec; /* for small bodies; 0 for none */
    HttpReceiver receiver;
} HttpRequest;

/** @settings is copied, its strings and progress are borrowed. Free with http_free. Returns 0 or -errno. */
MUST_USE int http_new(const HttpSettings *settings, Http **ret, Failure *failure);

/** Frees @http; NULL is fine. Returns NULL. */
Http *http_free(Http *http);

/**
 * One GET, its redirects included. An answer of any status is success; @ret tells which.
 *
 * Returns 0; -ETIMEDOUT: silence for too long; -EHOSTUNREACH: no connection; -ECONNRESET: cut before its end;
 * -EKEYREJECTED: the certificate is not trusted; -ELOOP: too many redirects; -EPERM: a scheme that is not allowed;
 * -EPROTO: what comes is no HTTP; -EPIPE: the reader of the events is gone; a handler's -errno. Described in
 * @failure unless a handler failed.
 */
MUST_USE int http_get(Http *http, const HttpRequest *request, HttpResponse *ret, Failure *failure);

/**
 * The same for a small text: the body of a 2xx in memory, with a NUL after it; an error if it is larger than
 * @limit_bytes. @ret (free) is NULL after another status. Ignores @request's receiver.
 */
MUST_USE int http_get_text(
    Http *http, const HttpRequest *request, size_t limit_bytes, char **ret, size_t *ret_length,
    HttpResponse *ret_response, Failure *failure);

static inline void cleanup_http(Http **http) {
    (void)http_free(*http);
}
#define _cleanup_http_ __attribute__((__cleanup__(cleanup_http)))
