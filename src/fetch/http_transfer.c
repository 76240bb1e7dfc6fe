#include "fetch/http_transfer.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "build_info.h"
#include "fetch/http_error.h"
#include "fetch/http_header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum {
    BUFFER_BYTES = 256 * 1024, /* what one read takes; more is no faster and leaves the second-level cache */
    POLL_MSEC = 250,
    HEADERS_BYTES_MAX = 256 * 1024, /* of all of them: an endless head must not fill the memory */
    REFUSAL_BYTES_MAX = 64 * 1024,  /* of the body of an answer other than 2xx that is read */
};

/* One transfer under way. */
typedef struct Transfer {
    const HttpRequest *request;
    HttpResponse *response;
    CURL *easy;
    uint64_t begin_usec;
    uint64_t heard_usec; /* when the last byte came */
    size_t headers_bytes;
    size_t refusal_bytes;
    bool begun;  /* the receiver knows the response */
    int outcome; /* what a handler returned: 0, HTTP_ENOUGH, -errno */
    char error_text[CURL_ERROR_SIZE];
} Transfer;

static void cleanup_easy(CURL **easy) {
    curl_easy_cleanup(*easy);
}
#define _cleanup_easy_ _cleanup_(cleanup_easy)

static void cleanup_headers(struct curl_slist **list) {
    curl_slist_free_all(*list);
}
#define _cleanup_headers_ _cleanup_(cleanup_headers)

/* --- the answer ------------------------------------------------------------------------------------------------
 */

/* The value of a header of the final answer, NULL if it is missing or there more than once: then none is believed.
 */
static const char *header(CURL *easy, const char *name) {
    struct curl_header *found;
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK || found->amount != 1)
        return NULL;
    return found->value;
}

/* A value that does not fit is left out: half a validator would be a wrong one. */
static void copy_header(CURL *easy, const char *name, char *target, size_t size_bytes) {
    const char *value = header(easy, name);
    size_t length = value ? strlen(value) : 0;
    *target = '\0';
    if (length > 0 && length < size_bytes)
        memcpy(target, value, length + 1);
}

/* Only chunks have an end of their own, and only as the outermost coding (RFC 9112, 6.3); "identity" has none. */
static bool is_chunked(const char *codings) {
    static const char CHUNKED[] = "chunked";
    size_t length = codings ? strlen(codings) : 0;
    return length >= sizeof CHUNKED - 1 && strcasecmp(codings + length - (sizeof CHUNKED - 1), CHUNKED) == 0;
}

static void read_response(CURL *easy, HttpResponse *response) {
    long status = 0;
    curl_off_t length_bytes = -1;
    const char *date = header(easy, "Date");

    *response = (HttpResponse){.length_bytes = BYTES_UNKNOWN, .date_seconds = -1};
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length_bytes);
    response->status = (unsigned)status;
    if (length_bytes >= 0)
        response->length_bytes = (uint64_t)length_bytes;
    response->end_is_told = length_bytes >= 0 || is_chunked(header(easy, "Transfer-Encoding"));
    copy_header(easy, "ETag", response->etag, sizeof response->etag);
    copy_header(easy, "Last-Modified", response->last_modified, sizeof response->last_modified);
    copy_header(easy, "Content-Range", response->content_range, sizeof response->content_range);
    if (date)
        response->date_seconds = http_date_seconds(date);
    response->retry_after_seconds = retry_after_seconds(
        header(easy, "Retry-After"), header(easy, "X-RateLimit-Reset"), header(easy, "X-RateLimit-Remaining"),
        response->date_seconds >= 0 ? response->date_seconds : (int64_t)(clock_realtime_usec() / USEC_PER_SEC));
}

static int begin(Transfer *transfer) {
    if (transfer->begun)
        return 0;
    transfer->begun = true;
    read_response(transfer->easy, transfer->response);
    if (transfer->response->status / 100 != 2 || !transfer->request->receiver.begin)
        return 0;
    return transfer->request->receiver.begin(transfer->response, transfer->request->receiver.userdata);
}

