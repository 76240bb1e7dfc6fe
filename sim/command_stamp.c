/* `stamp`: makes a release of this executable. */
#include "sim/report.h"

int command_stamp(Program *program) {
    const Arguments *arguments = &program->arguments;
    Failure failure;

    int code = report_surplus(program, 1);
    if (code != 0)
        return code;
    if (!arguments->version || arguments->word_count == 0)
        return report_error(EXIT_CODE_USAGE, "expected: vega-sim stamp --version VERSION OUT");
    int r = stamp_write(arguments->words[0], arguments->version, &failure);
    return r < 0 ? report_error(r == -EINVAL ? EXIT_CODE_USAGE : EXIT_CODE_FAILED, "%s", failure.message) : 0;
}
