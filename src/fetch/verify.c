#include "fetch/verify.h"

#include "base/cleanup.h"
#include "base/strings.h"
#include "fetch/checksum_list.h"
#include "fetch/http_error.h"
#include "fetch/minisign.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char BY_PIN[] = "the pin in the configuration";
static const char BY_API[] = "the digest that the API tells";

/* The files that may list the digest, in the order of their word. "%s" is the asset's name. */
static const char *const CHECKSUM_FILES[] = {"SHA256SUMS", "%s.sha256"};
static const char SIGNATURE_FILE[] = "%s.minisig";

enum { CHECKSUM_FILE_COUNT = sizeof CHECKSUM_FILES / sizeof *CHECKSUM_FILES };

void proofs_clear(Proofs *proofs) {
    free(proofs->signature);
    *proofs = (Proofs){0};
}

/* "%s.sha256" of the asset; owned by the caller. */
static char *companion_name(const char *pattern, const char *asset) {
    const char *suffix = string_after(pattern, "%s");
    return suffix ? string_format("%s%s", asset, suffix) : strdup(pattern);
}

static bool lists(const ApiRelease *release, const Request *request, const char *pattern) {
    _cleanup_free_ char *name = companion_name(pattern, request->asset);
    return name && api_release_find(release, name);
}

static bool wants_published(const Request *request) {
    return !*request->sha256 && request->verify != VERIFY_OFF;
}

bool verify_can(const ApiRelease *release, const Request *request, const ApiAsset *asset) {
    bool has_checksum = !wants_published(request) || *asset->sha256;
    for (size_t i = 0; i < CHECKSUM_FILE_COUNT && !has_checksum; i++)
        has_checksum = lists(release, request, CHECKSUM_FILES[i]);
    return has_checksum && (!*request->public_key || lists(release, request, SIGNATURE_FILE));
}

/* --- what there is ---------------------------------------------------------------------------------------------
 */

/* Gets a small file of the release. Returns 0; 1 if there is none. */
static int get_companion(
    Http *http, const Request *request, const Found *found, const char *name, size_t limit_bytes, char **ret,
    size_t *ret_length, unsigned *ret_retry_after_seconds, Failure *failure) {
    _cleanup_place_ Place place = {0};
    HttpResponse response;
    int r = found_place(found, request, name, &place);
    if (r != 0)
        return r < 0 ? failure_set(failure, r, "out of memory") : 1;
    const HttpRequest ask = {.url = place.url, .least_scheme = place.least_scheme, .accept = place.accept};
    r = http_get_text(http, &ask, limit_bytes, ret, ret_length, &response, failure);
    if (r < 0)
        return r;
    if (*ret)
        return 0;
    *ret_retry_after_seconds = response.retry_after_seconds;
    r = http_error_status(place.url, response.status, response.excerpt, failure);
    return r == -ENOENT && !found->from_api ? 1 : r;
}

/* Returns 0; 1 if this file is not there or does not name the asset. */
static int gather_from_list(
    Http *http, const Request *request, const Found *found, const char *pattern, Proofs *proofs, Failure *failure) {
    _cleanup_free_ char *name = companion_name(pattern, request->asset);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (!name)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = get_companion(
        http, request, found, name, CHECKSUM_LIST_BYTES_MAX, &text, &length, &proofs->retry_after_seconds, failure);
    if (r != 0)
        return r;
    r = checksum_list_find(text, length, request->asset, &proofs->sha256, failure);
    if (r < 0)
        return failure_prefix(failure, r, "%s of release %s cannot be used", name, request->tag);
    (void)snprintf(proofs->against, sizeof proofs->against, "%s of the release", name);
    return r;
}

static int
gather_published(Http *http, const Request *request, const Found *found, Proofs *proofs, Failure *failure) {
    for (size_t i = 0; i < CHECKSUM_FILE_COUNT; i++) {
        int r = gather_from_list(http, request, found, CHECKSUM_FILES[i], proofs, failure);
        if (r <= 0)
            return r;
    }
    proofs->sha256[0] = '\0';
    if (request->verify != VERIFY_REQUIRE || *request->public_key) /* a signature is more than a checksum */
        return 0;
    return failure_set(
        failure, -ENOKEY,
        "release %s publishes no checksum of %s, and autoInstall.verify is \"require\": pin its SHA-256 in "
        "autoInstall.asset.sha256, or set verify to \"prefer\"",
        request->tag, request->asset);
}

static void take_digest(Proofs *proofs, const char *sha256, const char *against) {
    for (size_t i = 0; sha256[i]; i++) /* a pin may be written in capitals */
        proofs->sha256[i] = (char)(sha256[i] >= 'A' && sha256[i] <= 'F' ? sha256[i] - 'A' + 'a' : sha256[i]);
    (void)snprintf(proofs->against, sizeof proofs->against, "%s", against);
}

static int
gather_signature(Http *http, const Request *request, const Found *found, Proofs *proofs, Failure *failure) {
    _cleanup_free_ char *name = companion_name(SIGNATURE_FILE, request->asset);
    if (!name)
        return failure_set(failure, -ENOMEM, "out of memory");
    int r = get_companion(
        http, request, found, name, MINISIGN_TEXT_BYTES_MAX, &proofs->signature, &proofs->signature_length,
        &proofs->retry_after_seconds, failure);
    if (r <= 0)
        return r;
    return failure_set(
        failure, -ENOKEY,
        "release %s has no %s, but autoInstall.asset.publicKey asks for it: have it signed, or remove the key",
        request->tag, name);
}

