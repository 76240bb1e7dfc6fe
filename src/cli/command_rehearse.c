/* `visor rehearse`: could this binary take over from the visor that runs? Looks as `visor run` would. */
#include "base/cleanup.h"
#include "build_info.h"
#include "cli/error.h"
#include "cli/options.h"
#include "config/config.h"
#include "supervisor/supervisor.h"

#include <stdio.h>

static ExitCode fail(int r, const Failure *failure) {
    ExitCode code = EXIT_CODE_CONFIG;
    if (r == -EPROTO)
        code = EXIT_CODE_NEWER_STATE;
    else if (r == -EALREADY)
        code = EXIT_CODE_NODE_ALIVE;
    else if (is_out_of_means(r))
        code = EXIT_CODE_SYSTEM;
    return error_report(code, "%s", failure->message);
}

static int read_config(const Home *home, Config **ret, Failure *failure) {
    _cleanup_free_ char *path = home_path(home, HOME_CONFIG_FILE);
    _cleanup_problems_ Problems problems = {0};
    int r = path ? config_load(path, ret, &problems) : -ENOMEM;
    if (r >= 0)
        return 0;
    return failure_set(
        failure, r, "%s cannot be used: it has %zu errors (see \"visor check\")", path ? path : "config.toml",
        problems.error_count);
}

ExitCode command_rehearse(const Options *options) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    Config *config = NULL;
    Failure failure = {0}, warning = {0};

    log_configure(LOG_FORMAT_CONSOLE, LOG_LEVEL_ERROR); /* the outcome is what is to be read, by visor above all */
    int r = home_look(options->home, &home, &failure);
    if (r < 0)
        return error_report_home(r, &failure);
    r = read_config(&home, &config, &failure);
    if (r >= 0)
        r = supervisor_rehearse(&home, config, &warning, &failure);
    if (r < 0)
        return fail(r, &failure);
    if (warning.message[0])
        (void)fprintf(
            stderr, r > 0 ? "warning: it would wait, as visor does now: %s\n" : "warning: %s\n", warning.message);
    printf("visor " VISOR_VERSION " (" VISOR_COMMIT ") can take over %s\n", home.path);
    return EXIT_CODE_OK;
}
