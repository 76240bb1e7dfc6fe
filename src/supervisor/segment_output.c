#include "supervisor/segment_output.h"

#include "base/json.h"
#include "base/strings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *output, json_t **ret, Failure *failure) {
    char printable[JSON_ERROR_TEXT_LENGTH];
    json_error_t error;
    *ret = json_loads(output, 0, &error);
    if (!*ret)
        return failure_set(
            failure, -EBADMSG, "it printed no JSON (%s)",
            string_printable(printable, sizeof printable, error.text));
    return 0;
}

/* Only digits, no sign, no blanks, within 63 bits: it becomes an argument of the node. */
static int parse_height(const json_t *height, uint64_t *ret) {
    const char *text = json_string_value(height);
    if (json_is_integer(height)) {
        *ret = (uint64_t)json_integer_value(height);
        return json_integer_value(height) >= 0 ? 0 : -EBADMSG;
    }
    if (!text || !*text || strspn(text, "0123456789") != strlen(text))
        return -EBADMSG;
    errno = 0;
    *ret = strtoull(text, NULL, 10);
    return errno == 0 && *ret <= INT64_MAX ? 0 : -EBADMSG;
}

int segment_output_parse(const char *output, uint64_t *ret_height_blocks, Failure *failure) {
    _cleanup_json_ json_t *root = NULL;
    int r = parse(output, &root, failure);
    if (r < 0)
        return r;
    r = parse_height(json_object_get(json_object_get(root, "LatestSegment"), "to_height"), ret_height_blocks);
    if (r < 0)
        return failure_set(failure, r, "it printed JSON without a height in \"LatestSegment\": \"to_height\"");
    return 0;
}

bool segment_output_says_none(const char *text) {
    return strstr(text, "no history segments found") != NULL;
}
