#include "fetch/commands.h"

#include "base/cleanup.h"
#include "fetch/download.h"
#include "fetch/find.h"
#include "fetch/part.h"
#include "fetch/session.h"
#include "fetch/unpacker.h"
#include "fetch/verify.h"

#include <string.h>

/* One try: what its steps hand to each other. */
typedef struct Fetching {
    Session session;
    Found found;
    Proofs proofs;
    bool gathered; /* the proofs are there */
    Part part;
    DownloadResult downloaded;
    UnpackResult unpacked;
    json_t *verified; /* the words of what held */
    Failed failed;
} Fetching;

static void cleanup_fetching(Fetching *fetching) {
    part_clear(&fetching->part);
    proofs_clear(&fetching->proofs);
    found_clear(&fetching->found);
    json_decref(fetching->verified);
    session_close(&fetching->session);
}
#define _cleanup_fetching_ _cleanup_(cleanup_fetching)

/* A proof that cannot be had now is like an asset that is not found; one that is not there is a matter of trust. */
static int gather(Fetching *fetching) {
    Session *session = &fetching->session;
    fetching->gathered = true;
    int r = verify_gather(
        session->http, &session->request, &fetching->found, &fetching->proofs, &fetching->failed.failure);
    fetching->failed.step = r == -ENOKEY || r == -EBADMSG ? STEP_VERIFY : STEP_FIND;
    fetching->failed.retry_after_seconds = r < 0 ? fetching->proofs.retry_after_seconds : 0;
    return r;
}

static int find_asset(Fetching *fetching) {
    Session *session = &fetching->session;
    fetching->failed.step = STEP_FIND;
    int r = find(
        session->http, &session->request, &session->staging, &session->progress, &fetching->found,
        &fetching->failed.failure);
    if (r < 0 || !fetching->found.from_api)
        return r;
    r = found_tell(&fetching->found, &session->progress, fetching->found.place.bytes);
    return r < 0 ? r : gather(fetching);
}

static int download_asset(Fetching *fetching) {
    Session *session = &fetching->session;
    Failed *failed = &fetching->failed;
    failed->step = STEP_DOWNLOAD;
    int r = part_open(&session->staging, fetching->found.place.url, &fetching->part, &failed->failure);
    if (r < 0)
        return r;
    r = download(
        session->http, &session->request, &fetching->found, &fetching->part, &session->progress,
        &fetching->downloaded, &failed->failure);
    failed->progressed = fetching->downloaded.progressed;
    if (r >= 0)
        return 0;
    if (fetching->downloaded.refused)
        failed->step = STEP_FIND;
    unsigned api_seconds = fetching->found.retry_after_seconds;
    unsigned server_seconds = fetching->downloaded.retry_after_seconds;
    failed->retry_after_seconds = api_seconds > server_seconds ? api_seconds : server_seconds;
    return found_add_api_failure(&fetching->found, r, &failed->failure);
}

static int verify(Fetching *fetching) {
    Session *session = &fetching->session;
    int r = fetching->gathered ? 0 : gather(fetching);
    if (r < 0)
        return r;
    fetching->failed.step = STEP_VERIFY;
    fetching->verified = json_array();
    r = verify_asset(
        &session->request, &fetching->proofs, fetching->downloaded.sha256, fetching->part.fd, &session->progress,
        fetching->verified, &fetching->failed.failure);
    if (r == -EKEYREJECTED) {
        part_discard(&fetching->part);
        fetching->failed.progressed = false;
    }
    return r;
}

static void on_unpack_progress(UnpackPhase phase, uint64_t bytes, uint64_t of_bytes, void *userdata) {
    Progress *progress = userdata;
    /* A reader that is gone is noticed by the next event that can fail the run. */
    (void)!progress_set(progress, phase == UNPACK_PHASE_UNPACK ? PHASE_UNPACK : PHASE_STORE, bytes, of_bytes);
}

