/* A folder on another file system than the test's home, and rights like those of anybody. */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Root may write to a read-only folder, so that nothing would be tested. For the start of main(). */
static inline void become_anybody(void) {
    enum { NOBODY = 65534 };
    const char *given = getenv("TMPDIR");
    (void)umask(022);
    if (geteuid() != 0)
        return;
    if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
        abort();
    (void)prctl(PR_SET_DUMPABLE, 1); /* or the search for leaks, which traces this process, fails */
    if (given && access(given, W_OK | X_OK) < 0)
        (void)unsetenv("TMPDIR");
}

/* Ends the test program if no place can be found: every Linux has more than one file system that anybody may use.
 */
static inline void elsewhere_make(const char *home, char (*ret)[256]) {
    static const char *const PLACES[] = {"/dev/shm", "/tmp", "/var/tmp", "/run/lock"};
    struct stat here, there;
    if (stat(home, &here) < 0)
        abort();
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        (void)snprintf(*ret, sizeof *ret, "%s/visor-test-XXXXXX", PLACES[i]);
        if (stat(PLACES[i], &there) == 0 && there.st_dev != here.st_dev && mkdtemp(*ret))
            return;
    }
    (void)fputs("no second file system to test with\n", stderr);
    abort();
}

static inline int elsewhere_remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline void elsewhere_remove(const char *path) {
    (void)nftw(path, elsewhere_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
