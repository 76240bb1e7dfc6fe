#include "sim/http_condition.h"

#include "base/strings.h"

#include <string.h>

static const char DATE_FORMAT[] = "%a, %d %b %Y %H:%M:%S GMT";

void http_date_format(time_t seconds, char (*ret)[HTTP_DATE_BYTES]) {
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(*ret, sizeof *ret, DATE_FORMAT, &parts);
}

static bool read_date(const char *text, time_t *ret) {
    struct tm parts = {0};
    const char *end = strptime(text, DATE_FORMAT, &parts);
    if (!end || *end != '\0')
        return false;
    *ret = timegm(&parts);
    return true;
}

static const char *without_weakness(const char *etag) {
    const char *opaque = string_after(etag, "W/");
    return opaque ? opaque : etag;
}

/* Is @etag one of the comma-separated @list? */
static bool is_listed(const char *list, const char *etag) {
    const char *opaque = without_weakness(etag);
    size_t length = strlen(opaque);
    while (*list) {
        list += strspn(list, " \t,");
        const char *candidate = without_weakness(list);
        if (strncmp(candidate, opaque, length) == 0 &&
            strspn(candidate + length, " \t") == strcspn(candidate + length, ","))
            return true;
        const char *quote = *candidate == '"' ? strchr(candidate + 1, '"') : NULL;
        list = quote ? quote + 1 : list + strcspn(list, ",");
    }
    return false;
}

bool http_is_unchanged(const HttpRequest *request, const HttpValidator *validator) {
    time_t since;
    if (*request->if_none_match)
        return streq(request->if_none_match, "*") || is_listed(request->if_none_match, validator->etag);
    return validator->modified >= 0 && read_date(request->if_modified_since, &since) &&
           validator->modified <= since;
}

bool http_if_range_holds(const HttpRequest *request, const HttpValidator *validator) {
    const char *wanted = request->if_range;
    time_t date;
    if (*wanted == '\0')
        return true;
    if (*wanted == '"')
        return streq(wanted, validator->etag);
    return validator->modified >= 0 && read_date(wanted, &date) && date == validator->modified;
}
