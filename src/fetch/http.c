#include "fetch/http.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/file_source.h"
#include "fetch/http_transfer.h"

#include <stdlib.h>
#include <string.h>

enum {
    REDIRECTS_MAX = 10,
    TEXT_CHUNK_BYTES = 16 * 1024,
    TEXT_TIMEOUT_FACTOR = 4, /* a small text that trickles is given up after so many stall timeouts */
};

int http_new(const HttpSettings *settings, Http **ret, Failure *failure) {
    Http *http;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return failure_set(failure, -ENOMEM, "libcurl cannot be set up");
    http = calloc(1, sizeof *http);
    if (http) {
        http->multi = curl_multi_init();
        http->settings = *settings;
        http->ca_file = getenv("SSL_CERT_FILE");
        http->ca_folder = getenv("SSL_CERT_DIR");
    }
    if (!http || !http->multi) {
        (void)http_free(http);
        return failure_set(failure, -ENOMEM, "libcurl cannot be set up: out of memory");
    }
    int r = settings->token ? url_parse(settings->token_url, &http->token_origin, failure) : 0;
    if (r < 0) {
        (void)http_free(http);
        return r;
    }
    *ret = http;
    return 0;
}

Http *http_free(Http *http) {
    if (http) {
        (void)curl_multi_cleanup(http->multi);
        free(http);
        curl_global_cleanup();
    }
    return NULL;
}

static const char *scheme_cure(UrlScheme scheme) {
    return scheme == URL_HTTP ? "it is not encrypted; if that is meant, write http:// in autoInstall.apiURL or "
                                "autoInstall.downloadURL"
                              : "only autoInstall.downloadURL itself may be a file:// URL";
}

static int check_scheme(const Url *url, UrlScheme least, const char *from, Failure *failure) {
    if (url->scheme >= least)
        return 0;
    return failure_set(
        failure, -EPERM, "%s leads to an address that is not allowed, %s://%s: %s", from,
        url->scheme == URL_HTTP ? "http" : "file", url->host, scheme_cure(url->scheme));
}

int http_get(Http *http, const HttpRequest *request, HttpResponse *ret, Failure *failure) {
    _cleanup_free_ char *hop = strdup(request->url);
    UrlScheme least = request->least_scheme;
    Url url;

    *ret = (HttpResponse){.length_bytes = BYTES_UNKNOWN, .date_seconds = -1};
    for (unsigned redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
        char *location = NULL;
        if (!hop)
            return failure_set(failure, -ENOMEM, "out of memory");
        int r = url_parse(hop, &url, failure);
        if (r >= 0)
            r = check_scheme(&url, least, request->url, failure);
        if (r < 0)
            return r;
        if (url.scheme == URL_FILE)
            return file_source_get(&url, request, ret, failure);

        r = http_transfer(http, request, hop, ret, &location, failure);
        if (r < 0 || !location)
            return r;
        free(hop);
        hop = location;
        least = url.scheme; /* who came by https is not led to http */
    }
    return failure_set(failure, -ELOOP, "%s redirects more than %d times", request->url, REDIRECTS_MAX);
}

typedef struct Text {
    char *content;
    size_t length;
    size_t capacity_bytes;
    size_t limit_bytes;
} Text;

static int text_begin(const HttpResponse *response, void *userdata) {
    Text *text = userdata;
    return response->length_bytes != BYTES_UNKNOWN && response->length_bytes > text->limit_bytes ? -EFBIG : 0;
}

static int text_body(const char *bytes, size_t length, void *userdata) {
    Text *text = userdata;
    if (length > text->limit_bytes - text->length)
        return -EFBIG;
    if (text->length + length >= text->capacity_bytes) {
        size_t larger_bytes = 2 * text->capacity_bytes + length + TEXT_CHUNK_BYTES;
        char *larger = realloc(text->content, larger_bytes);
        if (!larger)
            return -ENOMEM;
        text->content = larger;
        text->capacity_bytes = larger_bytes;
    }
    memcpy(text->content + text->length, bytes, length);
    text->length += length;
    text->content[text->length] = '\0';
    return 0;
}

int http_get_text(
    Http *http, const HttpRequest *request, size_t limit_bytes, char **ret, size_t *ret_length,
    HttpResponse *ret_response, Failure *failure) {
    Text text = {.limit_bytes = limit_bytes};
    HttpRequest whole = *request;
    whole.receiver = (HttpReceiver){.begin = text_begin, .body = text_body, .userdata = &text};
    whole.whole_timeout_usec = TEXT_TIMEOUT_FACTOR * http->settings.stall_timeout_usec;

    *ret = NULL;
    *ret_length = 0;
    int r = http_get(http, &whole, ret_response, failure);
    if (r == -EFBIG)
        r = failure_set(
            failure, -EPROTO, "%s is larger than the %zu bytes that are read", request->url, limit_bytes);
    if (r >= 0 && ret_response->status / 100 == 2 && !text.content)
        r = text_body("", 0, &text); /* an empty text is one too */
    if (r == -ENOMEM)
        (void)failure_set(failure, r, "%s cannot be read: out of memory", request->url);
    if (r < 0 || ret_response->status / 100 != 2) {
        free(text.content);
        return r;
    }
    *ret = text.content;
    *ret_length = text.length;
    return 0;
}
