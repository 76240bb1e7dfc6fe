#include "fetch/commands.h"
#include "fetch/find.h"
#include "fetch/http_error.h"
#include "fetch/http_header.h"
#include "fetch/session.h"
#include "fetch/verify.h"

/* What the server says of the asset: its first byte is asked for, and no more read. */
typedef struct Probe {
    uint64_t bytes; /* BYTES_UNKNOWN */
} Probe;

static int on_begin(const HttpResponse *response, void *userdata) {
    Probe *probe = userdata;
    ContentRange range;
    if (response->status == 200)
        probe->bytes = response->length_bytes;
    else if (content_range_parse(response->content_range, &range) >= 0 && range.total_known)
        probe->bytes = range.total_bytes;
    return HTTP_ENOUGH;
}

static int on_body(const char *bytes, size_t length, void *userdata) {
    (void)bytes;
    (void)length;
    (void)userdata;
    return HTTP_ENOUGH;
}

/* Without the API nobody has said yet that the asset is there. */
static int probe_asset(Session *session, Found *found, Failed *failed) {
    Probe probe = {.bytes = BYTES_UNKNOWN};
    HttpResponse response;
    const HttpRequest ask = {
        .url = found->place.url,
        .least_scheme = found->place.least_scheme,
        .accept = found->place.accept,
        .ranged = true,
        .receiver = {.begin = on_begin, .body = on_body, .userdata = &probe},
    };
    failed->retry_after_seconds = found->retry_after_seconds;
    int r = http_get(session->http, &ask, &response, &failed->failure);
    if (r >= 0 && response.status / 100 != 2 && response.status != 416) /* 416: it is empty */
        r = http_error_status(found->place.url, response.status, response.excerpt, &failed->failure);
    if (r < 0)
        return found_add_api_failure(found, r, &failed->failure);
    found->place.bytes = probe.bytes;
    if (response.date_seconds >= 0)
        found->server_seconds = response.date_seconds;
    return 0;
}

static int tell_looked(Session *session, const Found *found, json_t *verifiable) {
    uint64_t bytes = found->place.bytes;
    return progress_end(
        &session->progress,
        json_pack(
            "{s:s, s:s, s:o, s:o, s:o}", "event", "looked", "url", found->place.url, "bytes",
            bytes == BYTES_UNKNOWN ? json_null() : json_integer((json_int_t)bytes), "verifiable", verifiable,
            "serverTime", found->server_seconds < 0 ? json_null() : json_integer(found->server_seconds)));
}

static int look(Session *session, Found *found, Failed *failed) {
    json_t *verifiable = NULL;
    failed->step = STEP_FIND;
    int r = find(session->http, &session->request, NULL, &session->progress, found, &failed->failure);
    if (r >= 0 && !found->from_api)
        r = probe_asset(session, found, failed);
    if (r >= 0)
        r = found_tell(found, &session->progress, found->place.bytes);
    failed->step = r < 0 ? failed->step : STEP_VERIFY;
    if (r >= 0)
        r = verify_list(session->http, &session->request, found, &verifiable, &failed->failure);
    return r < 0 ? r : tell_looked(session, found, verifiable);
}

int command_look(const char *request_text) {
    _cleanup_session_ Session session = {.staging.fd = -1};
    _cleanup_found_ Found found = {0};
    Failed failed;
    failed.error = session_open(NULL, request_text, &session, &failed);
    if (failed.error >= 0)
        failed.error = look(&session, &found, &failed);
    return failed.error < 0 ? progress_failed(&session.progress, &failed) : 0;
}
