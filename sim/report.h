/* Errors for a person, as the real node prints them: `Error: ...` on standard error. */
#pragma once

#include "sim/commands.h"

/** Prints the error and returns @code. */
__attribute__((__format__(__printf__, 2, 3))) int report_error(int code, const char *format, ...);

/**
 * For the sim's own commands, which know all their flags: refuses a flag that is unknown and any word more than
 * @word_limit. Returns 0, or EXIT_CODE_USAGE after it was reported.
 */
MUST_USE int report_surplus(const Program *program, size_t word_limit);
