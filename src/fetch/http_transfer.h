/* One request and its answer, without redirects, by libcurl. Only http.c uses it. */
#pragma once

#include "fetch/http.h"

#include <curl/curl.h>

struct Http {
    CURLM *multi; /* keeps connections for the next request */
    HttpSettings settings;
    Url token_origin;
    const char *ca_file; /* SSL_CERT_FILE and SSL_CERT_DIR, which the curl tool honours but libcurl does not */
    const char *ca_folder;
};

/**
 * Sends @request to @url. @ret_location (free) is where a redirect leads, NULL for another answer.
 * Returns what http_get() returns.
 */
MUST_USE int http_transfer(
    Http *http, const HttpRequest *request, const char *url, HttpResponse *ret, char **ret_location,
    Failure *failure);
