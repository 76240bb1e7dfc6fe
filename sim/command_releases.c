/* `releases`: plays GitHub, or whoever serves releases. */
#include "base/cleanup.h"
#include "sim/release_rules.h"
#include "sim/release_server.h"
#include "sim/report.h"
#include "sim/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

/* Returns -EINVAL. */
static int read_port(const char *text, uint16_t *ret, Failure *failure) {
    char *end;
    *ret = 0;
    if (!text)
        return 0;
    long port = strtol(text, &end, 10);
    if (end == text || *end != '\0' || port < 0 || port > UINT16_MAX)
        return failure_set(failure, -EINVAL, "--port %s: no port", text);
    *ret = (uint16_t)port;
    return 0;
}

static int serve(const Program *program, const EventLog *log, Failure *failure) {
    ReleaseServer *server = NULL;
    Scenario scenario;
    uint16_t port;

    if (read_port(program->arguments.port, &port, failure) < 0 ||
        scenario_new_of(&RELEASE_SCENARIO, program, &scenario, failure) < 0)
        return EXIT_CODE_USAGE;
    int r = release_server_new(program, &scenario, log, port, &server, failure);
    if (r >= 0)
        r = release_server_run(server, failure);
    (void)release_server_free(server);
    scenario_free(&scenario);
    return r < 0 ? EXIT_CODE_FAILED : 0;
}

int command_releases(Program *program) {
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    EventLog log = {.fd = -1};
    Failure failure = {0};

    int code = report_surplus(program, 0);
    if (code != 0)
        return code;
    if (!program->arguments.folder)
        return report_error(
            EXIT_CODE_USAGE,
            "expected: vega-sim releases --folder DIR [--port N] [--token T] [--log FILE] "
            "[--scenario FILE] [--set KEY=VALUE]");
    signals_block();
    (void)sigaction(SIGPIPE, &ignored, NULL); /* sendfile has no flag for it */
    if (program->arguments.log && event_log_open(&log, program, AT_FDCWD, program->arguments.log, &failure) < 0)
        return report_error(EXIT_CODE_FAILED, "%s", failure.message);
    code = serve(program, &log, &failure);
    if (*failure.message)
        (void)report_error(code, "%s", failure.message);
    event_log_write(&log, "exit", json_pack("{s:i}", "code", code));
    event_log_close(&log);
    return code;
}
