#include "sim/answer.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/strings.h"

#include <string.h>

enum { LONG_TAG_CHARACTERS = 10000, NESTING = 30000 };

/* A client that believes a wrong answer stops the node, and then a test sees it. */
#define TRUSTED "{\"VegaReleaseTag\":\"v9.9.9\",\"UpgradeBlockHeight\":5}"

static char *answer(const char *info, const char *ready, const char *id) {
    return string_format(
        "{\"result\":{\"AcceptedReleaseInfo\":%s,\"ReadyToUpgrade\":%s},\"error\":null,\"id\":%s}", info, ready,
        id);
}

static char *answer_truly(const ChainStatus *status, const char *id) {
    _cleanup_json_ json_t *info = status->has_info ? json_pack(
                                                         "{s:s, s:I}", "VegaReleaseTag", status->tag,
                                                         "UpgradeBlockHeight", (json_int_t)status->height)
                                                   : json_null();
    _cleanup_free_ char *text = json_dumps(info, JSON_COMPACT | JSON_ENCODE_ANY);
    return text ? answer(text, status->ready ? "true" : "false", id) : NULL;
}

static char *answer_with_release(const char *tag, const char *height, const char *id) {
    _cleanup_free_ char *info = string_format("{\"VegaReleaseTag\":\"%s\",\"UpgradeBlockHeight\":%s}", tag, height);
    return info ? answer(info, "true", id) : NULL;
}

static char *repeat(char character, size_t times) {
    char *text = calloc(times + 1, 1);
    return text ? memset(text, character, times) : NULL;
}

static char *answer_with_long_tag(const char *id) {
    _cleanup_free_ char *tag = repeat('v', LONG_TAG_CHARACTERS);
    return tag ? answer_with_release(tag, "5", id) : NULL;
}

static char *answer_with_id(const char *before_id, const char *id) {
    _cleanup_free_ char *other = string_format("%s%s%s", before_id, id, *before_id == '"' ? "\"" : "");
    return other ? answer(TRUSTED, "true", other) : NULL;
}

char *answer_body(Fault fault, const ChainStatus *status, const char *id) {
    switch (fault) {
    case FAULT_HTML:
        return strdup("<!DOCTYPE html><html><body>It works!</body></html>");
    case FAULT_NO_JSON:
        return strdup("all is well");
    case FAULT_ARRAY:
        return strdup("[1,2,3]");
    case FAULT_DEEP_JSON:
        return repeat('[', NESTING);
    case FAULT_NULL_RESULT:
        return string_format("{\"result\":null,\"error\":null,\"id\":%s}", id);
    case FAULT_STRING_ERROR:
        return string_format("{\"result\":null,\"error\":\"rpc: no such service\",\"id\":%s}", id);
    case FAULT_OBJECT_ERROR:
        return string_format("{\"result\":null,\"error\":{\"code\":-32601,\"message\":\"no\"},\"id\":%s}", id);
    case FAULT_WRONG_ID:
        return answer_with_id("9", id);
    case FAULT_STRING_ID:
        return answer_with_id("\"", id);
    case FAULT_BIG_HEIGHT:
        return answer_with_release("v9.9.9", "9223372036854775813", id);
    case FAULT_NEGATIVE_HEIGHT:
        return answer_with_release("v9.9.9", "-1", id);
    case FAULT_FLOAT_HEIGHT:
        return answer_with_release("v9.9.9", "1.5", id);
    case FAULT_READY_WITHOUT_INFO:
        return answer("null", "true", id);
    case FAULT_LONG_TAG:
        return answer_with_long_tag(id);
    case FAULT_NUL_TAG:
        return answer_with_release("v1\\u0000.0.0", "5", id);
    case FAULT_BAD_UTF8:
        return answer_with_release("v1\xff\xfe", "5", id);
    case FAULT_NONE:
    case FAULT_HANG:
    case FAULT_REFUSE:
    case FAULT_CLOSE:
    case FAULT_404:
    case FAULT_500:
    case FAULT_EMPTY:
    case FAULT_HALF:
    case FAULT_HUGE:
    case FAULT_HUGE_HEADER:
    case FAULT_TRICKLE:
    case FAULT_BAD_CHUNK:
    case FAULT_NEGATIVE_LENGTH:
    case FAULT_TWO_LENGTHS:
    case FAULT_HTTP_1_0:
    case FAULT_CHUNKED:
    case FAULT_KEEPALIVE_CLOSE:
    case FAULT_CONTINUE:
    case FAULT_COUNT:
        break;
    }
    return answer_truly(status, id);
}
