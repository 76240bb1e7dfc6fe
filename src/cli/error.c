#include "cli/error.h"

#include "base/strings.h"

#include <stdarg.h>
#include <stdio.h>

ExitCode error_report(ExitCode code, const char *format, ...) {
    char message[4096];
    char printable[4096];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "Error: %s\n", string_printable(printable, sizeof printable, message));
    return code;
}

ExitCode error_report_home(int r, const Failure *failure) {
    ExitCode code = EXIT_CODE_IO;
    if (r == -ENOENT)
        code = EXIT_CODE_NO_HOME;
    else if (is_out_of_means(r))
        code = EXIT_CODE_SYSTEM;
    return error_report(code, "%s", failure->message);
}
