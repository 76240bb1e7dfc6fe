/* What libcurl's failures mean for an operator, and what cures them. */
#pragma once

#include "base/failure.h"

#include <curl/curl.h>
#include <stdint.h>

/** Describes @code of the transfer from @url; @text is libcurl's own word. Returns the -errno of http_get(). */
int http_error_describe(CURL *easy, CURLcode code, const char *text, const char *url, Failure *failure);

/** Describes a silence of @usec. Returns -ETIMEDOUT. */
int http_error_stalled(const char *url, uint64_t usec, Failure *failure);

/**
 * Describes the answer @status, which is no success, to the asking of @what. @excerpt is how its body begins: the
 * "message" of a JSON answer is told. Returns -ENOENT for 404 and 410, -EACCES for 401 and 403, -EAGAIN for 429 and
 * 5xx, else -EPROTO.
 */
int http_error_status(const char *what, unsigned status, const char *excerpt, Failure *failure);
