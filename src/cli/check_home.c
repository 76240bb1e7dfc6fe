#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "home/current.h"
#include "home/state_copy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void check_rights(Check *check) {
    const char *path = check->home.path;
    struct stat status;

    if (fstat(check->home.fd, &status) < 0) {
        check_problem(check, CHECK_HOME, path, NULL, "cannot be examined: %m");
        return;
    }
    bool own = geteuid() == 0 || geteuid() == status.st_uid;
    if (!own)
        check_warning(
            check, CHECK_HOME, path, "run the check as the user that runs visor",
            "belongs to user %u, this is user %u: what follows is how it looks to this user",
            (unsigned)status.st_uid, (unsigned)geteuid());
    if (faccessat(check->home.fd, ".", W_OK | X_OK, AT_EACCESS) == 0)
        check_ok(check, CHECK_HOME, path, "may be written");
    else if (own)
        check_problem(
            check, CHECK_HOME, path, "let the user that runs visor write there (chmod, chown, mount options)",
            "cannot be written (%m): `current` could not be switched");
}

/* Visor's own folder, which it makes itself: without it nothing is locked, so nothing is started. */
static void check_private(Check *check) {
    _cleanup_free_ char *path = home_path(&check->home, HOME_PRIVATE_FOLDER);
    struct stat home, status;

    if (!path || fstat(check->home.fd, &home) < 0 ||
        fstatat(check->home.fd, HOME_PRIVATE_FOLDER, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (!S_ISDIR(status.st_mode))
        check_problem(
            check, CHECK_HOME, path, "move it away: visor makes a folder there",
            "is no folder, so visor cannot start");
    else if (
        (geteuid() == 0 || geteuid() == home.st_uid) &&
        faccessat(check->home.fd, HOME_PRIVATE_FOLDER, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        check_problem(
            check, CHECK_HOME, path, "give it and what is in it to the user that runs visor (chown -R, chmod 0700)",
            "cannot be used (%m), so visor cannot start");
}

/* What `visor run` takes if there is no `current`: what ran last, or genesis. */
static void check_missing_current(Check *check, int found) {
    const char *path = check->home.path;
    const State *state = &check->state;

    bool decided = state->release.stage == STAGE_DECIDED && state->previous; /* and did not run yet */

    if (state->folder) {
        check_warning(
            check, CHECK_CURRENT, path, "visor points it at the release that ran last",
            found == 2 ? "`current` points to nothing" : "there is no `current`");
        check->folder = strdup(decided ? state->previous : state->folder);
    } else {
        check_ok(check, CHECK_CURRENT, path, "there is no `current` yet: it begins with genesis");
        check->folder = home_path(&check->home, HOME_GENESIS_FOLDER);
    }
}

static void check_current(Check *check, bool state_damaged) {
    Failure failure = {0};
    int found = current_read(&check->home, &check->folder, &failure);

    if (found == 0)
        check_ok(check, CHECK_CURRENT, check->home.path, "`current` names %s", check->folder);
    else if (found < 0 || (found == 2 && !check->state.folder))
        check_problem(check, CHECK_CURRENT, check->home.path, NULL, "%s", failure.message);
    else if (state_damaged)
        check_problem(
            check, CHECK_CURRENT, check->home.path, "link `current` to the folder of the release that ran last",
            "`current` is missing, and the record of what ran last cannot be used");
    else
        check_missing_current(check, found);
}

void check_home(Check *check) {
    Failure failure = {0};

    check_rights(check);
    check_private(check);
    int r = state_load(&check->home, &check->state, &failure);
    if (r == -EPROTO)
        check_problem(check, CHECK_HOME, check->home.path, NULL, "%s", failure.message);
    else if (r != 0)
        check_warning(
            check, CHECK_HOME, check->home.path,
            r > 0 ? "visor sets it aside, unless nothing else tells what ran last"
                  : "let the user that runs visor read it",
            "%s", failure.message);
    bool is_lost = r != -EPROTO && !check->state.folder;
    if (is_lost && state_copy_load(&check->home, r == 0, &check->state, &failure) == 0)
        check_ok(
            check, CHECK_HOME, check->home.path, "what was recorded is made anew from the lock of the core: %s, %s",
            check->state.folder, RELEASE_STAGE_NAME[check->state.release.stage]);
    check_current(check, r != 0 && !check->state.folder);
}
