#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_set(Failure *failure, int code, const char *format, ...) {
    if (failure) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(failure->message, sizeof failure->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

int failure_cure(Failure *failure, int code, const char *cure) {
    if (failure) {
        size_t used_bytes = strlen(failure->message);
        (void)snprintf(failure->message + used_bytes, sizeof failure->message - used_bytes, ": %s", cure);
    }
    return code;
}

int failure_prefix(Failure *failure, int code, const char *format, ...) {
    if (failure) {
        Failure cause = *failure;
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(failure->message, sizeof failure->message, format, arguments);
        va_end(arguments);

        size_t used_bytes = strlen(failure->message);
        (void)snprintf(
            failure->message + used_bytes, sizeof failure->message - used_bytes, ": %.*s",
            (int)sizeof cause.message - 1, cause.message);
    }
    return code;
}
