#include "core/report.h"

const ReportText REPORT_TEXTS[REPORT_KIND_COUNT] = {
#define X(kind, level, component, members, message) [kind] = {level, component, members, message},
    REPORTS(X)
#undef X
};
