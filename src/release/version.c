#include "release/version.h"

#include "base/json.h"
#include "base/strings.h"

enum { TIMEOUT_USEC = 30 * 1000 * 1000 }; /* a cold start of a large binary on a slow disk takes seconds */

ToolRequest version_request(const char *path) {
    static const char *const ARGUMENTS[] = {"version", "--output", "json", NULL};
    return (ToolRequest){.path = path, .arguments = ARGUMENTS, .timeout_usec = TIMEOUT_USEC};
}

int version_output_parse(const char *output, char (*ret_tag)[RELEASE_TAG_MAX + 1], Failure *failure) {
    _cleanup_json_ json_t *root = NULL;
    char printable[JSON_ERROR_TEXT_LENGTH];
    json_error_t error;

    root = json_loads(output, 0, &error);
    if (!root)
        return failure_set(
            failure, -EBADMSG, "it printed no JSON (%s)",
            string_printable(printable, sizeof printable, error.text));
    const char *version = json_string_value(json_object_get(root, "version"));
    if (!version)
        return failure_set(failure, -EBADMSG, "it printed JSON without a \"version\"");
    if (!tag_is_plain(version))
        return failure_set(failure, -EBADMSG, "it printed a \"version\" that is no plain version name");
    tag_copy(ret_tag, version);
    return 0;
}
