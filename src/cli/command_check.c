/* `visor check`: the preflight. */
#include "base/cleanup.h"
#include "cli/check.h"
#include "cli/error.h"

int check_wait(Check *check, const bool *done) {
    while (!*done) {
        int r = sd_event_run(check->event, UINT64_MAX);
        if (r < 0)
            return r;
    }
    return 0;
}

static void check_running_release(Check *check) {
    ReleaseCheck release = {.folder = check->folder};

    if (!check->folder) /* which is a problem already */
        return;
    check_release(check, &release);
    check->run_config = release.run_config;
    check->binary_bytes = release.binary_bytes;
    tag_copy(&check->version, release.version);
}

static void check_all(Check *check) {
    check_home(check);
    check_config(check);
    check_running_release(check);
    check_alive(check);
    check_upgrade(check);
    check_auto_install(check);
    check_disk(check);
    check_clock(check);
}

static void check_clear(Check *check) {
    (void)sd_event_unref(check->event);
    home_close(&check->home);
    config_free(check->config);
    state_clear(&check->state);
    free(check->folder);
    run_config_free(check->run_config);
    findings_clear(&check->findings);
}

ExitCode command_check(const Options *options) {
    _cleanup_(check_clear) Check check = {
        .findings = {.output = options->output, .out = stdout},
        .home = {.fd = -1, .private_fd = -1},
        .upgrade = options->tag,
    };
    Failure failure = {0};

    int r = sd_event_new(&check.event);
    if (r < 0)
        return error_report(EXIT_CODE_SYSTEM, "cannot make an event loop");
    r = home_look(options->home, &check.home, &failure);
    if (r < 0)
        check_problem(&check, CHECK_HOME, options->home, NULL, "%s", failure.message);
    else
        check_all(&check);
    ExitCode code = findings_finish(&check.findings);
    return code == EXIT_CODE_SYSTEM ? error_report(code, "out of memory") : code;
}
