#include "sim/report.h"

#include <stdarg.h>
#include <stdio.h>

int report_error(int code, const char *format, ...) {
    va_list arguments;
    (void)fputs("Error: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return code;
}

int report_surplus(const Program *program, size_t word_limit) {
    const Arguments *arguments = &program->arguments;
    if (arguments->unknown_flag)
        return report_error(EXIT_CODE_USAGE, "unknown flag: %s", arguments->unknown_flag);
    if (arguments->word_count > word_limit)
        return report_error(EXIT_CODE_USAGE, "unexpected argument: %s", arguments->words[word_limit]);
    return 0;
}
