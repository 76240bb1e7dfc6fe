#include "cli/error.h"
#include "cli/new_home.h"
#include "cli/options.h"
#include "home/layout.h"

#include <stdio.h>

static ExitCode exit_code_of(int error) {
    switch (-error) {
    case EIO:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return EXIT_CODE_IO;
    case ENOMEM:
        return EXIT_CODE_SYSTEM;
    default:
        return EXIT_CODE_CANNOT_CREATE;
    }
}

ExitCode command_init(const Options *options) {
    Failure failure;

    int r = new_home_create(options->home, options->with_data_node, &failure);
    if (r < 0)
        return error_report(exit_code_of(r), "%s", failure.message);

    printf(
        "The home folder %s is made. What is left to do:\n"
        "  1. Put the vega binary at %s/" HOME_GENESIS_FOLDER
        "/vega, or name its place in the file of step 2.\n"
        "  2. Replace the words in angle brackets in %s/" HOME_GENESIS_FOLDER
        "/run-config.toml,\n"
        "     and make its socketPath that of the node.\n"
        "  3. Look through %s/" HOME_CONFIG_FILE
        ".\n"
        "  4. Run: visor run --home %s\n"
        "To prepare an upgrade by hand, copy " NEW_HOME_EXAMPLE_FOLDER
        " to a folder named after the release, and treat it likewise.\n",
        options->home, options->home, options->home, options->home, options->home);
    return EXIT_CODE_OK;
}
