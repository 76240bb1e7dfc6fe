/* visor-fetch: gets releases for visor; docs/fetching.md tells how it is called and what it says. */
#include "base/strings.h"
#include "fetch/commands.h"
#include "fetch/progress.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char USAGE[] =
    "Usage: visor-fetch fetch STAGING REQUEST\n"
    "       visor-fetch look REQUEST\n"
    "       visor-fetch discard FOLDER\n"
    "       visor-fetch warm FILE...\n";

/* Numbers 0 to 2 that the caller closed would be given to the next files opened, and the events written there. */
static bool reserve_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv) {
    (void)signal(SIGPIPE, SIG_IGN); /* a server or reader that is gone is an error of the call, not the end */
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as some parents leave it, the unpacker's end would go unseen */
    if (!reserve_standard_streams())
        return EVENT_EXIT_DISK;
    if (argc == 4 && streq(argv[1], "fetch"))
        return command_fetch(argv[2], argv[3]);
    if (argc == 3 && streq(argv[1], "look"))
        return command_look(argv[2]);
    if (argc == 3 && streq(argv[1], "discard"))
        return command_discard(argv[2]);
    if (argc >= 3 && streq(argv[1], "warm"))
        return command_warm((const char *const *)&argv[2]);
    (void)fputs(USAGE, stderr);
    return EVENT_EXIT_USAGE;
}
