#include "fetch/http_header.h"

#include "base/strings.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

/* Digits only: strtoull would take blanks, signs and what does not fit. Returns what follows them, or NULL. */
static const char *parse_number(const char *text, uint64_t *ret) {
    uint64_t number = 0;
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (; isdigit((unsigned char)*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (INT64_MAX - digit) / 10)
            return NULL;
        number = number * 10 + digit;
    }
    *ret = number;
    return text;
}

static const char *parse_total(const char *text, ContentRange *range) {
    if (*text == '*')
        return text + 1;
    range->total_known = true;
    return parse_number(text, &range->total_bytes);
}

int content_range_parse(const char *text, ContentRange *ret) {
    *ret = (ContentRange){0};
    if (strncasecmp(text, "bytes ", 6) != 0)
        return -EBADMSG;
    text += 6;
    if (*text == '*') {
        text = text[1] == '/' ? parse_number(text + 2, &ret->total_bytes) : NULL;
        ret->total_known = true;
        return text && *text == '\0' ? 0 : -EBADMSG;
    }

    ret->satisfied = true;
    text = parse_number(text, &ret->first_bytes);
    text = text && *text == '-' ? parse_number(text + 1, &ret->last_bytes) : NULL;
    text = text && *text == '/' ? parse_total(text + 1, ret) : NULL;
    if (!text || *text != '\0' || ret->last_bytes < ret->first_bytes)
        return -EBADMSG;
    return ret->total_known && ret->last_bytes >= ret->total_bytes ? -EBADMSG : 0;
}

int64_t http_date_seconds(const char *text) {
    return (int64_t)curl_getdate(text, NULL);
}

static unsigned clamp(int64_t seconds) {
    if (seconds < RETRY_AFTER_SECONDS_MIN)
        return RETRY_AFTER_SECONDS_MIN;
    return seconds > RETRY_AFTER_SECONDS_MAX ? RETRY_AFTER_SECONDS_MAX : (unsigned)seconds;
}

unsigned retry_after_seconds(
    const char *retry_after, const char *rate_limit_reset, const char *rate_limit_remaining, int64_t now_seconds) {
    uint64_t number;
    const char *end;

    if (retry_after) {
        end = parse_number(retry_after, &number);
        if (end && *end == '\0')
            return clamp((int64_t)number);
        int64_t date_seconds = isalpha((unsigned char)*retry_after) ? http_date_seconds(retry_after) : -1;
        if (date_seconds >= 0)
            return clamp(date_seconds - now_seconds);
    }
    if (!rate_limit_reset || !rate_limit_remaining || !streq(rate_limit_remaining, "0"))
        return 0;
    end = parse_number(rate_limit_reset, &number);
    return end && *end == '\0' ? clamp((int64_t)number - now_seconds) : 0;
}

bool etag_is_strong(const char *etag) {
    size_t length = etag ? strlen(etag) : 0;
    if (length < 2 || etag[0] != '"' || etag[length - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < length; i++)
        if (etag[i] <= ' ' || etag[i] >= 0x7f || etag[i] == '"')
            return false;
    return true;
}
