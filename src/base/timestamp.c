#include "base/timestamp.h"

#include "base/clock.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static const uint64_t LAST_USEC = UINT64_C(253402300799999999); /* 9999-12-31T23:59:59.999999Z */

static unsigned milliseconds(uint64_t usec) {
    return (unsigned)(usec % USEC_PER_SEC / USEC_PER_MSEC);
}

const char *timestamp_utc(char (*buffer)[TIMESTAMP_BYTES], uint64_t realtime_usec) {
    uint64_t usec = realtime_usec < LAST_USEC ? realtime_usec : LAST_USEC;
    time_t seconds = (time_t)(usec / USEC_PER_SEC);
    struct tm utc;
    char date[24] = "";

    if (gmtime_r(&seconds, &utc))
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(*buffer, sizeof *buffer, "%s.%03uZ", date, milliseconds(usec));
    return *buffer;
}

const char *timestamp_local(char (*buffer)[TIMESTAMP_BYTES], uint64_t realtime_usec) {
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    struct tm local;
    char date[24], zone[8];

    (*buffer)[0] = '\0';
    if (localtime_r(&seconds, &local) && strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local) > 0 &&
        strftime(zone, sizeof zone, "%z", &local) == 5)
        (void)snprintf(
            *buffer, sizeof *buffer, "%s.%03u%.3s:%.2s", date, milliseconds(realtime_usec), zone, zone + 3);
    return *buffer;
}

static bool fits(const char *text, const char *pattern) {
    for (; *pattern; text++, pattern++)
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
            return false;
    return *text == '\0';
}

static int number(const char *text, int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

int timestamp_parse(const char *text, uint64_t *ret_realtime_usec) {
    char again[TIMESTAMP_BYTES];

    if (!fits(text, "0000-00-00T00:00:00.000Z"))
        return -EBADMSG;
    struct tm utc = {
        .tm_year = number(text, 4) - 1900,
        .tm_mon = number(text + 5, 2) - 1,
        .tm_mday = number(text + 8, 2),
        .tm_hour = number(text + 11, 2),
        .tm_min = number(text + 14, 2),
        .tm_sec = number(text + 17, 2),
    };
    uint64_t usec = (uint64_t)timegm(&utc) * USEC_PER_SEC + (uint64_t)number(text + 20, 3) * USEC_PER_MSEC;
    /* timegm() takes February 30 for March 2; what is before 1970 became a number far behind the year 9999. */
    if (!streq(timestamp_utc(&again, usec), text))
        return -EBADMSG;
    *ret_realtime_usec = usec;
    return 0;
}