int verify_gather(Http *http, const Request *request, const Found *found, Proofs *ret, Failure *failure) {
    int r = 0;
    *ret = (Proofs){0};
    if (*request->sha256)
        take_digest(ret, request->sha256, BY_PIN);
    else if (wants_published(request) && *found->sha256)
        take_digest(ret, found->sha256, BY_API);
    else if (wants_published(request))
        r = gather_published(http, request, found, ret, failure);
    if (r >= 0 && *request->public_key)
        r = gather_signature(http, request, found, ret, failure);
    return r;
}

/* --- do they hold? ---------------------------------------------------------------------------------------------
 */

static int tell(Progress *progress, const char *against, const char *sha256, json_t *verified, Failure *failure) {
    if (json_array_append_new(verified, json_string(against)) < 0)
        return failure_set(failure, -ENOMEM, "out of memory");
    return progress_event(
        progress, json_pack("{s:s, s:s, s:s}", "event", "verified", "against", against, "sha256", sha256));
}

static int verify_digest(
    const Request *request, const Proofs *proofs, const char *sha256, Progress *progress, json_t *verified,
    Failure *failure) {
    if (streq(proofs->sha256, sha256))
        return tell(progress, proofs->against, sha256, verified, failure);
    return failure_set(
        failure, -EKEYREJECTED,
        "WRONG CHECKSUM: %s of release %s has SHA-256 %s, but %s says %s; it was thrown away. If this stays so, ask "
        "those who made the release, and do not install it",
        request->asset, request->tag, sha256, proofs->against, proofs->sha256);
}

/* What minisign's progress and ours are glued with. */
typedef struct Reading {
    Progress *progress;
    uint64_t of_bytes;
} Reading;

static void on_signature_progress(uint64_t bytes, void *userdata) {
    Reading *reading = userdata;
    (void)!progress_set(reading->progress, PHASE_VERIFY, bytes, reading->of_bytes); /* the next event fails too */
}

static int verify_signature(
    const Request *request, const Proofs *proofs, const char *sha256, int asset_fd, Progress *progress,
    json_t *verified, Failure *failure) {
    char comment[MINISIGN_COMMENT_BYTES];
    char against[MINISIGN_COMMENT_BYTES + 64];
    Reading reading = {.progress = progress, .of_bytes = BYTES_UNKNOWN};
    int r = minisign_verify(
        request->public_key, proofs->signature, proofs->signature_length, asset_fd, on_signature_progress, &reading,
        &comment, failure);
    if (r < 0)
        return failure_prefix(
            failure, r,
            r == -EKEYREJECTED ? "WRONG SIGNATURE: %s of release %s was thrown away"
                               : "the signature of %s of release %s cannot be checked",
            request->asset, request->tag);
    (void)snprintf(against, sizeof against, "its minisign signature (%s)", comment);
    return tell(progress, against, sha256, verified, failure);
}

int verify_asset(
    const Request *request, const Proofs *proofs, const char *sha256, int asset_fd, Progress *progress,
    json_t *verified, Failure *failure) {
    int r = 0;
    if (*proofs->sha256)
        r = verify_digest(request, proofs, sha256, progress, verified, failure);
    if (r >= 0 && proofs->signature)
        r = verify_signature(request, proofs, sha256, asset_fd, progress, verified, failure);
    if (r >= 0 && !*proofs->sha256 && request->verify != VERIFY_OFF && !proofs->signature) {
        (void)failure_set(
            failure, 0,
            "Release %s publishes no checksum of %s: it is installed unverified. Pin its SHA-256 in "
            "autoInstall.asset.sha256 to be sure",
            request->tag, request->asset);
        r = progress_warning(progress, failure->message);
    }
    return r;
}

/* --- what could be ----------------------------------------------------------------------------------------------
 */

static int append_words(json_t *list, const char *words) {
    return json_array_append_new(list, json_string(words)) < 0 ? -ENOMEM : 0;
}

static int list_checksum(
    Http *http, const Request *request, const Found *found, const char *pattern, json_t *list, Failure *failure) {
    _cleanup_proofs_ Proofs proofs = {0};
    int r = gather_from_list(http, request, found, pattern, &proofs, failure);
    if (r == -EBADMSG && json_array_size(list) > 0) /* then a fetch does not even read it */
        return 0;
    return r == 0 ? append_words(list, proofs.against) : r < 0 ? r : 0;
}

static int list_signature(Http *http, const Request *request, const Found *found, json_t *list, Failure *failure) {
    _cleanup_proofs_ Proofs proofs = {0};
    _cleanup_free_ char *words = string_format("%s.minisig of the release", request->asset);
    int r = words ? gather_signature(http, request, found, &proofs, failure) : -ENOMEM;
    return r < 0 ? r : append_words(list, words);
}

int verify_list(Http *http, const Request *request, const Found *found, json_t **ret, Failure *failure) {
    _cleanup_json_ json_t *list = json_array();
    int r = list ? 0 : -ENOMEM;
    if (r >= 0 && *request->sha256 && json_array_append_new(list, json_string(BY_PIN)) < 0)
        r = -ENOMEM;
    if (r >= 0 && *found->sha256 && json_array_append_new(list, json_string(BY_API)) < 0)
        r = -ENOMEM;
    for (size_t i = 0; i < CHECKSUM_FILE_COUNT && r >= 0; i++)
        r = list_checksum(http, request, found, CHECKSUM_FILES[i], list, failure);
    if (r >= 0 && *request->public_key)
        r = list_signature(http, request, found, list, failure);
    if (r == -ENOMEM)
        return failure_set(failure, r, "out of memory");
    if (r >= 0)
        *ret = TAKE_PTR(list);
    return r;
}
