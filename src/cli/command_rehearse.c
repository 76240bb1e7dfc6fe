/* `visor rehearse`: could this binary take over from the visor that runs? Reads what that would leave to it. */
#include "base/cleanup.h"
#include "build_info.h"
#include "cli/error.h"
#include "cli/options.h"
#include "config/config.h"
#include "config/run_config.h"
#include "home/process_record.h"
#include "home/state.h"

#include <stdio.h>

static ExitCode fail(int r, const Failure *failure) {
    return error_report(r == -EPROTO ? EXIT_CODE_NEWER_STATE : EXIT_CODE_CONFIG, "%s", failure->message);
}

static int read_config(const Home *home, Failure *failure) {
    _cleanup_free_ char *path = home_path(home, HOME_CONFIG_FILE);
    _cleanup_problems_ Problems problems = {0};
    _cleanup_config_ Config *config = NULL;
    int r = path ? config_load(path, &config, &problems) : -ENOMEM;
    if (r >= 0)
        return 0;
    return failure_set(
        failure, r, "%s cannot be used: it has %zu errors (see \"visor check\")", path ? path : "config.toml",
        problems.error_count);
}

static int read_run_config(const char *folder, Failure *failure) {
    _cleanup_problems_ Problems problems = {0};
    _cleanup_run_config_ RunConfig *run_config = NULL;
    int r = run_config_load(folder, &run_config, &problems);
    if (r >= 0)
        return 0;
    return failure_set(
        failure, r,
        "the run-config.toml in %s, which runs, cannot be used: it has %zu errors (see \"visor check\")", folder,
        problems.error_count);
}

static int read_state(const Home *home, Failure *failure) {
    _cleanup_state_ State state;
    int r = state_load(home, &state, failure);
    return r < 0 ? r : 0; /* a damaged one is rebuilt from the rest */
}

static int read_record(const Home *home, ProcessName name, Failure *failure) {
    _cleanup_process_record_ ProcessRecord record;
    int r = process_record_load(home, name, &record, failure);
    if (r != 0)
        return r < 0 ? r : 0; /* the node is down */
    return read_run_config(record.folder, failure);
}

ExitCode command_rehearse(const Options *options) {
    _cleanup_home_ Home home = {.fd = -1, .private_fd = -1};
    Failure failure = {0};

    int r = home_look(options->home, &home, &failure);
    if (r < 0)
        return error_report_home(r, &failure);
    r = read_config(&home, &failure);
    if (r >= 0)
        r = read_state(&home, &failure);
    for (ProcessName name = 0; name < PROCESS_COUNT && r >= 0; name++)
        r = read_record(&home, name, &failure);
    if (r < 0)
        return fail(r, &failure);
    printf("visor " VISOR_VERSION " (" VISOR_COMMIT ") can take over %s\n", home.path);
    return EXIT_CODE_OK;
}
