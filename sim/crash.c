#include "sim/crash.h"

#include "base/strings.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_CODE_CRASHED = 2 }; /* what a Go program leaves with after a panic */

int crash_signal_number(const char *name) {
    const char *abbreviation = string_after(name, "SIG");
    for (int number = 1; abbreviation && number < NSIG; number++) {
        const char *known = sigabbrev_np(number);
        if (known && streq(known, abbreviation))
            return number;
    }
    return 0;
}

bool crash_is_due(const Scenario *scenario, const Starts *starts) {
    int64_t count = scenario_is_of_version(scenario, "crash_times") ? starts->of_version : starts->total;
    return count <= scenario_integer(scenario, "crash_times", INT64_MAX);
}

static void die_by(int number) {
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t only;

    (void)prctl(PR_SET_DUMPABLE, 0); /* no core file for a death on purpose */
    /* A sanitizer catches SIGSEGV, and the node's own mask holds back SIGTERM. */
    (void)sigaction(number, &by_default, NULL);
    (void)sigemptyset(&only);
    (void)sigaddset(&only, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &only, NULL);
}

void crash_now(const Scenario *scenario, const EventLog *log) {
    const char *signal_name = scenario_string(scenario, "crash_signal", NULL);
    int code = (int)scenario_integer(scenario, "crash_exit", EXIT_CODE_CRASHED);

    event_log_write(
        log, "crash", signal_name ? json_pack("{s:s}", "signal", signal_name) : json_pack("{s:i}", "code", code));
    if (signal_name)
        die_by(crash_signal_number(signal_name));
    _exit(code); /* also after a signal that does not kill, SIGCHLD say */
}
