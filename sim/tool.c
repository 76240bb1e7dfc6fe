#include "sim/tool.h"

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "sim/report.h"
#include "sim/scenario_file.h"
#include "sim/self.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_start(const Program *program, EventLog *log) {
    _cleanup_json_ json_t *self = NULL;
    _cleanup_free_ char *path = NULL;
    const char *from_environment = getenv("VEGA_SIM_LOG");
    Failure failure;

    *log = (EventLog){.fd = -1};
    if (program->arguments.home)
        path = string_format("%s/events.jsonl", program->arguments.home);
    else if (from_environment)
        path = strdup(from_environment);
    if (!path)
        return 0;
    self = self_describe(program);
    if (event_log_open(log, program, AT_FDCWD, path, &failure) < 0)
        return report_error(EXIT_CODE_FAILED, "%s", failure.message);
    event_log_write_at(log, program->main_usec, "main", TAKE_PTR(self));
    return 0;
}

int tool_begin(const Program *program, Scenario *ret) {
    _cleanup_free_ char *path = NULL;
    EventLog log;
    Failure failure;

    int code = write_start(program, &log);
    if (code != 0)
        return code;
    if (scenario_new(program, ret, &failure) < 0) {
        event_log_close(&log);
        return report_error(EXIT_CODE_USAGE, "%s", failure.message);
    }
    path = scenario_path(program);
    if (path && scenario_load(ret, path, &failure) < 0)
        event_log_write(&log, "bad-scenario", json_pack("{s:s}", "error", failure.message));
    event_log_close(&log);
    return 0;
}

int tool_misbehave(const char *how) {
    static const char LINE[] = "There is more where this came from, more than anybody wants to keep in memory.\n";
    if (streq(how, "hang"))
        for (;;)
            (void)pause();
    if (streq(how, "huge"))
        while (write_all(STDOUT_FILENO, LINE, sizeof LINE - 1) >= 0)
            ;
    if (streq(how, "garbage")) {
        (void)puts("this is no JSON");
        return 0;
    }
    if (streq(how, "fail"))
        return report_error(EXIT_CODE_FAILED, "the simulated binary fails as it was told");
    return streq(how, "huge") ? EXIT_CODE_FAILED : -1;
}
