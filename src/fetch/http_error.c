#include "fetch/http_error.h"

#include "base/clock.h"
#include "base/json.h"
#include "fetch/url.h"

#include <inttypes.h>
#include <string.h>

/* The query of a signed link is a key: only scheme, host and path are told. */
#define PLACE(url) (int)strcspn(url, "?"), url

/* X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED of x509_vfy.h, without linking for two numbers. */
enum {
    CERTIFICATE_NOT_YET_VALID = 9,
    CERTIFICATE_EXPIRED = 10,
};

static int describe_certificate(CURL *easy, const char *text, const char *url, Failure *failure) {
    long verdict = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    bool clock_matters = verdict == CERTIFICATE_NOT_YET_VALID || verdict == CERTIFICATE_EXPIRED;
    return failure_set(
        failure, -EKEYREJECTED, "the certificate of %.*s is not trusted: %s; %s", PLACE(url), text,
        clock_matters ? "is the clock of this machine right?"
                      : "if the server is yours, name its CA in SSL_CERT_FILE; if not, somebody is in between");
}

int http_error_describe(CURL *easy, CURLcode code, const char *text, const char *url, Failure *failure) {
    const char *word = *text ? text : curl_easy_strerror(code);
    switch ((int)code) {
    case CURLE_OUT_OF_MEMORY:
        return failure_set(failure, -ENOMEM, "%.*s cannot be fetched: out of memory", PLACE(url));
    case CURLE_PEER_FAILED_VERIFICATION:
        return describe_certificate(easy, word, url, failure);
    case CURLE_SSL_CACERT_BADFILE:
        return failure_set(
            failure, -EKEYREJECTED, "%.*s cannot be trusted: %s; install ca-certificates or correct SSL_CERT_FILE",
            PLACE(url), word);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return failure_set(
            failure, -EHOSTUNREACH, "%.*s cannot be reached: %s; correct the proxy in the environment", PLACE(url),
            word);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return failure_set(failure, -EHOSTUNREACH, "%.*s cannot be reached: %s", PLACE(url), word);
    case CURLE_OPERATION_TIMEDOUT:
        return failure_set(failure, -ETIMEDOUT, "%.*s does not answer: %s", PLACE(url), word);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return failure_set(failure, -ECONNRESET, "the connection to %.*s was cut: %s", PLACE(url), word);
    default:
        return failure_set(failure, -EPROTO, "%.*s cannot be fetched: %s", PLACE(url), word);
    }
}

int http_error_stalled(const char *url, uint64_t usec, Failure *failure) {
    return failure_set(
        failure, -ETIMEDOUT, "%.*s sent nothing more within %" PRIu64 " s (autoInstall.stallTimeoutSeconds)",
        PLACE(url), usec / USEC_PER_SEC);
}

static int status_error(unsigned status) {
    if (status == 404 || status == 410)
        return -ENOENT;
    if (status == 401 || status == 403)
        return -EACCES;
    return status == 429 || status / 100 == 5 ? -EAGAIN : -EPROTO;
}

int http_error_status(const char *what, unsigned status, const char *excerpt, Failure *failure) {
    _cleanup_json_ json_t *answer = json_loads(excerpt, 0, NULL);
    const char *message = json_string_value(json_object_get(answer, "message"));
    bool about_token = status_error(status) == -EACCES && strncmp(what, "http", 4) == 0;
    const char *cure = about_token ? "; is the token of autoInstall.tokenFile right?" : "";
    return failure_set(
        failure, status_error(status), "%.*s answers %u%s%.200s%s", PLACE(what), status, message ? ": " : "",
        message ? message : "", cure);
}
