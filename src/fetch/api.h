/* Asks the GitHub API for a release: one request as a rule, more if its list of assets has several pages. */
#pragma once

#include "base/failure.h"
#include "fetch/api_release.h"
#include "fetch/http.h"
#include "fetch/request.h"
#include "fetch/staging.h"

/** What one asks about a list of assets that may not be all of them: is more of it needed? */
typedef bool (*ApiWantsMore)(const ApiRelease *release, const Request *request);

/**
 * Gets the release of @request. @ret_response is the last answer: its status (0 if there was none), the server's
 * clock, and when to ask again. @ret is freed with api_release_clear.
 *
 * Returns 0; -ENOENT: the API knows no such release; -EACCES, -EAGAIN: it refuses, or asked to be left alone;
 * -EBADMSG: it is no such API; what http_get() returns; described in @failure.
 */
MUST_USE int api_get_release(
    Http *http, const Request *request, const Staging *staging, ApiWantsMore wants_more, ApiRelease *ret,
    HttpResponse *ret_response, Failure *failure);
