#include "base/cleanup.h"
#include "base/strings.h"
#include "cli/check.h"
#include "home/release.h"

static void compare(Check *check) {
    if (!*check->version)
        return;
    switch (tag_compare(check->upgrade, check->version)) {
    case TAG_EQUAL:
        check_warning(
            check, CHECK_UPGRADE, check->upgrade, NULL, "%s is what runs already: visor takes it for no upgrade",
            check->upgrade);
        break;
    case TAG_OLDER:
        check_warning(
            check, CHECK_UPGRADE, check->upgrade, "see whether that is meant", "%s is older than %s, which runs",
            check->upgrade, check->version);
        break;
    case TAG_NEWER:
    case TAG_UNORDERED:
        break;
    }
}

static bool is_in_use(const Check *check, const char *folder) {
    _cleanup_free_ char *resolved = realpath(folder, NULL);
    _cleanup_free_ char *in_use = check->folder ? realpath(check->folder, NULL) : NULL;
    return resolved && in_use && streq(resolved, in_use);
}

/* @what is not there: the folder, or the binary in it. */
static void check_fetching(Check *check, const char *folder, const char *what) {
    if (!check->config->auto_install.enabled) {
        check_problem(
            check, CHECK_UPGRADE, folder, "put it there, let `visor prepare` fetch it, or switch autoInstall on",
            "the %s for %s is not there, and autoInstall is off", what, check->upgrade);
        return;
    }
    check->upgrade_fetched = true;
    if (check->config->auto_install.prefetch)
        check_ok(
            check, CHECK_UPGRADE, folder,
            "the %s for %s is not there yet: autoInstall fetches it once the network has accepted the upgrade",
            what, check->upgrade);
    else
        check_warning(
            check, CHECK_UPGRADE, folder, "set prefetch = true, or run `visor prepare`",
            "the %s for %s is not there, and is fetched only when the network waits for it already", what,
            check->upgrade);
}

static void check_upgrade_folder(Check *check, const char *folder) {
    ReleaseAbsence absence = release_absence(&check->home, folder);
    ReleaseCheck release = {
        .folder = folder,
        .wanted = check->upgrade,
        .lacks_binary = absence == RELEASE_BINARY,
    };

    if (absence == RELEASE_WHOLE) {
        check_fetching(check, folder, "folder");
        return;
    }
    check_release(check, &release);
    if (release.lacks_binary)
        check_fetching(check, folder, "binary");
    else if (release.complete)
        check_ok(check, CHECK_UPGRADE, folder, "%s is complete: nothing is left to do", check->upgrade);
    run_config_free(release.run_config);
}

void check_upgrade(Check *check) {
    if (!check->upgrade)
        return;
    compare(check);
    if (!check->config) /* which is a problem already, and without it the folder is not known */
        return;
    _cleanup_free_ char *folder = release_folder(&check->home, check->config, check->upgrade);
    if (!folder)
        check_problem(check, CHECK_UPGRADE, check->upgrade, NULL, "cannot be checked: out of memory");
    else if (is_in_use(check, folder) && !streq(check->upgrade, check->version))
        check_problem(
            check, CHECK_UPGRADE, folder, "give the release a folder of its own, see [upgradeFolders]",
            "the folder for %s is the one that is in use", check->upgrade);
    else
        check_upgrade_folder(check, folder);
}
