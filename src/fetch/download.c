#include "fetch/download.h"

#include "base/strings.h"
#include "fetch/disk_space.h"
#include "fetch/http_error.h"
#include "fetch/http_header.h"
#include "fetch/web_page.h"

#include <inttypes.h>
#include <string.h>

enum {
    SPACE_LOOK_BYTES = 16 * 1024 * 1024, /* how often the disk is looked at: others write to it too */
    ANEW_MAX = 1,                        /* a part that does not fit is thrown away once in a try */
};

typedef struct Download {
    const Request *request;
    const Found *found;
    Progress *progress;
    Part *part;
    DownloadResult *result;
    Failure *failure;
    uint64_t total_bytes; /* as told by API or server, BYTES_UNKNOWN */
    uint64_t looked_bytes;
    bool anew;     /* the body begins at 0, and the old part is still there */
    bool unusable; /* what is there must not be gone on with */
    char validator[HTTP_VALIDATOR_BYTES];
    char beginning[WEB_PAGE_BYTES]; /* of a new body, held back until it can be told from a web page */
    size_t beginning_length;
} Download;

static int lie(Download *download, const char *what, uint64_t told_bytes, uint64_t expected_bytes) {
    download->unusable = true;
    return failure_set(
        download->failure, -EPROTO, "%s: %s (%" PRIu64 " instead of %" PRIu64 " bytes); it is begun anew",
        download->found->place.url, what, told_bytes, expected_bytes);
}

static int too_large(Download *download, uint64_t bytes) {
    download->unusable = true;
    return failure_set(
        download->failure, -E2BIG, "%s has %" PRIu64 " bytes or more, but autoInstall.maxAssetBytes is %" PRIu64,
        download->found->place.url, bytes, download->request->asset_bytes_max);
}

static int check_total(Download *download, uint64_t total_bytes) {
    uint64_t known_bytes = download->found->place.bytes;
    if (total_bytes != BYTES_UNKNOWN && known_bytes != BYTES_UNKNOWN && total_bytes != known_bytes)
        return lie(download, "the server and the API tell different sizes", total_bytes, known_bytes);
    download->total_bytes = total_bytes != BYTES_UNKNOWN ? total_bytes : known_bytes;
    if (download->total_bytes != BYTES_UNKNOWN && download->total_bytes > download->request->asset_bytes_max)
        return too_large(download, download->total_bytes);
    return 0;
}

static int check_space(Download *download) {
    const Request *request = download->request;
    uint64_t total_bytes = download->total_bytes, here_bytes = download->part->bytes;
    uint64_t needed_bytes = 0;
    download->looked_bytes = here_bytes;
    if (total_bytes != BYTES_UNKNOWN)
        needed_bytes = total_bytes - (here_bytes < total_bytes ? here_bytes : total_bytes) +
                       disk_space_unpacked_bytes(request->asset, total_bytes, request->unpacked_bytes_max);
    return disk_space_check(download->part->staging->fd, needed_bytes, download->failure);
}

/* RFC 9110, 13.1.5: what If-Range may carry. Last-Modified is weak when the file changed twice in a second; the
 * digest tells then. */
static void choose_validator(Download *download, const HttpResponse *response) {
    const char *validator = etag_is_strong(response->etag) ? response->etag : response->last_modified;
    (void)snprintf(download->validator, sizeof download->validator, "%s", validator);
}

static bool is_of_the_same(const Part *part, const HttpResponse *response) {
    const char *validator = *part->validator == '"' ? response->etag : response->last_modified;
    return !*validator || streq(validator, part->validator);
}

static int begin_whole(Download *download, const HttpResponse *response) {
    if (!response->end_is_told && download->found->place.bytes == BYTES_UNKNOWN)
        return failure_set(
            download->failure, -EPROTO,
            "%s: the server does not tell how large it is, so a cut could not be told from the end; use another server",
            download->found->place.url);
    int r = check_total(download, response->length_bytes);
    choose_validator(download, response);
    download->anew = true;
    download->beginning_length = 0;
    return r;
}

