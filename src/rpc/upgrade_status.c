#include "rpc/upgrade_status.h"

#include "rpc/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char METHOD[] = "protocolupgrade.UpgradeStatus";

size_t upgrade_status_request(char *buffer, size_t size_bytes, uint64_t id) {
    int length =
        snprintf(buffer, size_bytes, "{\"method\":\"%s\",\"params\":[null],\"id\":%" PRIu64 "}", METHOD, id);
    if (length < 0 || size_bytes == 0)
        return 0;
    return (size_t)length < size_bytes ? (size_t)length : size_bytes - 1;
}

/* An error is a string with gorilla/rpc's JSON codec, an object with its JSON-RPC 2.0 one. */
static int refuse_error(const json_t *error, Failure *failure) {
    const json_t *message = json_object_get(error, "message");
    const json_t *shown = json_is_string(message) ? message : error;
    char quote[ANSWER_QUOTE_BYTES];
    return failure_set(
        failure, -EBADMSG, "the node answers with an error: %s", answer_quote(quote, sizeof quote, shown));
}

static int check_envelope(const json_t *answer, uint64_t id, Failure *failure) {
    const json_t *error = json_object_get(answer, "error");
    const json_t *answer_id = json_object_get(answer, "id");
    char quote[ANSWER_QUOTE_BYTES];

    if (error && !json_is_null(error))
        return refuse_error(error, failure);
    if (!json_is_integer(answer_id) || json_integer_value(answer_id) < 0 ||
        (uint64_t)json_integer_value(answer_id) != id)
        return failure_set(
            failure, -EBADMSG, "the answer is for another question: its id is %s, %" PRIu64 " was asked",
            answer_quote(quote, sizeof quote, answer_id), id);
    return 0;
}

static int read_tag(const json_t *release, UpgradeStatus *status, Failure *failure) {
    const json_t *tag = json_object_get(release, "VegaReleaseTag");
    char quote[ANSWER_QUOTE_BYTES];

    if (!json_is_string(tag))
        return answer_refuse_member("VegaReleaseTag", "a string", tag, failure);
    if (json_string_length(tag) > RELEASE_TAG_MAX)
        return failure_set(
            failure, -EBADMSG, "the answer's VegaReleaseTag has %zu bytes, at most %d are a tag: %s",
            json_string_length(tag), RELEASE_TAG_MAX, answer_quote(quote, sizeof quote, tag));
    tag_copy(&status->tag, json_string_value(tag));
    status->has_release = *status->tag != '\0';
    return 0;
}

static int read_height(const json_t *release, UpgradeStatus *status, Failure *failure) {
    const json_t *height = json_object_get(release, "UpgradeBlockHeight");
    if (!json_is_integer(height) || json_integer_value(height) < 0)
        return answer_refuse_member("UpgradeBlockHeight", "a block height", height, failure);
    status->height_blocks = status->has_release ? (uint64_t)json_integer_value(height) : 0;
    return 0;
}

static int read_release(const json_t *result, UpgradeStatus *status, Failure *failure) {
    const json_t *release = json_object_get(result, "AcceptedReleaseInfo");
    if (!release || json_is_null(release)) /* before the core's first block */
        return 0;
    if (!json_is_object(release))
        return answer_refuse_member("AcceptedReleaseInfo", "an object or null", release, failure);
    int r = read_tag(release, status, failure);
    return r < 0 ? r : read_height(release, status, failure);
}

static int read_result(const json_t *answer, UpgradeStatus *status, Failure *failure) {
    const json_t *result = json_object_get(answer, "result");
    const json_t *ready = json_object_get(result, "ReadyToUpgrade");
    if (!json_is_object(result))
        return answer_refuse_member("result", "an object", result, failure);
    if (!json_is_boolean(ready))
        return answer_refuse_member("ReadyToUpgrade", "true or false", ready, failure);
    status->ready = json_is_true(ready);
    return read_release(result, status, failure);
}

int upgrade_status_parse(const char *body, size_t length, uint64_t id, UpgradeStatus *ret, Failure *failure) {
    _cleanup_json_ json_t *answer = NULL;
    UpgradeStatus status = {0};
    int r;

    r = answer_parse(body, length, &answer, failure);
    if (r >= 0)
        r = check_envelope(answer, id, failure);
    if (r >= 0)
        r = read_result(answer, &status, failure);
    if (r >= 0)
        *ret = status;
    return r;
}
