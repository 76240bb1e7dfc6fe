/* How a command says that it failed. */
#pragma once

#include "base/exit_code.h"
#include "base/failure.h"

/**
 * Prints "Error: ..." as one line on standard error, made safe for a terminal, and returns @code, so that
 * `return error_report(EXIT_CODE_..., ...)` is one line.
 */
__attribute__((__format__(__printf__, 2, 3))) ExitCode error_report(ExitCode code, const char *format, ...);

/** The same for a home that cannot be used, by the @r (below 0) and the @failure of home_open() or home_look(). */
ExitCode error_report_home(int r, const Failure *failure);