static int keep_excerpt(Transfer *transfer, const char *bytes, size_t length) {
    size_t room = sizeof transfer->response->excerpt - 1;
    size_t used = transfer->refusal_bytes < room ? transfer->refusal_bytes : room;
    size_t taken = length < room - used ? length : room - used;
    memcpy(transfer->response->excerpt + used, bytes, taken);
    transfer->response->excerpt[used + taken] = '\0';
    transfer->refusal_bytes += length;
    return transfer->refusal_bytes > REFUSAL_BYTES_MAX ? HTTP_ENOUGH : 0;
}

static size_t on_body(char *bytes, size_t one, size_t length, void *userdata) {
    Transfer *transfer = userdata;
    (void)one; /* is always 1 */
    transfer->outcome = begin(transfer);
    if (transfer->outcome == 0 && transfer->response->status / 100 != 2)
        transfer->outcome = keep_excerpt(transfer, bytes, length);
    else if (transfer->outcome == 0)
        transfer->outcome = transfer->request->receiver.body(bytes, length, transfer->request->receiver.userdata);
    transfer->heard_usec = clock_monotonic_usec(); /* after the handler: its disk may be slow */
    return transfer->outcome == 0 ? length : 0;
}

static size_t on_header(char *bytes, size_t one, size_t length, void *userdata) {
    Transfer *transfer = userdata;
    (void)bytes;
    (void)one;
    transfer->heard_usec = clock_monotonic_usec();
    transfer->headers_bytes += length;
    return transfer->headers_bytes <= HEADERS_BYTES_MAX ? length : 0;
}

/* --- the request -----------------------------------------------------------------------------------------------
 */

__attribute__((__format__(__printf__, 2, 3))) static bool
add_header(struct curl_slist **list, const char *format, ...) {
    _cleanup_free_ char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    struct curl_slist *longer = length < 0 ? NULL : curl_slist_append(*list, text);
    if (!longer)
        return false;
    *list = longer;
    return true;
}

static bool add_range(struct curl_slist **list, const HttpRequest *request) {
    bool open = request->last_bytes == BYTES_UNKNOWN;
    bool good =
        open ? add_header(list, "Range: bytes=%" PRIu64 "-", request->first_bytes)
             : add_header(list, "Range: bytes=%" PRIu64 "-%" PRIu64, request->first_bytes, request->last_bytes);
    return good && (!request->if_range || add_header(list, "If-Range: %s", request->if_range));
}

/* The only place where the token meets a request. */
static bool add_token(struct curl_slist **list, const Http *http, const char *url) {
    Url target;
    if (!http->settings.token || url_parse(url, &target, NULL) < 0 ||
        !url_same_origin(&target, &http->token_origin))
        return true;
    return add_header(list, "Authorization: Bearer %s", http->settings.token);
}

static struct curl_slist *make_headers(const Http *http, const HttpRequest *request, const char *url) {
    _cleanup_headers_ struct curl_slist *list = NULL;
    bool good =
        add_header(&list, "Accept: %s", request->accept ? request->accept : "*/*") && add_token(&list, http, url);
    if (good && request->api)
        good = add_header(&list, "X-GitHub-Api-Version: 2022-11-28");
    if (good && request->etag)
        good = add_header(&list, "If-None-Match: %s", request->etag);
    if (good && request->ranged)
        good = add_range(&list, request);
    return good ? TAKE_PTR(list) : NULL;
}

#define SET(option, value)                                                                                         \
    do {                                                                                                           \
        if (code == CURLE_OK)                                                                                      \
            code = curl_easy_setopt(transfer->easy, option, value);                                                \
    } while (0)

