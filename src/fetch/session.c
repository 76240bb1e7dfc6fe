#include "fetch/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "fetch/sandbox.h"
#include "fetch/token.h"
#include "fetch/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_FILE_BYTES                                                                                           \
    UINT64_C(16777216) /* what asset.json and its like may grow to, whatever the limits are                        \
                        */

static int read_token(Session *session, Failed *failed) {
    const char *path = session->request.token_file;
    char text[sizeof failed->failure.message];
    bool exposed = false;
    if (!*path)
        return 0;
    int r = token_read(path, &session->token, &exposed, &failed->failure);
    if (r < 0 || !exposed)
        return r;
    (void)snprintf(
        text, sizeof text, "Everybody on this machine can read the token in %s; cure: chmod 600 %s", path, path);
    return progress_warning(&session->progress, text);
}

/* The folder that a file:// base names, owned by the caller; NULL for another base. */
static char *readable_folder(const char *base) {
    char *path = NULL;
    Url url;
    if (url_parse(base, &url, NULL) < 0 || url.scheme != URL_FILE || url_file_path(&url, &path) < 0)
        return NULL;
    return path;
}

static json_t *texts(const char *const *list, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_string(list[i]));
    return array;
}

static int tell_sandbox(Progress *progress, const SandboxReport *report) {
    const char *missing[SANDBOX_LAYERS_MAX];
    for (size_t i = 0; i < report->missing_count; i++)
        missing[i] = report->missing[i];
    return progress_event(
        progress, json_pack(
                      "{s:s, s:o, s:o}", "event", "sandbox", "layers", texts(report->layers, report->layer_count),
                      "missing", texts(missing, report->missing_count)));
}

static int enter_sandbox(Session *session) {
    _cleanup_free_ char *folder = readable_folder(session->request.download_url);
    const char *const readable[] = {folder, NULL};
    const Request *request = &session->request;
    uint64_t most = request->asset_bytes_max > request->unpacked_bytes_max ? request->asset_bytes_max
                                                                           : request->unpacked_bytes_max;
    SandboxReport report;
    sandbox_enter(
        &(SandboxRequest){
            .writable_fd = session->staging.fd,
            .readable = readable,
            .max_file_bytes = most > SMALL_FILE_BYTES ? most : SMALL_FILE_BYTES,
        },
        &report);
    return tell_sandbox(&session->progress, &report);
}

static int open_http(Session *session, Failed *failed) {
    return http_new(
        &(HttpSettings){
            .token = session->token,
            .token_url = session->request.api_url,
            .stall_timeout_usec = session->request.stall_timeout_seconds * USEC_PER_SEC,
            .progress = &session->progress,
        },
        &session->http, &failed->failure);
}

int session_open(const char *staging_path, const char *request_text, Session *session, Failed *failed) {
    *session = (Session){.staging.fd = -1};
    *failed = (Failed){.step = STEP_REQUEST};
    progress_init(&session->progress, STDOUT_FILENO);

    int r = request_parse(request_text, &session->request, &failed->failure);
    if (r >= 0)
        r = read_token(session, failed);
    if (r >= 0 && staging_path) {
        failed->step = STEP_LOCK;
        r = staging_open(staging_path, &session->staging, &failed->failure);
        if (r < 0 && r != -EWOULDBLOCK)
            failed->step = STEP_STORE;
    }
    if (r >= 0) {
        failed->step = STEP_FIND;
        r = enter_sandbox(session);
    }
    if (r >= 0)
        r = open_http(session, failed);
    return r;
}

void session_close(Session *session) {
    session->http = http_free(session->http);
    staging_close(&session->staging);
    request_clear(&session->request);
    if (session->token)
        explicit_bzero(session->token, strlen(session->token));
    free(session->token);
    session->token = NULL;
}
