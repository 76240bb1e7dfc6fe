/* `version`: tells the release that was stamped in, or lies about it. */
#include "base/clock.h"
#include "base/strings.h"
#include "sim/hash.h"
#include "sim/report.h"
#include "sim/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int print_version(const char *version, bool as_json) {
    if (!as_json) {
        /* The real node prints the commit of its source there. */
        (void)printf("Vega CLI %s (%016" PRIx64 ")\n", version, hash_text(version));
        return 0;
    }
    _cleanup_json_ json_t *answer = json_pack("{s:s}", "version", version);
    char digits[17];
    (void)snprintf(digits, sizeof digits, "%016" PRIx64, hash_text(version));
    (void)json_object_set_new(answer, "hash", json_string(digits));
    (void)json_dumpf(answer, stdout, JSON_COMPACT);
    (void)putchar('\n');
    return 0;
}

static int answer(const Program *program, const Scenario *scenario, bool as_json) {
    const json_t *wanted = scenario_find(scenario, "version_answer");
    const json_t *lie = json_object_get(wanted, "version");
    uint64_t delay_usec = scenario_usec(scenario, "version_delay_ms");
    struct timespec delay = {
        .tv_sec = (time_t)(delay_usec / USEC_PER_SEC),
        .tv_nsec = (long)(delay_usec % USEC_PER_SEC * 1000),
    };

    (void)nanosleep(&delay, NULL);
    if (json_is_string(wanted))
        return tool_misbehave(json_string_value(wanted));
    return print_version(lie ? json_string_value(lie) : program->version.text, as_json);
}

int command_version(Program *program) {
    const char *output = program->arguments.output ? program->arguments.output : "human";
    Scenario scenario;

    if (!streq(output, "human") && !streq(output, "json"))
        return report_error(EXIT_CODE_USAGE, "--output %s: expected human or json", output);
    int code = tool_begin(program, &scenario);
    if (code != 0)
        return code;
    code = answer(program, &scenario, streq(output, "json"));
    scenario_free(&scenario);
    return code;
}