static int begin_rest(Download *download, const HttpResponse *response) {
    Part *part = download->part;
    ContentRange range;
    if (content_range_parse(response->content_range, &range) < 0 || !range.satisfied)
        return lie(download, "the server sends a part and does not tell which", 0, part->bytes);
    if (range.first_bytes != part->bytes)
        return lie(download, "the server sends another part", range.first_bytes, part->bytes);
    if (range.total_known && part->total_bytes != BYTES_UNKNOWN && range.total_bytes != part->total_bytes)
        return lie(download, "the size has changed", range.total_bytes, part->total_bytes);
    if (response->length_bytes != BYTES_UNKNOWN &&
        response->length_bytes != range.last_bytes - range.first_bytes + 1)
        return lie(
            download, "the part and its length disagree", response->length_bytes,
            range.last_bytes - range.first_bytes + 1);
    if (!is_of_the_same(part, response)) {
        download->unusable = true; /* the server ignores If-Range */
        return failure_set(
            download->failure, -EPROTO, "%s has changed since its download began; it is begun anew",
            download->found->place.url);
    }
    uint64_t total_bytes = range.total_known ? range.total_bytes : part->total_bytes;
    if (total_bytes == BYTES_UNKNOWN && download->found->place.bytes == BYTES_UNKNOWN)
        return lie(
            download, "the server sends a part and not how large the whole is", range.last_bytes, part->bytes);
    return check_total(download, total_bytes);
}

static int tell_resumed(const Download *download) {
    return progress_event(
        download->progress,
        json_pack("{s:s, s:I}", "event", "resumed", "bytes", (json_int_t)download->part->bytes));
}

static int begin(const HttpResponse *response, void *userdata) {
    Download *download = userdata;
    int r;
    if (response->status == 206 && download->part->bytes > 0)
        r = begin_rest(download, response);
    else if (response->status == 200)
        r = begin_whole(download, response);
    else
        r = failure_set(
            download->failure, -EPROTO, "%s: the server answers %u to a plain request", download->found->place.url,
            response->status);
    if (r >= 0 && !download->anew)
        r = check_space(download);
    if (r >= 0 && !download->found->from_api)
        r = found_tell(download->found, download->progress, download->total_bytes);
    return r < 0 || download->anew ? r : tell_resumed(download);
}

static int append(Download *download, const char *bytes, size_t length) {
    Part *part = download->part;
    if (length > download->total_bytes - part->bytes) /* never true while the total is not known */
        return lie(download, "more comes than was told", part->bytes + length, download->total_bytes);
    if (part->bytes + length > download->request->asset_bytes_max)
        return too_large(download, part->bytes + length);
    int r = part_append(part, bytes, length, download->failure);
    if (r >= 0 && part->bytes - download->looked_bytes >= SPACE_LOOK_BYTES)
        r = check_space(download);
    if (r < 0)
        return r;
    download->result->progressed = *part->validator != '\0';
    return progress_set(download->progress, PHASE_DOWNLOAD, part->bytes, download->total_bytes);
}

/* Only now is the old part given up: a login page must not cost what is there. */
static int give_up_the_old(Download *download) {
    if (web_page_is(download->beginning, download->beginning_length))
        return failure_set(
            download->failure, -EBADMSG,
            "%s: a web page came instead of the asset; a proxy, a captive portal or a login page stands in between, or "
            "the address is wrong",
            download->found->place.url);
    download->anew = false;
    int r = part_restart(download->part, download->validator, download->total_bytes, download->failure);
    if (r >= 0)
        r = check_space(download);
    if (r < 0)
        return r;
    return append(download, download->beginning, download->beginning_length);
}

static int body(const char *bytes, size_t length, void *userdata) {
    Download *download = userdata;
    if (!download->anew)
        return append(download, bytes, length);
    size_t room = sizeof download->beginning - download->beginning_length;
    size_t taken = length < room ? length : room;
    memcpy(download->beginning + download->beginning_length, bytes, taken);
    download->beginning_length += taken;
    if (taken == room) {
        int r = give_up_the_old(download);
        return r < 0 ? r : append(download, bytes + taken, length - taken);
    }
    return 0;
}