static int unpack_asset(Fetching *fetching) {
    Session *session = &fetching->session;
    fetching->failed.step = STEP_UNPACK;
    _cleanup_fd_ int folder_fd = staging_unpacking(&session->staging, &fetching->failed.failure);
    if (folder_fd < 0)
        return folder_fd;
    int r = unpacker_run(
        &(UnpackRequest){
            .asset_fd = fetching->part.fd,
            .folder_fd = folder_fd,
            .asset = session->request.asset,
            .binary = session->request.binary,
            .max_unpacked_bytes = session->request.unpacked_bytes_max,
        },
        on_unpack_progress, &session->progress, &fetching->unpacked, &fetching->failed.failure);
    if (r < 0)
        staging_drop_unpacking(&session->staging);
    if (r == -EBADMSG && json_array_size(fetching->verified) == 0) {
        part_discard(&fetching->part); /* perhaps it came damaged; nothing said that it is what was published */
        fetching->failed.progressed = false;
    }
    return r;
}

static json_t *make_marker(const Fetching *fetching) {
    const Request *request = &fetching->session.request;
    return json_pack(
        "{s:i, s:O, s:s, s:s, s:s, s:I, s:O, s:I, s:I}", "format", 1, "request", request->json, "asset",
        request->asset, "url", fetching->found.place.url, "sha256", fetching->downloaded.sha256, "bytes",
        (json_int_t)fetching->part.bytes, "verified", fetching->verified, "files",
        (json_int_t)fetching->unpacked.files, "unpackedBytes", (json_int_t)fetching->unpacked.unpacked_bytes);
}

/* The event "done" is the marker without what the reader knows. */
static int tell_done(Progress *progress, const json_t *marker) {
    json_t *sha256, *bytes, *files, *unpacked_bytes, *verified;
    if (json_unpack(
            (json_t *)(uintptr_t)marker, "{s:o, s:o, s:o, s:o, s:o}", "sha256", &sha256, "bytes", &bytes, "files",
            &files, "unpackedBytes", &unpacked_bytes, "verified", &verified) < 0)
        return -EBADMSG;
    return progress_end(
        progress, json_pack(
                      "{s:s, s:O, s:O, s:O, s:O, s:O}", "event", "done", "sha256", sha256, "bytes", bytes, "files",
                      files, "unpackedBytes", unpacked_bytes, "verified", verified));
}

static int store(Fetching *fetching) {
    _cleanup_json_ json_t *marker = make_marker(fetching);
    fetching->failed.step = STEP_STORE;
    if (!marker)
        return failure_set(&fetching->failed.failure, -ENOMEM, "out of memory");
    int r = staging_commit(&fetching->session.staging, marker, &fetching->failed.failure);
    return r < 0 ? r : tell_done(&fetching->session.progress, marker);
}

/* Returns 1 if a former run has done all. */
static int begin(Fetching *fetching) {
    _cleanup_json_ json_t *marker = NULL;
    fetching->failed.step = STEP_STORE;
    int r =
        staging_begin(&fetching->session.staging, &fetching->session.request, &marker, &fetching->failed.failure);
    if (r <= 0)
        return r;
    r = tell_done(&fetching->session.progress, marker);
    return r < 0 ? r : 1;
}

static int try_once(Fetching *fetching, const char *staging_path, const char *request_text) {
    int r = session_open(staging_path, request_text, &fetching->session, &fetching->failed);
    if (r >= 0)
        r = begin(fetching);
    if (r != 0)
        return r;
    r = find_asset(fetching);
    if (r >= 0)
        r = download_asset(fetching);
    if (r >= 0)
        r = verify(fetching);
    if (r >= 0)
        r = unpack_asset(fetching);
    return r < 0 ? r : store(fetching);
}

int command_fetch(const char *staging_path, const char *request_text) {
    _cleanup_fetching_ Fetching fetching = {.session.staging.fd = -1, .part.fd = -1};
    fetching.failed.error = try_once(&fetching, staging_path, request_text);
    return fetching.failed.error < 0 ? progress_failed(&fetching.session.progress, &fetching.failed) : 0;
}