static CURLcode set_options(const Http *http, Transfer *transfer, const char *url, struct curl_slist *headers) {
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_USERAGENT, "visor/" VISOR_VERSION);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (http->ca_file && *http->ca_file)
        SET(CURLOPT_CAINFO, http->ca_file);
    if (http->ca_folder && *http->ca_folder)
        SET(CURLOPT_CAPATH, http->ca_folder);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* A resolver that hangs runs in a thread; giving up must not wait for it. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    /* libcurl's own limit of 5 minutes gives the first of two addresses half of it: with ours the second address
     * still has its turn before silence counts as a stall. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(http->settings.stall_timeout_usec / USEC_PER_MSEC));
    SET(CURLOPT_ERRORBUFFER, transfer->error_text);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    return code;
}

/* --- the wait --------------------------------------------------------------------------------------------------
 */

static int check_time(const Http *http, const Transfer *transfer, const char *url, Failure *failure) {
    uint64_t now_usec = clock_monotonic_usec();
    uint64_t whole_usec = transfer->request->whole_timeout_usec;
    if (usec_since(now_usec, transfer->heard_usec) >= http->settings.stall_timeout_usec)
        return http_error_stalled(url, http->settings.stall_timeout_usec, failure);
    if (whole_usec > 0 && usec_since(now_usec, transfer->begin_usec) >= whole_usec)
        return http_error_stalled(url, whole_usec, failure);
    return 0;
}

/* Is the transfer over? Then @ret_code is how. */
static bool is_over(CURLM *multi, CURLcode *ret_code) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *ret_code = message->data.result;
            return true;
        }
    }
    return false;
}

static int run(Http *http, const Transfer *transfer, const char *url, CURLcode *ret_code, Failure *failure) {
    for (;;) {
        int running;
        CURLMcode code = curl_multi_perform(http->multi, &running);
        if (code == CURLM_OK && is_over(http->multi, ret_code))
            return 0;
        if (code == CURLM_OK)
            code = curl_multi_poll(http->multi, NULL, 0, POLL_MSEC, NULL);
        if (code != CURLM_OK)
            return failure_set(failure, -EPROTO, "%s cannot be fetched: %s", url, curl_multi_strerror(code));
        int r = progress_beat(http->settings.progress);
        if (r < 0)
            return failure_set(failure, r, "nobody reads the events: %s", strerror(-r));
        r = check_time(http, transfer, url, failure);
        if (r < 0)
            return r;
    }
}

static int conclude(Transfer *transfer, const char *url, CURLcode code, char **ret_location, Failure *failure) {
    const char *location = NULL;
    if (transfer->outcome == HTTP_ENOUGH)
        return 0;
    if (transfer->outcome < 0)
        return transfer->outcome;
    if (code != CURLE_OK)
        return http_error_describe(transfer->easy, code, transfer->error_text, url, failure);

    int r = begin(transfer); /* there was no body */
    if (r < 0)
        return r;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
    if (!location)
        return 0;
    *ret_location = strdup(location);
    return *ret_location ? 0 : failure_set(failure, -ENOMEM, "out of memory");
}

int http_transfer(
    Http *http, const HttpRequest *request, const char *url, HttpResponse *ret, char **ret_location,
    Failure *failure) {
    _cleanup_headers_ struct curl_slist *headers = NULL;
    _cleanup_easy_ CURL *easy = NULL;
    uint64_t now_usec = clock_monotonic_usec();
    CURLcode code = CURLE_OK;

    *ret_location = NULL;
    headers = make_headers(http, request, url);
    easy = curl_easy_init();
    Transfer transfer = {
        .request = request, .response = ret, .easy = easy, .begin_usec = now_usec, .heard_usec = now_usec};
    if (!headers || !easy || set_options(http, &transfer, url, headers) != CURLE_OK ||
        curl_multi_add_handle(http->multi, easy) != CURLM_OK)
        return failure_set(failure, -ENOMEM, "%s cannot be asked: libcurl cannot be set up", url);

    int r = run(http, &transfer, url, &code, failure);
    (void)curl_multi_remove_handle(http->multi, easy);
    return r < 0 ? r : conclude(&transfer, url, code, ret_location, failure);
}
