/* `network-history latest-history-segment`: how far the data node's history reaches. */
#include "base/strings.h"
#include "sim/report.h"
#include "sim/tool.h"

#include <inttypes.h>
#include <stdio.h>

/* The height is a string in some releases of the real node and a number in others. */
static int print_segment(int64_t height, const char *quote) {
    (void)printf("{\"LatestSegment\":{\"to_height\":%s%" PRId64 "%s}}\n", quote, height, quote);
    return 0;
}

static int answer(const json_t *segment) {
    const char *word = json_is_string(segment) ? json_string_value(segment) : "none";

    if (json_is_integer(segment))
        return print_segment(json_integer_value(segment), "\"");
    if (json_is_object(segment))
        return print_segment(json_integer_value(json_object_get(segment, "number")), "");
    if (streq(word, "none"))
        return report_error(EXIT_CODE_FAILED, "no history segments found");
    if (streq(word, "null")) {
        (void)puts("{\"LatestSegment\":null}");
        return 0;
    }
    return tool_misbehave(word);
}

int command_segment(Program *program) {
    Scenario scenario;
    int code = tool_begin(program, &scenario);
    if (code != 0)
        return code;
    code = answer(scenario_find(&scenario, "segment"));
    scenario_free(&scenario);
    return code;
}
