#include "core/report.h"

#include <stddef.h>

const ReportText REPORT_TEXTS[REPORT_KIND_COUNT] = {
#define X(kind, level, component, members, message) [kind] = {level, component, members, message},
    REPORTS(X)
#undef X
};

static const char *const KIND_NAMES[REPORT_KIND_COUNT] = {
#define X(kind, level, component, members, message) [kind] = #kind,
    REPORTS(X)
#undef X
};

const char *report_name(ReportKind kind, char (*buffer)[REPORT_NAME_BYTES]) {
    size_t length = 0;
    for (const char *from = KIND_NAMES[kind] + sizeof "REPORT_" - 1; *from && length < sizeof *buffer - 1; from++)
        (*buffer)[length++] = (char)(*from == '_' ? '-' : *from | 0x20);
    (*buffer)[length] = '\0';
    return *buffer;
}
