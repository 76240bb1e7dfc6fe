#include "build_info.h"
#include "cli/options.h"

#include <stdio.h>

ExitCode command_version(const Options *options) {
    if (options->output == OUTPUT_JSON)
        printf("{\"version\":\"" VISOR_VERSION "\",\"hash\":\"" VISOR_COMMIT "\"}\n");
    else
        printf("Vega Visor CLI " VISOR_VERSION " (" VISOR_COMMIT ")\n");
    return EXIT_CODE_OK;
}
