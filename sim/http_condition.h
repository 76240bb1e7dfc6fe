/* Conditional requests: is what the client has still what we have (RFC 9110, 13.1)? Pure. */
#pragma once

#include "sim/http_request.h"

#include <time.h>

enum { HTTP_DATE_BYTES = 32, HTTP_ETAG_BYTES = 80 };

/** What tells one state of a file from another. */
typedef struct HttpValidator {
    char etag[HTTP_ETAG_BYTES]; /* with its quotes, "W/" before them if it is weak */
    time_t modified;            /* since 1970; below 0 if it is not known */
} HttpValidator;

/** "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
void http_date_format(time_t seconds, char (*ret)[HTTP_DATE_BYTES]);

/** Is the answer 304? If-None-Match, compared weakly, counts before If-Modified-Since. */
bool http_is_unchanged(const HttpRequest *request, const HttpValidator *validator);

/** May a Range be answered with a part? If-Range has to be absent or to match strongly. */
bool http_if_range_holds(const HttpRequest *request, const HttpValidator *validator);
