/* How a command says that it failed. */
#pragma once

#include "base/exit_code.h"

/**
 * Prints "Error: ..." as one line on standard error, made safe for a terminal, and returns @code, so that
 * `return error_report(EXIT_CODE_..., ...)` is one line.
 */
__attribute__((__format__(__printf__, 2, 3))) ExitCode error_report(ExitCode code, const char *format, ...);