static int finish(Download *download) {
    Part *part = download->part;
    int r = download->anew ? give_up_the_old(download) : 0; /* it was shorter than a web page's beginning */
    if (r < 0)
        return r;
    if (download->total_bytes != BYTES_UNKNOWN && part->bytes < download->total_bytes)
        return failure_set(
            download->failure, -ECONNRESET, "%s was cut at %" PRIu64 " of %" PRIu64 " bytes",
            download->found->place.url, part->bytes, download->total_bytes);
    if (part->bytes == 0)
        return failure_set(download->failure, -EPROTO, "%s is empty", download->found->place.url);
    return part_sync(part, true, download->failure);
}

/* Returns 0 when all is there, 1 to ask again without the part that did not fit. */
static int conclude(Download *download, const HttpResponse *response) {
    if (response->status / 100 == 2)
        return finish(download);
    if (response->status == 416 && download->part->bytes > 0) {
        part_discard(download->part); /* longer than the file: it is another one's */
        return 1;
    }
    download->result->refused = true;
    download->result->retry_after_seconds = response->retry_after_seconds;
    return http_error_status(download->found->place.url, response->status, response->excerpt, download->failure);
}

static int get(Http *http, Download *download) {
    HttpResponse response;
    const Part *part = download->part;
    const HttpRequest ask = {
        .url = download->found->place.url,
        .least_scheme = download->found->place.least_scheme,
        .accept = download->found->place.accept,
        .ranged = part->bytes > 0,
        .first_bytes = part->bytes,
        .last_bytes = BYTES_UNKNOWN,
        .if_range = part->bytes > 0 ? part->validator : NULL,
        .receiver = {.begin = begin, .body = body, .userdata = download},
    };
    int r = http_get(http, &ask, &response, download->failure);
    return r < 0 ? r : conclude(download, &response);
}

/* What a failed try leaves: a part that the next one goes on with, or nothing. */
static void leave(Download *download, int error) {
    Part *part = download->part;
    bool useless = download->unusable || error_is_of_the_disk(error) || !*part->validator;
    if (part->fd < 0 || download->anew)
        return; /* the old part is as it was */
    if (useless || part_sync(part, false, NULL) < 0) {
        part_discard(part);
        download->result->progressed = false;
    }
}

static int get_all(Http *http, Download *download) {
    int r = part_hash(download->part, download->progress, download->failure);
    if (r >= 0)
        r = progress_set(download->progress, PHASE_DOWNLOAD, download->part->bytes, download->part->total_bytes);
    if (r >= 0)
        r = get(http, download);
    for (unsigned anew = 0; r > 0 && anew < ANEW_MAX; anew++)
        r = get(http, download);
    return r > 0 ? -EPROTO : r;
}

static int use_complete(Download *download) {
    int r = part_hash(download->part, download->progress, download->failure);
    if (r >= 0 && !download->found->from_api)
        r = found_tell(download->found, download->progress, download->part->bytes);
    return r < 0 ? r : tell_resumed(download);
}

int download(
    Http *http, const Request *request, const Found *found, Part *part, Progress *progress, DownloadResult *ret,
    Failure *failure) {
    Download download = {
        .request = request,
        .found = found,
        .progress = progress,
        .part = part,
        .result = ret,
        .failure = failure,
        .total_bytes = found->place.bytes,
    };
    *ret = (DownloadResult){0};
    if (part->total_bytes != BYTES_UNKNOWN && found->place.bytes != BYTES_UNKNOWN &&
        part->total_bytes != found->place.bytes)
        part_discard(part); /* the asset was replaced by another */

    int r = part_is_complete(part) ? use_complete(&download) : get_all(http, &download);
    if (r >= 0 && digest_finish(part->digest, &ret->sha256) < 0)
        r = failure_set(failure, -EIO, "the SHA-256 of %s cannot be computed", request->asset);
    if (r < 0)
        leave(&download, r);
    return r;
}
