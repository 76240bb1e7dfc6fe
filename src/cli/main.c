#include "cli/error.h"
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/*
 * Takes the numbers 0 to 2 if the caller closed them: otherwise the next file opened gets one of them, and the log
 * would be written into a lock file. Opened the wrong way round, so that using them is an error as it was before.
 */
static int reserve_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return negative_errno();
    }
    return 0;
}

/* What stdio still holds goes out here, where a full disk can still be reported. */
static ExitCode finish_output(ExitCode code) {
    int earlier_error = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !earlier_error)
        return code;
    /* A finding that nobody could read is no finding. */
    if (code != EXIT_CODE_OK && code != EXIT_CODE_WARNINGS && code != EXIT_CODE_PROBLEMS)
        return code;
    return error_report(
        EXIT_CODE_IO, errno > 0 ? "cannot write to standard output: %m" : "cannot write to standard output");
}

int main(int argc, char **argv) {
    Options options;
    Failure failure;

    (void)signal(
        SIGCHLD, SIG_DFL); /* ignored, as some parents leave it, the kernel would reap our children unseen */
    (void)signal(SIGPIPE, SIG_IGN); /* a reader of the log that is gone is no reason to leave the node alone */
    if (reserve_standard_streams() < 0)
        return EXIT_CODE_SYSTEM;
    if (options_parse(argc, argv, &options, &failure) < 0)
        return (int)error_report(EXIT_CODE_USAGE, "%s", failure.message);
    return (int)finish_output(COMMAND_TABLE[options.command].run(&options));
}
