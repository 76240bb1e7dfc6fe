/* What `fetch` and `look` begin with: the request, the token, the sandbox, and a way to the outside. */
#pragma once

#include "fetch/http.h"
#include "fetch/progress.h"
#include "fetch/request.h"
#include "fetch/staging.h"

typedef struct Session {
    Progress progress;
    Request request;
    Staging staging; /* fd -1 for a run that writes nothing */
    char *token;     /* NULL for none */
    Http *http;
} Session;

/**
 * Sets everything up, the sandbox last: after it nothing outside is read but what is asked for.
 * @staging_path may be NULL. @session is freed with session_close, also after a failure.
 *
 * Returns 0; -errno, described in @failed.
 */
MUST_USE int session_open(const char *staging_path, const char *request_text, Session *session, Failed *failed);

void session_close(Session *session);

static inline void cleanup_session(Session *session) {
    session_close(session);
}
#define _cleanup_session_ __attribute__((__cleanup__(cleanup_session)))
