#include "base/clock.h"
#include "cli/check.h"

#include <inttypes.h>
#include <sys/timex.h>

/* Certificates, tokens and logs bear that; a network of validators does not. */
#define DIFFERENCE_MAX_SECONDS INT64_C(60)

static const char CURE[] = "run a time service, such as chrony or systemd-timesyncd";

static void compare(Check *check) {
    int64_t difference = (int64_t)(check->server_usec / USEC_PER_SEC) - (int64_t)check->server_time_seconds;
    int64_t seconds = difference < 0 ? -difference : difference;

    if (seconds > DIFFERENCE_MAX_SECONDS)
        check_warning(
            check, CHECK_CLOCK, "", CURE, "the clock is %" PRId64 " s %s that of the server of the releases",
            seconds, difference < 0 ? "behind" : "ahead of");
    else
        check_ok(check, CHECK_CLOCK, "", "the clock agrees with that of the server of the releases");
}

void check_clock(Check *check) {
    struct timex status = {.modes = 0}; /* only asks */
    int r = adjtimex(&status);

    if (r < 0)
        check_warning(check, CHECK_CLOCK, "", NULL, "it cannot be told whether the clock is synchronised: %m");
    else if (r == TIME_ERROR || (status.status & STA_UNSYNC))
        check_warning(check, CHECK_CLOCK, "", CURE, "the clock is not synchronised");
    else
        check_ok(check, CHECK_CLOCK, "", "the clock is synchronised");
    if (check->server_time_seconds > 0)
        compare(check);
}
